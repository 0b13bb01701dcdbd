namespace Orrery.Tests.Catalogue.Pasted;

public sealed class TagRouteTests
{
    [Fact]
    public void Routes_keep_their_order_and_have_names_that_stay_the_same()
    {
        const string Text = "routes: [{match: {tag: regulated}, target: m1, fallback: []}, {match: {tag: general}, target: m1, fallback: [commercial]}]";
        var reading = PastedReading.Of(Text).WithoutErrors();
        Assert.Equal(["route-tag-regulated", "route-tag-general"], reading.Resources.Select(resource => resource.Metadata.Name));
        var (regulated, general) = (reading.Route("route-tag-regulated"), reading.Route("route-tag-general"));
        Assert.Equal((10, "regulated", "m1"), (regulated.Order, regulated.Match!.Tag, regulated.Target));
        Assert.Empty(regulated.Fallback!);
        Assert.Equal(20, general.Order);
        Assert.Equal(["commercial"], general.Fallback!);

        var edited = PastedReading.Of("routes:\n- {target: m2, match: {models: [a/B, c], inputTokens: {atMost: 9}}}\n- {match: {tag: regulated}, target: m9}\n- target: m1\n- {name: My Own, target: m1, match: {tag: x}}\n").WithoutErrors();
        Assert.Equal(["route-inputtokens-atmost-9-models-a-b-c", "route-tag-regulated", "route-all", "my-own"], edited.Resources.Select(resource => resource.Metadata.Name));
        Assert.Equal(9, edited.Route("route-inputtokens-atmost-9-models-a-b-c").Match!.InputTokens!.AtMost);
    }

    [Theory]
    [InlineData("routes: [{match: {tag: a}, target: m}, {match: {tag: a}, target: n}]", "routes[1].match", "a match, or a name, that no earlier route has; routes[0] has it and decides before this one")]
    [InlineData("routes: [{match: {tga: a}, target: m}]", "routes[0].match.tga", "a known field of routes[0].match: expression, headers, inputTokens, keys, modalities, models, tag, tags, teams")]
    [InlineData("routes: [{match: {tag: a}}]", "routes[0].target", "something that the route decides: target, targets, selection, allowedProviders or allowedModels")]
    [InlineData("routes: [{match: {input_tokens: {at_least: 9, at_most: 3}}, target: m}]", "routes[0].match.input_tokens", "atLeast and atMost of 0 or more, in that order")]
    [InlineData("routes: [regulated]", "routes[0]", "a route: a mapping with match, target and fallback")]
    [InlineData("routes: []", "", "at least one provider or route")]
    public void Errors_name_the_place_in_the_pasted_document(string text, string path, string expectation)
    {
        var error = Assert.Single(PastedReading.Of(text).Errors);
        Assert.Equal((path, expectation), (error.Path, error.Expectation));
    }
}
