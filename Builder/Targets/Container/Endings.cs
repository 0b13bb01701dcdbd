using System.Collections.Concurrent;

namespace Orrery.Builder.Targets.Container;

/// <summary>Replicas that have been told to end: SIGTERM, the time to finish what they have begun, SIGKILL, gone. No step waits; each call takes the next one.</summary>
/// <param name="hint">Called with a deployment's uid when the next step is due.</param>
internal sealed class Endings(Fleet fleet, TimeProvider time, Action<string> hint) : IDisposable
{
    private readonly ConcurrentDictionary<string, Ending> _told = new();

    public bool IsEnding(SeenContainer container) => _told.ContainsKey(container.Id);

    /// <summary>Takes the next step.</summary>
    /// <returns>Whether it is gone.</returns>
    public async Task<bool> StepAsync(SeenContainer container, CancellationToken cancellationToken)
    {
        if (container.Runs && container.Labels.Drain > TimeSpan.Zero)
        {
            if (!_told.TryGetValue(container.Id, out var ending))
            {
                await fleet.SignalAsync(container, "TERM", cancellationToken);
                Begin(container);
                return false;
            }

            if (time.GetUtcNow() < ending.Until)
            {
                return false;
            }
        }

        if (container.Runs)
        {
            await fleet.SignalAsync(container, "KILL", cancellationToken);
        }

        await fleet.RemoveAsync(container.Id, cancellationToken);
        Forget(container.Id);
        return true;
    }

    /// <summary>Forgets those that somebody else has removed.</summary>
    public void Keep(IReadOnlyList<SeenContainer> containers)
    {
        foreach (var id in _told.Keys.Except(containers.Select(one => one.Id)))
        {
            Forget(id);
        }
    }

    public void Dispose()
    {
        foreach (var id in _told.Keys)
        {
            Forget(id);
        }
    }

    private void Begin(SeenContainer container)
    {
        var drain = container.Labels.Drain;
        var timer = time.CreateTimer(_ => hint(container.Labels.Key.Uid), null, drain, Timeout.InfiniteTimeSpan);
        if (!_told.TryAdd(container.Id, new Ending(time.GetUtcNow() + drain, timer)))
        {
            timer.Dispose();
        }
    }

    private void Forget(string id)
    {
        if (_told.TryRemove(id, out var ending))
        {
            ending.Timer.Dispose();
        }
    }

    private sealed record Ending(DateTimeOffset Until, ITimer Timer);
}
