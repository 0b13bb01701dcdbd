using System.Net;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

/// <summary>Routes as operators declare them: checked on their own and against what they lead to.</summary>
public sealed class RoutesTests(PostgresServer postgres) : IAsyncLifetime
{
    private CatalogueReplica _catalogue = null!;

    public async ValueTask InitializeAsync() => _catalogue = await CatalogueReplica.StartAsync(await postgres.CreateDatabaseAsync());

    public ValueTask DisposeAsync() => _catalogue.DisposeAsync();

    [Fact]
    public async Task A_route_needs_what_it_leads_to_and_keeps_it_alive()
    {
        const string Route = "{kind: Route, metadata: {name: regulated}, spec: {match: {tag: regulated}, target: p1/m1, fallback: [p1]}}";
        var missing = (await _catalogue.Apply(Route)).Expect(HttpStatusCode.BadRequest).Errors;
        Assert.Equal(["spec.target", "spec.fallback[0]"], missing.Select(error => (string?)error!["path"]));
        Assert.Equal("a model's id or alias, or provider/model of namespace 'default'", (string?)missing[0]!["expectation"]);

        (await _catalogue.Apply(Documents.Many(Documents.Provider("p1", "m1"), Route))).ExpectOk();
        var conflict = (await _catalogue.Delete($"{Root}/modelproviders/p1")).Expect(HttpStatusCode.Conflict);
        Assert.Contains("'p1/m1' is used by Route 'regulated' (spec.target): delete or change that first.", (string?)conflict.Json["detail"], StringComparison.Ordinal);
        (await _catalogue.Delete($"{Root}/routes/regulated")).ExpectOk();
        (await _catalogue.Delete($"{Root}/modelproviders/p1")).ExpectOk();
    }

    [Fact]
    public async Task A_model_that_its_provider_denies_is_no_target()
    {
        const string Denying = "{kind: ModelProvider, metadata: {name: p1}, spec: {provider: vllm, endpoint: 'http://e1.internal:8000/v1', models: [{id: m1}, {id: m2}], deniedModels: [m2]}}";
        var refused = (await _catalogue.Apply(Documents.Many(Denying, "{kind: Route, metadata: {name: r}, spec: {target: m2, fallback: [m1, p1/m2]}}"))).Expect(HttpStatusCode.BadRequest).Errors;
        Assert.Equal(["spec.target", "spec.fallback[1]"], refused.Select(error => (string?)error!["path"]));
        (await _catalogue.Apply(Documents.Many(Denying, "{kind: Route, metadata: {name: r}, spec: {target: m1}}"))).ExpectOk();
    }

    [Fact]
    public async Task Both_spellings_and_every_field_are_read()
    {
        (await _catalogue.Apply(Documents.Many(
            Documents.Provider("p1", "m1"), Documents.Provider("p2", "m2"),
            "{kind: Route, metadata: {name: full}, spec: {order: 5, match: {models: [smart, m1], tags: [a], headers: {x-team: '*'}, keys: [k], input_tokens: {at_least: 10, at_most: 20}, modalities: [image]}, targets: [{model: m1, weight: 9}, {model: 'p2:m2'}], fallback: [], strategy: latency-optimized}}")))
            .ExpectOk();
        var spec = (await _catalogue.Get($"{Root}/routes/full")).ExpectOk().Json["spec"]!;
        Assert.Equal(10, (int?)spec["match"]!["inputTokens"]!["atLeast"]);
        Assert.Equal(1, (int?)spec["targets"]![1]!["weight"]);
        Assert.Empty(spec["fallback"]!.AsArray());
    }

    [Theory]
    [InlineData("{}", "spec.target", "either target or targets, and not both")]
    [InlineData("{target: m1, targets: [{model: m1}]}", "spec.target", "either target or targets, and not both")]
    [InlineData("{targets: [{model: m1, weight: 0}]}", "spec.targets", "at least one target with a weight above 0")]
    [InlineData("{target: m1, strategy: cheapest}", "spec.strategy", "one of priority, weighted, cost, latency, round-robin, cost-optimized, latency-optimized")]
    [InlineData("{target: m1, match: {modalities: [smell]}}", "spec.match.modalities[0]", "one of text, image, audio, video, file")]
    [InlineData("{target: m1, match: {headers: {Authorization: x}}}", "spec.match.headers", "a header without credentials")]
    [InlineData("{target: m1, match: {inputTokens: {atLeast: 9, atMost: 3}}}", "spec.match.inputTokens", "atLeast and atMost of 0 or more, in that order")]
    [InlineData("{target: m1, match: {tags: []}}", "spec.match.tags", "at least one, and none empty; leave it out to match every request")]
    [InlineData("{target: m1, match: {models: []}}", "spec.match.models", "at least one, and none empty; leave it out to match every request")]
    [InlineData("{target: m1, match: {keys: ['']}}", "spec.match.keys", "at least one, and none empty; leave it out to match every request")]
    [InlineData("{target: m1, match: {headers: {}}}", "spec.match.headers", "at least one, and none empty; leave it out to match every request")]
    [InlineData("{target: m1, match: {tag: ' '}}", "spec.match.tag", "at least one, and none empty; leave it out to match every request")]
    public async Task What_cannot_be_meant_is_refused_by_name(string spec, string path, string expectation)
    {
        var faults = (await _catalogue.Apply($"{{kind: Route, metadata: {{name: r}}, spec: {spec}}}")).Expect(HttpStatusCode.BadRequest).Errors;
        Assert.Contains(faults, fault => (string?)fault!["path"] == path && (string?)fault["expectation"] == expectation);
    }
}
