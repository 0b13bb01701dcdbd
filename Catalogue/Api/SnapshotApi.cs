using System.Text.Json;
using Microsoft.Extensions.Options;
using Orrery.Catalogue.Following;
using Orrery.Contracts;
using Orrery.ServiceDefaults;

namespace Orrery.Catalogue.Api;

/// <summary>What gateways live from: the snapshot once, then each change as it is committed, and a heartbeat in between.</summary>
internal static class SnapshotApi
{
    public static void MapSnapshotApi(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/internal/snapshot", Stream).RequireInternalCaller().WithTags("Internal").WithSummary("The snapshot as server-sent events");

    private static async Task<IResult> Stream(
        HttpContext http, LiveState live, ChangeFollower follower, CatalogueAtStart start, IOptions<CatalogueOptions> options, TimeProvider time,
        IHostApplicationLifetime lifetime, CancellationToken cancellationToken)
    {
        var since = http.Request.Number("since", 0, 0, long.MaxValue);
        if (!start.IsDone)
        {
            return Problems.Starting(http);
        }

        if (since > live.State.Revision)
        {
            // Another replica has told more than this one knows yet. Going back would revive what was revoked in between.
            await follower.RefreshAsync(cancellationToken);
            if (follower.Fault is not null)
            {
                return Problems.Starting(http);
            }
        }

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        await SendAsync(new ServerSentEvents(http.Response), live, since, options.Value.SnapshotHeartbeat, time, stopping.Token);
        return TypedResults.Empty;
    }

    private static async Task SendAsync(ServerSentEvents events, LiveState live, long since, TimeSpan heartbeat, TimeProvider time, CancellationToken cancellationToken)
    {
        events.Begin();
        var sent = since;
        while (!cancellationToken.IsCancellationRequested)
        {
            var view = live.View;
            var deltas = sent == 0 ? null : view.DeltasSince(sent);
            if (deltas is null)
            {
                var whole = JsonSerializer.SerializeToUtf8Bytes(view.State.Snapshot, ContractsJson.Default.SnapshotDocument);
                await events.SendAsync(SnapshotEvents.Snapshot, view.State.Revision, whole, cancellationToken);
            }

            foreach (var delta in deltas ?? [])
            {
                await events.SendAsync(SnapshotEvents.Delta, delta.Revision, delta.Json, cancellationToken);
            }

            var isNews = deltas is not { Count: 0 };
            sent = view.State.Revision;
            if (!isNews)
            {
                var beat = JsonSerializer.SerializeToUtf8Bytes(new SnapshotHeartbeat(sent), ContractsJson.Default.SnapshotHeartbeat);
                await events.SendAsync(SnapshotEvents.Heartbeat, sent, beat, cancellationToken);
            }

            await Task.WhenAny(view.Next.Task, Task.Delay(heartbeat, time, cancellationToken));
        }
    }
}
