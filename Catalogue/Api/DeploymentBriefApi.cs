using Orrery.Catalogue.Deployments;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Following;
using Orrery.Contracts;
using Orrery.ServiceDefaults;

namespace Orrery.Catalogue.Api;

/// <summary>What the Builder asks before it deploys: what follows from the model, and whether it may be.</summary>
internal static class DeploymentBriefApi
{
    public static void MapDeploymentBriefApi(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/internal/deployments/brief", Answer).RequireInternalCaller().WithTags("Internal").WithSummary("A deployment's model: how it is started, where it fits, whether it may");
        routes.MapPost("/internal/deployments/image", Image).RequireInternalCaller().WithTags("Internal").WithSummary("A deployment's image: its digest now, asked with the namespace's credentials");
        routes.MapGet("/internal/namespaces/{namespace}/pull-secret", PullSecret).RequireInternalCaller().WithTags("Internal").WithSummary("What a namespace fetches and pushes images with, sealed");
    }

    private static async Task<IResult> Answer(
        HttpContext http, DeploymentQuestion question, LiveState live, Shelf shelf, DeploymentPins pins, ImageRecipes recipes, ChangeFollower follower, CancellationToken cancellationToken)
    {
        if (!live.IsLoaded)
        {
            return Problems.Starting(http);
        }

        await follower.RefreshAsync(cancellationToken);
        return TypedResults.Ok(await new DeploymentBriefing(live.State, shelf, pins, recipes, question, $"service {http.InternalCaller()}").AnswerAsync(cancellationToken));
    }

    private static async Task<IResult> Image(HttpContext http, ImageQuestion question, LiveState live, ImageDigests images, ChangeFollower follower, CancellationToken cancellationToken)
    {
        if (!live.IsLoaded)
        {
            return Problems.Starting(http);
        }

        await follower.RefreshAsync(cancellationToken);
        return TypedResults.Ok(await images.FindAsync(question, cancellationToken));
    }

    private static async Task<IResult> PullSecret(HttpContext http, string @namespace, LiveState live, ChangeFollower follower, CancellationToken cancellationToken)
    {
        if (!live.IsLoaded)
        {
            return Problems.Starting(http);
        }

        await follower.RefreshAsync(cancellationToken);
        return DeploymentBriefing.PullSecret(live.State, @namespace) is { } secret ? TypedResults.Ok(secret) : TypedResults.NoContent();
    }
}
