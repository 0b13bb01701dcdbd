using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Npgsql;
using Orrery.Builder.Storage;
using Orrery.ServiceDefaults;

namespace Orrery.Builder.Builds;

/// <summary>Builds what is queued, so many at once as the options say. Runs while this Builder leads.</summary>
internal sealed partial class BuildLoop(
    BuildStore store, DeploymentStore events, IEnumerable<IImageBuilder> builders, BuildRun.Factory runs, MigrationAtStart migration, IOptions<BuildOptions> options, TimeProvider time, ILogger<BuildLoop> logger)
{
    /// <summary>How soon the queue is looked at again if nobody tells, and after the database was away.</summary>
    private static readonly TimeSpan UsualLook = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan PruneInterval = TimeSpan.FromHours(1);

    private readonly IImageBuilder? _builder = builders.FirstOrDefault();
    private readonly ConcurrentDictionary<Guid, CancellationTokenSource> _running = new();
    private readonly SemaphoreSlim _turn = new(1);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await migration.Completed.WaitAsync(cancellationToken);
        if (_builder is null)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken); // Whoever asks is told that nothing is built here.
            return;
        }

        await ClearAsync(_builder, cancellationToken);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> tasks = [FollowAsync(ending.Token), PruneAsync(ending.Token), .. Enumerable.Range(0, options.Value.Parallel).Select(_ => WorkAsync(ending.Token))];
        var first = await Task.WhenAny(tasks);
        await ending.CancelAsync();
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    /// <summary>What a Builder before this one had begun is ended, and begun again.</summary>
    private async Task ClearAsync(IImageBuilder builder, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await builder.ClearAsync((await store.BegunAsync(cancellationToken)).Where(build => build.CancelledBy is null).Select(build => build.Id).ToHashSet(), cancellationToken);
                await store.RequeueAsync(cancellationToken);
                return;
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested && IsPassing(error))
            {
                Log.Waits(logger, error.Message);
                await Task.Delay(UsualLook, time, cancellationToken);
            }
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = Volatile.Read(ref _changed).Task;
            try
            {
                if (await TakeAsync(cancellationToken) is { } build)
                {
                    await RunAsync(build, cancellationToken);
                    continue;
                }

                await WaitAsync(changed, await store.NextAttemptAsync(cancellationToken), cancellationToken);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested && IsPassing(error))
            {
                Log.Waits(logger, error.Message);
                await Task.Delay(UsualLook, time, cancellationToken);
            }
        }
    }

    /// <summary>One after the other, since whose turn it is depends on who has begun.</summary>
    private async Task<BuildRecord?> TakeAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await store.TakeAsync(cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task RunAsync(BuildRecord build, CancellationToken cancellationToken)
    {
        using var cancelled = new CancellationTokenSource();
        _running[build.Id] = cancelled;
        try
        {
            await runs(build).RunAsync(cancelled.Token, cancellationToken);
        }
        finally
        {
            _running.TryRemove(build.Id, out _);
        }
    }

    private async Task WaitAsync(Task changed, DateTimeOffset? next, CancellationToken cancellationToken)
    {
        var pause = next is { } at && at - time.GetUtcNow() is var until && until < UsualLook ? (until > TimeSpan.Zero ? until : TimeSpan.Zero) : UsualLook;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(changed, Task.Delay(pause, time, enough.Token));
        await enough.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Hears what people ask for: something is queued, or is to be cancelled.</summary>
    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await foreach (var id in events.ListenAsync(BuildStore.Channel, cancellationToken))
                {
                    if (Guid.TryParse(id, out var build) && _running.TryGetValue(build, out var running) && await store.FindAsync(build, cancellationToken) is { CancelledBy: not null })
                    {
                        await running.CancelAsync();
                    }

                    Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
                }
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested && (IsPassing(error) || error is ObjectDisposedException))
            {
                Log.Waits(logger, error.Message);
                await Task.Delay(UsualLook, time, cancellationToken);
            }
        }
    }

    private async Task PruneAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await store.PruneAsync(options.Value.Keep, cancellationToken);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested && IsPassing(error))
            {
                Log.Waits(logger, error.Message);
            }

            await Task.Delay(PruneInterval, time, cancellationToken);
        }
    }

    private static bool IsPassing(Exception error) => error is NpgsqlException or IOException or TimeoutException or OperationCanceledException or BuildException;

    private static partial class Log
    {
        [LoggerMessage(3401, LogLevel.Warning, "Builds wait: {Reason}", EventName = "BuildsWait")]
        public static partial void Waits(ILogger logger, string reason);
    }
}
