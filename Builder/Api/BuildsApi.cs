using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Orrery.Builder.Builds;
using Orrery.Builder.Storage;
using Orrery.Builder.SupplyChain;
using Orrery.Builder.SupplyChain.Signing;
using Orrery.ServiceDefaults;

namespace Orrery.Builder.Api;

/// <summary>Builds of images: what is asked for, how far they are, and what was said. For the Catalogue, which passes on what its callers may ask.</summary>
internal static class BuildsApi
{
    private const int MostLines = 1_000;
    private const int MostBuilds = 1_000;

    public static void MapBuildsApi(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/internal/namespaces/{namespace}/builds").RequireInternalCaller().WithTags("Builds");
        group.MapGet("", List).WithSummary("A namespace's builds, the newest first");
        group.MapPost("", Ask).WithSummary("Has an image built, unless it is there");
        group.MapGet("/public-key", PublicKey).WithSummary("What images are signed with");
        group.MapGet("/{id:guid}", Find).WithSummary("A build");
        group.MapGet("/{id:guid}/log", ReadLog).WithSummary("What its tool wrote; ?follow=true goes on");
        group.MapPost("/{id:guid}/cancel", Cancel).WithSummary("Ends a build that is under way");
        group.MapPost("/{id:guid}/retry", Retry).WithSummary("Builds the same again");
    }

    private static async Task<IResult> List(
        string @namespace, BuildStore store, string? state = null, string? model = null, Guid? after = null, int limit = 100, CancellationToken cancellationToken = default)
    {
        if (state is not null && !BuildStates.All.Contains(state))
        {
            return Refused($"state is '{state}'; expected one of {string.Join(", ", BuildStates.All)}.");
        }

        if (limit is < 1 or > MostBuilds)
        {
            return Refused($"limit is '{limit}'; expected a whole number from 1 to {MostBuilds}.");
        }

        var builds = await store.ListAsync(@namespace, state, model, after, limit, cancellationToken);
        return TypedResults.Ok(new BuildList([.. builds.Select(BuildAnswer.Of)], builds.Count == limit ? builds[^1].Id : null));
    }

    private static async Task<IResult> Ask(string @namespace, BuildQuestion question, HttpContext http, DeploymentImages images, CancellationToken cancellationToken)
    {
        if (!images.CanBuild)
        {
            return TypedResults.Problem($"This Builder builds no images: it runs in a cluster, and {BuildOptions.Section}:Registry does not say where they would go.", statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        try
        {
            var (build, isNew) = await images.AskAsync(@namespace, question.Recipe, http.CallerName(), cancellationToken);
            return isNew ? TypedResults.Accepted((string?)null, BuildAnswer.Of(build)) : TypedResults.Ok(BuildAnswer.Of(build));
        }
        catch (BuildException error)
        {
            return Refused(error.Message);
        }
    }

    private static IResult PublicKey(ImageEvidence evidence) => evidence.PublicKey is { } key
        ? TypedResults.Text(key, "application/x-pem-file")
        : TypedResults.Problem($"This Builder signs nothing: neither {SigningOptions.Section}:KeyFile nor {SigningOptions.Section}:Key is set.", statusCode: StatusCodes.Status404NotFound);

    private static async Task<IResult> Find(string @namespace, Guid id, BuildStore store, CancellationToken cancellationToken) =>
        await OwnAsync(store, @namespace, id, cancellationToken) is { } build ? TypedResults.Ok(BuildAnswer.Of(build)) : Missing(@namespace, id);

    private static async Task<IResult> ReadLog(
        string @namespace, Guid id, HttpContext http, BuildStore store, DeploymentStore events, IHostApplicationLifetime lifetime, long after = 0, bool follow = false, CancellationToken cancellationToken = default)
    {
        if (await OwnAsync(store, @namespace, id, cancellationToken) is null)
        {
            return Missing(@namespace, id);
        }

        if (http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last && long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var seen))
        {
            after = seen;
        }

        if (follow)
        {
            return TypedResults.ServerSentEvents(FollowAsync(store, events, id, after, lifetime.ApplicationStopping, cancellationToken));
        }

        http.Response.ContentType = "text/plain; charset=utf-8";
        while (await store.LinesAsync(id, after, MostLines, cancellationToken) is { Count: > 0 } lines)
        {
            foreach (var line in lines)
            {
                await http.Response.WriteAsync($"{line.At.ToString("O", CultureInfo.InvariantCulture)} {line.Text}\n", cancellationToken);
            }

            after = lines[^1].Number;
        }

        return TypedResults.Empty;
    }

    /// <summary>Each line as an event with its number, and at the end one of type <c>end</c> with the state.</summary>
    private static async IAsyncEnumerable<SseItem<string>> FollowAsync(
        BuildStore store, DeploymentStore events, Guid id, long after, CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellationToken);
        await foreach (var told in events.ListenAsync(BuildStore.Channel, ending.Token))
        {
            if (told.Length > 0 && told != id.ToString())
            {
                continue;
            }

            // The state first: its lines are stored before it is over.
            var build = await store.FindAsync(id, ending.Token);
            while (await store.LinesAsync(id, after, MostLines, ending.Token) is { Count: > 0 } lines)
            {
                foreach (var line in lines)
                {
                    after = line.Number;
                    yield return new SseItem<string>(line.Text, "line") { EventId = line.Number.ToString(CultureInfo.InvariantCulture) };
                }
            }

            if (build is not { IsUnderWay: true })
            {
                yield return new SseItem<string>(build?.State ?? "gone", "end");
                yield break;
            }
        }
    }

    private static async Task<IResult> Cancel(string @namespace, Guid id, HttpContext http, BuildStore store, CancellationToken cancellationToken)
    {
        if (await OwnAsync(store, @namespace, id, cancellationToken) is not { } build)
        {
            return Missing(@namespace, id);
        }

        return await store.CancelAsync(id, http.CallerName(), cancellationToken)
            ? TypedResults.Accepted((string?)null, BuildAnswer.Of((await store.FindAsync(id, cancellationToken))!))
            : TypedResults.Problem($"The build is {build.State}: there is nothing to cancel.", statusCode: StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> Retry(string @namespace, Guid id, HttpContext http, BuildStore store, CancellationToken cancellationToken)
    {
        if (await OwnAsync(store, @namespace, id, cancellationToken) is not { } build)
        {
            return Missing(@namespace, id);
        }

        return build.State is BuildStates.Failed or BuildStates.Cancelled
            ? TypedResults.Accepted((string?)null, BuildAnswer.Of(await store.QueueAsync(new WantedImage(@namespace, build.Key, build.Repository, build.Recipe), http.CallerName(), build.Wishes, why: null, cancellationToken)))
            : TypedResults.Problem($"The build is {build.State}: only one that failed or was cancelled is tried again.", statusCode: StatusCodes.Status409Conflict);
    }

    private static async Task<BuildRecord?> OwnAsync(BuildStore store, string @namespace, Guid id, CancellationToken cancellationToken) =>
        await store.FindAsync(id, cancellationToken) is { } build && build.Namespace == @namespace ? build : null;

    private static IResult Refused(string message) => TypedResults.Problem(message, statusCode: StatusCodes.Status400BadRequest);

    private static IResult Missing(string @namespace, Guid id) => TypedResults.Problem($"There is no build '{id}' in namespace '{@namespace}'. GET /builds lists those that there are.", statusCode: StatusCodes.Status404NotFound);
}
