using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Holds the present state of every resource, and tells of each change.</summary>
public class ResourceNotificationService : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ResourceEvent> _states = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<Channel<ResourceEvent>> _watchers = [];
    private readonly DependencyWaiter _waiter;
    private bool _disposed;

    internal ResourceNotificationService(ResourceLoggerService loggers, DistributedApplicationOptions options)
    {
        DefaultWaitBehavior = options.DisableDashboard ? WaitBehavior.StopOnResourceUnavailable : WaitBehavior.WaitOnResourceUnavailable;
        _waiter = new DependencyWaiter(this, loggers);
    }

    /// <summary>What a wait does when its dependency is gone and the AppHost did not say.</summary>
    internal WaitBehavior DefaultWaitBehavior { get; }

    /// <summary>Changes the state of every copy of a resource.</summary>
    public async Task PublishUpdateAsync(IResource resource, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        foreach (var id in InstanceNames.Of(resource))
        {
            await PublishUpdateAsync(resource, id, stateFactory);
        }
    }

    /// <summary>Changes the state of one copy of a resource.</summary>
    public Task PublishUpdateAsync(IResource resource, string resourceId, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return Task.CompletedTask;
            }

            var before = _states.TryGetValue(resourceId, out var known) ? known.Snapshot : SnapshotOf.New(resource);
            var change = new ResourceEvent(resource, resourceId, SnapshotOf.WithCommands(resource, stateFactory(before)));
            _states[resourceId] = change;
            foreach (var watcher in _watchers)
            {
                // Unbounded, since a slow reader must neither stop the graph nor miss a state; a graph changes a few times a second.
                watcher.Writer.TryWrite(change);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>The present state of one copy of a resource.</summary>
    public bool TryGetCurrentState(string resourceId, [NotNullWhen(true)] out ResourceEvent? resourceEvent)
    {
        lock (_lock)
        {
            return _states.TryGetValue(resourceId, out resourceEvent);
        }
    }

    /// <summary>The present state of everything, then every change.</summary>
    public async IAsyncEnumerable<ResourceEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var channel = Channel.CreateUnbounded<ResourceEvent>(new UnboundedChannelOptions { SingleReader = true });
        lock (_lock)
        {
            foreach (var known in _states.Values)
            {
                channel.Writer.TryWrite(known);
            }

            _watchers.Add(channel);
            if (_disposed)
            {
                channel.Writer.TryComplete();
            }
        }

        try
        {
            await foreach (var change in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return change;
            }
        }
        finally
        {
            lock (_lock)
            {
                _watchers.Remove(channel);
            }
        }
    }

    /// <summary>Waits until a copy of the resource is in <paramref name="targetState"/> (default Running).</summary>
    public Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
        WaitForResourceAsync(resourceName, [targetState ?? KnownResourceStates.Running], cancellationToken);

    /// <summary>Waits until a copy of the resource is in one of <paramref name="targetStates"/>.</summary>
    /// <returns>The state that came.</returns>
    public async Task<string> WaitForResourceAsync(string resourceName, IEnumerable<string> targetStates, CancellationToken cancellationToken = default)
    {
        var wanted = targetStates.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var found = await WaitForResourceAsync(resourceName, one => one.Snapshot.State is { } state && wanted.Contains(state.Text), cancellationToken);
        return found.Snapshot.State!.Text;
    }

    /// <summary>Waits until <paramref name="predicate"/> is true of a copy of the resource.</summary>
    public async Task<ResourceEvent> WaitForResourceAsync(string resourceName, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken = default)
    {
        await foreach (var change in WatchAsync(cancellationToken))
        {
            if (string.Equals(change.Resource.Name, resourceName, StringComparison.OrdinalIgnoreCase) && predicate(change))
            {
                return change;
            }
        }

        throw new OperationCanceledException($"The application ended before resource '{resourceName}' came into the awaited state.");
    }

    /// <summary>Waits until every copy of the resource is healthy and its ready handlers are done.</summary>
    public Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default) =>
        WaitForResourceHealthyAsync(resourceName, DefaultWaitBehavior, cancellationToken);

    /// <inheritdoc cref="WaitForResourceHealthyAsync(string, CancellationToken)"/>
    /// <exception cref="DistributedApplicationException">It failed or ended, and <paramref name="waitBehavior"/> is to give up then.</exception>
    public Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, WaitBehavior waitBehavior, CancellationToken cancellationToken = default) =>
        _waiter.UntilHealthyAsync(resourceName, waitBehavior, cancellationToken);

    /// <summary>Waits for everything that the resource's <see cref="WaitAnnotation"/>s name.</summary>
    /// <exception cref="DistributedApplicationException">A dependency failed or ended, and its wait is to give up then.</exception>
    public Task WaitForDependenciesAsync(IResource resource, CancellationToken cancellationToken) => _waiter.UntilReadyAsync(resource, cancellationToken);

    /// <summary>Ends every watch.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (var watcher in _watchers)
            {
                watcher.Writer.TryComplete();
            }
        }

        GC.SuppressFinalize(this);
    }
}
