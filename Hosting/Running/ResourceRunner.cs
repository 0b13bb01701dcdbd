using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>All copies of a resource with a program, and the proxy in front of them if there must be one.</summary>
internal sealed class ResourceRunner
{
    private static readonly HashSet<string> Active = [KnownResourceStates.Starting, KnownResourceStates.Running, KnownResourceStates.Stopping];

    private readonly IResource _resource;
    private readonly PortPlan _ports;
    private readonly RunServices _services;
    private readonly ProxyRunner _proxy;
    private readonly List<CancellationTokenSource> _preparing = [];

    public ResourceRunner(IResource resource, PortPlan ports, RunServices services)
    {
        _resource = resource;
        _ports = ports;
        _services = services;
        _proxy = new ProxyRunner(resource, ports.Forwards, services);
        Instances = [.. ports.Instances.Select(one => new InstanceRunner(resource, one, services))];
    }

    public IReadOnlyList<InstanceRunner> Instances { get; }

    /// <summary>Starts the copies that do not run; those that start together wait and announce themselves once.</summary>
    /// <returns>How many were started.</returns>
    public async Task<int> StartAsync(IEnumerable<InstanceRunner> instances, CancellationToken cancellationToken)
    {
        var gate = new Lock();
        Task? shared = null;
        var started = 0;
        var preparing = new CancellationTokenSource();
        lock (_preparing)
        {
            _preparing.Add(preparing);
        }

        foreach (var instance in instances)
        {
            started += await instance.StartAsync(Ready, cancellationToken) ? 1 : 0;
        }

        return started;

        Task Ready(CancellationToken stop)
        {
            lock (gate)
            {
                // A copy that is stopped meanwhile leaves; the others go on waiting.
                return (shared ??= PrepareAsync(preparing.Token)).WaitAsync(stop);
            }
        }
    }

    public async Task StopAsync(IReadOnlyCollection<InstanceRunner> instances)
    {
        await Task.WhenAll(instances.Select(one => one.StopAsync()));
        if (Instances.All(one => !one.IsActive))
        {
            GiveUpPreparing();
            await _proxy.StopAsync();
        }
    }

    private void GiveUpPreparing()
    {
        lock (_preparing)
        {
            _preparing.ForEach(one => one.Cancel());
            _preparing.Clear();
        }
    }

    private async Task PrepareAsync(CancellationToken stop)
    {
        if (_resource.HasAnnotationOfType<WaitAnnotation>())
        {
            await _services.Notifications.PublishUpdateAsync(_resource, one => one.State?.Text is { } state && Active.Contains(state)
                ? one
                : one with { State = KnownResourceStates.Waiting });
            await _services.Notifications.WaitForDependenciesAsync(_resource, stop);
        }

        await _services.Eventing.PublishAsync(new BeforeResourceStartedEvent(_resource, _services.Provider), stop);
        if (Instances.Count == 1 || !_proxy.IsActive)
        {
            RefuseTakenPorts();
        }

        await _proxy.StartAsync();
    }

    private void RefuseTakenPorts()
    {
        foreach (var port in _ports.Listening.Where(port => !PortAllocator.IsFree(port)))
        {
            var owner = PortOwner.Find(port);
            throw new DistributedApplicationException(
                $"'{_resource.Name}' cannot start: its port {port} is in use{(owner is null ? "" : $" by {owner}")}. End that process, or give the endpoint another port.");
        }
    }
}
