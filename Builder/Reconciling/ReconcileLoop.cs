using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Npgsql;
using Orrery.Builder.Declared;
using Orrery.Builder.Storage;
using Orrery.Builder.Targets;
using Orrery.ServiceDefaults;

namespace Orrery.Builder.Reconciling;

/// <summary>Looks at every deployment when something has changed, and now and then anyway. Runs while this Builder leads.</summary>
internal sealed partial class ReconcileLoop(
    DeclaredResources declared, DeploymentStore store, Reconciler reconciler, TargetSet targets, MigrationAtStart migration, IOptions<BuilderOptions> options, TimeProvider time, Dice dice,
    ILogger<ReconcileLoop> logger)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan WatchPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PruneInterval = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, DeploymentKey> _keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _failures = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await migration.Completed.WaitAsync(cancellationToken);
        reconciler.Begin();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var queue = new WorkQueue(time);

        // The first that fails takes the others with it, so that nothing half works.
        List<Task> tasks =
        [
            declared.FollowAsync(key => Add(queue, key), ending.Token),
            AddKnownAsync(queue, ending.Token),
            PruneAsync(ending.Token),
            WatchAsync("wishes", token => store.ListenAsync(DeploymentStore.WishChannel, token), queue, ending.Token),
            .. targets.All.Select(target => WatchAsync(target.Name, target.WatchAsync, queue, ending.Token)),
            .. Enumerable.Range(0, options.Value.Workers).Select(_ => WorkAsync(queue, ending.Token)),
        ];
        var first = await Task.WhenAny(tasks);
        await ending.CancelAsync();
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    private void Add(WorkQueue queue, DeploymentKey key)
    {
        _keys[key.Uid] = key;
        _failures.TryRemove(key.Uid, out _); // Something changed: what failed before may go now.
        queue.Add(key.Uid);
    }

    /// <summary>Deployments that are known here and not declared any more have to be cleared away.</summary>
    private async Task AddKnownAsync(WorkQueue queue, CancellationToken cancellationToken)
    {
        await declared.Known.WaitAsync(cancellationToken);
        foreach (var key in await store.KeysAsync(cancellationToken))
        {
            Add(queue, key);
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
    }

    private async Task WorkAsync(WorkQueue queue, CancellationToken cancellationToken)
    {
        while (true)
        {
            var uid = await queue.TakeAsync(cancellationToken);
            if (!_keys.TryGetValue(uid, out var key))
            {
                queue.Done(uid); // It went while it was told of once more.
                continue;
            }

            try
            {
                if (await LookAsync(key, cancellationToken) is { } pause)
                {
                    queue.Add(uid, pause);
                }
                else
                {
                    _keys.TryRemove(uid, out _);
                }

                _failures.TryRemove(uid, out _);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                // One deployment's fault, even one of ours, is not to keep the others waiting.
                var failures = _failures.AddOrUpdate(uid, 1, static (_, count) => count + 1);
                Log.Failed(logger, IsPassing(error) ? LogLevel.Warning : LogLevel.Error, key, failures, error.Message, IsPassing(error) ? null : error);
                queue.Add(uid, Pause(failures));
            }
            finally
            {
                queue.Done(uid);
            }
        }
    }

    private async Task<TimeSpan?> LookAsync(DeploymentKey key, CancellationToken cancellationToken)
    {
        await declared.Known.WaitAsync(cancellationToken);
        return await reconciler.ReconcileAsync(key, declared.Find(key.Uid), cancellationToken);
    }

    private async Task WatchAsync(string name, Func<CancellationToken, IAsyncEnumerable<string>> watch, WorkQueue queue, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await foreach (var uid in watch(cancellationToken))
                {
                    if (_keys.ContainsKey(uid))
                    {
                        queue.Add(uid);
                    }
                }
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested && IsPassing(error))
            {
                Log.WatchEnded(logger, name, error.Message);
            }

            await Task.Delay(WatchPause, time, cancellationToken);
        }
    }

    private async Task PruneAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await store.PruneAsync(options.Value.KeepEvents, cancellationToken);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested && IsPassing(error))
            {
                Log.NotPruned(logger, error.Message);
            }

            await Task.Delay(PruneInterval, time, cancellationToken);
        }
    }

    /// <summary>Doubling, with jitter, so that what failed together does not come back together.</summary>
    private TimeSpan Pause(int failures)
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(failures - 1, 10));
        return (pause < LongestPause ? pause : LongestPause) * (0.5 + (dice.Next(1_000) / 1_000.0));
    }

    /// <summary>Somebody else's outage: the Catalogue's, the database's, the target's. Anything else is a fault of ours.</summary>
    private static bool IsPassing(Exception error) =>
        error is HttpRequestException or IOException or NpgsqlException or TimeoutException or OperationCanceledException or Polly.ExecutionRejectedException or TargetException;

    private static partial class Log
    {
        [LoggerMessage(EventId = 311, Message = "{Deployment}: look {Failures} in a row failed: {Reason}", EventName = "LookFailed")]
        public static partial void Failed(ILogger logger, LogLevel level, DeploymentKey deployment, int failures, string reason, Exception? error);

        [LoggerMessage(312, LogLevel.Warning, "The watch of {Target} has ended: {Reason}", EventName = "TargetWatchEnded")]
        public static partial void WatchEnded(ILogger logger, string target, string reason);

        [LoggerMessage(313, LogLevel.Warning, "Old events could not be dropped: {Reason}", EventName = "EventsNotPruned")]
        public static partial void NotPruned(ILogger logger, string reason);
    }
}
