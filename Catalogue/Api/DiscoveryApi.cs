using Orrery.Catalogue.Resources;
using Orrery.Contracts;

namespace Orrery.Catalogue.Api;

/// <summary>Which kinds there are and what their documents look like.</summary>
internal static class DiscoveryApi
{
    public static void MapDiscoveryApi(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup(ResourcesApi.Root).RequireAdministrator().WithTags("Discovery");
        group.MapRead("", Kinds).Takes().WithSummary("The kinds with their plurals");
        group.MapRead("/schemas/{kind}", Schema).Takes().WithSummary("A kind's JSON Schema");
    }

    private static IResult Kinds() => TypedResults.Ok(new KindList(
        Resource.CurrentApiVersion,
        [.. ResourceKind.All.Select(kind => new KindEntry(kind.Name, kind.Plural, $"{ResourcesApi.Root}/schemas/{kind.Name}"))]));

    private static IResult Schema(string kind)
    {
        var definition = ResourceKinds.ByName(kind) ?? ResourceKinds.ByPlural(kind);
        return definition is null
            ? Problems.Of(Refusal.NotFound($"There is no kind '{kind}'; known are {string.Join(", ", ResourceKind.All.Select(known => known.Name))}."))
            : TypedResults.Text(KindSchemas.Of(definition).ToJsonString(), "application/schema+json");
    }
}
