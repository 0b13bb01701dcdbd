using System.Text.Json;
using Orrery.Catalogue.Deployments;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Following;
using Orrery.Catalogue.Licences;
using Orrery.Catalogue.Search;
using Orrery.Catalogue.Servers;
using Orrery.Contracts;

namespace Orrery.Catalogue.Api;

/// <summary>Images that the Builder builds of models.</summary>
internal static class BuildsApi
{
    private const int MostBuilds = 1_000;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public static void MapBuildsApi(this IEndpointRouteBuilder routes)
    {
        foreach (var scope in new[] { "/builds", "/namespaces/{namespace}/builds" })
        {
            var group = routes.MapGroup(scope).RequireAdministrator().WithTags("Builds");
            group.MapRead("", List).Takes("state", "model", "limit", "after").WithSummary("The namespace's builds of images, the newest first");
            group.MapPost("", Ask).Takes("model", "server").Publishes().WithSummary("Has a model's image built, unless it is there");
            group.MapRead("/public-key", PassOnAlone).Takes().WithSummary("The key that images built here are signed with, in PEM");
            group.MapRead("/{id:guid}", PassOnAlone).Takes().WithSummary("A build: how far it is, and the image's digest");
            group.MapRead("/{id:guid}/log", Log).Takes("after", "follow").WithSummary("What was said while it was built; ?follow=true goes on, as server-sent events");
            group.MapPost("/{id:guid}/cancel", PassOnAlone).Takes().Publishes().WithSummary("Ends a build that is under way");
            group.MapPost("/{id:guid}/retry", PassOnAlone).Takes().Publishes().WithSummary("Builds again what failed or was cancelled");
        }
    }

    private static Task<IResult> List(HttpContext http, IHttpClientFactory clients, IConfiguration configuration, CancellationToken cancellationToken)
    {
        http.Request.Limit(most: MostBuilds);
        return PassOnAlone(http, clients, configuration, cancellationToken);
    }

    private static Task<IResult> Log(HttpContext http, IHttpClientFactory clients, IConfiguration configuration, CancellationToken cancellationToken)
    {
        http.Request.Number("after", 0, 0, long.MaxValue);
        http.Request.Flag("follow");
        return PassOnAlone(http, clients, configuration, cancellationToken);
    }

    /// <summary>What the image is made of is made out here; the Builder knows whether it has it.</summary>
    private static async Task<IResult> Ask(
        HttpContext http, IHttpClientFactory clients, IConfiguration configuration, LiveState live, Shelf shelf, ImageRecipes recipes, ChangeFollower follower, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!live.IsLoaded)
        {
            return Problems.Starting(http);
        }

        await follower.RefreshAsync(cancellationToken);
        var caller = http.Caller();
        var @namespace = http.Request.RouteValues["namespace"] as string ?? caller.Namespace;
        if (!caller.MayReach(@namespace))
        {
            return BuilderProxy.Closed(caller);
        }

        var (model, table) = Find(http.Request, shelf.Of(@namespace));
        if (LicenceGate.Of(live.State, @namespace).Decide(model).Faults.ToList() is { Count: > 0 } faults)
        {
            return Problems.Of(new Refusal(StatusCodes.Status409Conflict, DeploymentReasons.LicenceRefused, $"No image of {model.Id} is built: {string.Join(" ", faults)}"));
        }

        var question = new DeploymentQuestion(@namespace, new ModelDeploymentSpec(), $"build/{http.TraceIdentifier}");
        var (recipe, pending) = await recipes.FindAsync(model, table, question, caller.Name, cancellationToken);
        while (pending is not null)
        {
            await Task.Delay(Pause, time, cancellationToken);
            (recipe, pending) = await recipes.FindAsync(model, table, question, caller.Name, cancellationToken);
        }

        return await BuilderProxy.PassOn(http, clients, configuration, JsonSerializer.SerializeToUtf8Bytes(new RecipeQuestion(recipe), CatalogueJson.Default.RecipeQuestion), cancellationToken, keepsQuery: false);
    }

    private static (ModelSpec Model, ServerTable Table) Find(HttpRequest request, EntryIndex index)
    {
        var id = request.Query["model"].ToString();
        if (id.Length == 0)
        {
            throw new BadHttpRequestException("model is missing; expected the id of a model of the catalogue or of this namespace: POST /builds?model=qwen3-8b.");
        }

        if (index.Find(id) is not { Spec: { IsEntry: true } model })
        {
            throw new BadHttpRequestException($"model is '{id}'; expected the id of a model that says how it is served. {Spelling.Remedy(id, index.All.Select(known => known.Id)) ?? "GET /models lists those that there are."}");
        }

        var server = request.Query["server"] is [{ Length: > 0 } named] ? named : model.Engine!;
        List<string> allowed = [model.Engine!, .. model.Servers ?? []];
        return allowed.Contains(server) && ServerTables.Current(server) is { } table
            ? (model, table)
            : throw new BadHttpRequestException($"server is '{server}'; expected a server that serves {model.Id}: {string.Join(", ", allowed)}.");
    }

    private static Task<IResult> PassOnAlone(HttpContext http, IHttpClientFactory clients, IConfiguration configuration, CancellationToken cancellationToken) =>
        BuilderProxy.PassOn(http, clients, configuration, body: null, cancellationToken);
}

/// <summary>What the Builder is asked to build.</summary>
internal sealed record RecipeQuestion(ImageRecipe Recipe);
