using Orrery.Catalogue.Following;
using Orrery.Contracts;

namespace Orrery.Catalogue.Api;

/// <summary>The models of the caller's namespace as gateways see them.</summary>
internal static class ModelsApi
{
    public static void MapModelsApi(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/models").RequireAdministrator().WithTags("Models");
        group.MapGet("", List).WithSummary("The models, by category (model type), engine and text");

        // An id may hold slashes (Qwen/Qwen3-8B), so it is all the rest of the path.
        group.MapGet("/{**id}", Get).WithSummary("One model, by its id or an alias");
    }

    private static IResult List(HttpContext http, LiveState live, string? category, string? engine, string? q)
    {
        var @namespace = http.Caller().Namespace;
        var limit = http.Request.Limit();
        RequireOneOf("category", category, ModelTypes.All);
        RequireOneOf("engine", engine, Engines.All);
        var found = Entries(live, @namespace)
            .Where(model => category is null || model.ModelType == category)
            .Where(model => engine is null || model.Providers.Any(offer => offer.Engine == engine))
            .Where(model => q is null || model.Aliases.Append(model.Id).Any(name => name.Contains(q, StringComparison.OrdinalIgnoreCase)))
            .ToList();
        return TypedResults.Ok(new ModelList([.. found.Take(limit)], found.Count));
    }

    private static IResult Get(string id, HttpContext http, LiveState live)
    {
        const string Dockerfile = "/dockerfile";
        var wanted = id.EndsWith(Dockerfile, StringComparison.Ordinal) ? id[..^Dockerfile.Length] : id;
        var found = Entries(live, http.Caller().Namespace).FirstOrDefault(model => model.Id == wanted || model.Aliases.Contains(wanted));
        return found is null
            ? Problems.Of(Refusal.NotFound($"There is no model '{wanted}' in namespace '{http.Caller().Namespace}'; GET /models lists those that there are."))
            : wanted != id
                ? Problems.Of(Refusal.NotFound($"Model '{wanted}' has no Dockerfile: it is served by providers, not built here."))
                : TypedResults.Ok(found);
    }

    private static IEnumerable<ModelEntry> Entries(LiveState live, string @namespace)
    {
        var state = live.State;
        var providers = state.Providers(@namespace).ToDictionary(provider => provider.Name);
        return state.Models(@namespace).Select(model =>
        {
            var offers = model.Offers.Select(offer => (Offer: offer, Provider: providers[offer.Provider]))
                .Select(pair => new ModelOffer(pair.Provider.Name, pair.Provider.Provider, pair.Provider.Engine, pair.Offer.UpstreamId, pair.Provider.Simulated))
                .ToList();
            return new ModelEntry(model.Id, model.ModelType, model.Aliases, model.ContextWindow, offers, offers.Count > 0 && offers.TrueForAll(offer => offer.Simulated));
        });
    }

    private static void RequireOneOf(string name, string? value, IReadOnlyList<string> allowed)
    {
        if (value is not null && !allowed.Contains(value))
        {
            throw Queries.Wrong(name, value, "one of " + string.Join(", ", allowed));
        }
    }
}
