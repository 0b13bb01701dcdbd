using System.Globalization;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Orrery.Catalogue.Following;
using Orrery.Catalogue.Resources;

namespace Orrery.Catalogue.Api;

/// <summary>Changes of a kind in a namespace as server-sent events: ADDED, MODIFIED, DELETED and, when nothing happens, BOOKMARK.</summary>
/// <remarks>Read from the stored log, so a watcher can go on where it was on any replica; woken by this replica's state.</remarks>
internal sealed class WatchApi(
    NpgsqlDataSource database, LiveState live, ChangeFollower follower, IOptions<CatalogueOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>Without <c>resourceVersion</c> everything that is there comes first, as ADDED.</summary>
    public async Task<IResult> StreamAsync(HttpContext http, ResourceScope scope, LabelSelector selector, CancellationToken cancellationToken)
    {
        var since = http.Request.Number("resourceVersion", -1, 0, long.MaxValue);
        await follower.RefreshAsync(cancellationToken);
        if (since >= 0 && await ExpiredAsync(since, cancellationToken) is { } expired)
        {
            return Problems.Of(expired);
        }

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        var events = new ServerSentEvents(http.Response);
        events.Begin();
        if (since < 0)
        {
            since = await SendPresentAsync(events, scope, selector, stopping.Token);
        }

        await FollowAsync(events, scope, selector, since, stopping.Token);
        return TypedResults.Empty;
    }

    private async Task<long> SendPresentAsync(ServerSentEvents events, ResourceScope scope, LabelSelector selector, CancellationToken cancellationToken)
    {
        var state = live.State;
        var present = scope.In(state).Where(resource => selector.Matches(resource.Metadata.Labels));
        foreach (var resource in present.OrderBy(resource => resource.Revision))
        {
            await SendAsync(events, ChangeTypes.Added, resource, cancellationToken);
        }

        return state.Revision;
    }

    private async Task FollowAsync(ServerSentEvents events, ResourceScope scope, LabelSelector selector, long since, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var next = live.View.Next.Task;
            try
            {
                if (await ExpiredAsync(since, cancellationToken) is not null)
                {
                    return; // Fell behind the retained log: the reader comes again and is told 410.
                }

                var (changes, reached) = await ReadAsync(scope, since, cancellationToken);
                foreach (var change in changes)
                {
                    await SendAsync(events, change, selector, cancellationToken);
                }

                since = reached;
            }
            catch (Exception error) when (DatabaseAway.Is(error))
            {
                // The log is away and nobody can write either; the bookmark below tells the reader that we live.
            }

            var bookmark = new WatchBookmark(ChangeTypes.Bookmark, since.ToString(CultureInfo.InvariantCulture));
            await events.SendAsync(ChangeTypes.Bookmark, since, JsonSerializer.SerializeToUtf8Bytes(bookmark, CatalogueJson.Default.WatchBookmark), cancellationToken);
            await Task.WhenAny(next, Task.Delay(options.Value.WatchBookmark, time, cancellationToken));
        }
    }

    /// <summary>410 when changes after <paramref name="since"/> have been dropped, or when it lies in the future.</summary>
    private async Task<Refusal?> ExpiredAsync(long since, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var (revision, oldest) = await connection.QuerySingleAsync<(long, long?)>(new CommandDefinition(
            "SELECT revision, (SELECT min(revision) FROM changes) FROM store", cancellationToken: cancellationToken));
        return since == revision || (since < revision && since >= (oldest ?? revision + 1) - 1)
            ? null
            : new Refusal(StatusCodes.Status410Gone, "Gone", since > revision
                ? $"resourceVersion {since} is ahead of the store, which is at {revision}. List anew and watch from the list's resourceVersion."
                : $"resourceVersion {since} is older than the changes that are kept (from {oldest}). List anew and watch from the list's resourceVersion.");
    }

    private async Task<(List<ResourceChange> Changes, long Reached)> ReadAsync(ResourceScope scope, long since, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);

        // The revision first: what is committed in between is read below and moves the position further.
        var reached = await ChangeLog.RevisionAsync(connection, cancellationToken);
        var changes = await ChangeLog.ReadAsync(connection, scope, since, cancellationToken);
        return (changes, Math.Max(reached, changes.Count > 0 ? changes[^1].Revision : 0));
    }

    private static Task SendAsync(ServerSentEvents events, ResourceChange change, LabelSelector selector, CancellationToken cancellationToken)
    {
        if (selector.Matches(change.Resource.Metadata.Labels))
        {
            return SendAsync(events, change.Type, change.Resource, cancellationToken);
        }

        // It may have been among those selected before this change; whoever watches must let go of it.
        return change.Type == ChangeTypes.Modified ? SendAsync(events, ChangeTypes.Deleted, change.Resource, cancellationToken) : Task.CompletedTask;
    }

    private static Task SendAsync(ServerSentEvents events, string type, StoredResource resource, CancellationToken cancellationToken) =>
        events.SendAsync(
            type, resource.Revision, JsonSerializer.SerializeToUtf8Bytes(new WatchEvent(type, resource.ToShown()), CatalogueJson.Default.WatchEvent), cancellationToken);
}
