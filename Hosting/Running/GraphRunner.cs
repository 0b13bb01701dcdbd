using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>Runs the whole graph: starts every resource, and stops them all, dependents first.</summary>
internal sealed class GraphRunner(
    DistributedApplicationModel model,
    IDistributedApplicationEventing eventing,
    ResourceNotificationService notifications,
    ResourceLoggerService loggers,
    EndpointAllocator endpoints,
    LaunchPlanner planner,
    ContainerRuntime containers,
    HealthMonitor health,
    Leftovers leftovers,
    Reaper reaper,
    StateDirectory state,
    IServiceProvider services,
    TimeProvider time) : IHostedService
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _killNow = new();
    private readonly SemaphoreSlim _lifecycle = new(1);
    private readonly Dictionary<IResource, ResourceRunner> _runners = [];
    private readonly List<Task> _background = [];
    private bool _started;
    private bool _stopped;

    public ResourceRunner? RunnerOf(IResource resource) => _runners.GetValueOrDefault(resource);

    public RunDirectory? Run { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("The bundled host runs on Linux (also in WSL). Elsewhere build with -p:AspireHosting=package.");
        }

        _started = true;
        await leftovers.SweepAsync(cancellationToken);
        var run = Run = RunDirectory.Create(state);
        reaper.Start(run);

        DefaultCommands.Add(model.Resources, this);
        await eventing.PublishAsync(new BeforeStartEvent(services, model), cancellationToken);
        endpoints.Allocate(model.Resources);
        RunServices context = new(services, run, planner, containers, notifications, loggers, eventing, time, _killNow.Token);
        foreach (var resource in model.Resources.Where(IsProgram))
        {
            _runners[resource] = new ResourceRunner(resource, endpoints.PlanOf(resource), context);
        }

        foreach (var resource in model.Resources)
        {
            await AnnounceAsync(resource, cancellationToken);
        }

        foreach (var resource in model.Resources)
        {
            _background.Add(health.WatchAsync(resource, _stop.Token));
            await BeginAsync(resource, context, cancellationToken);
        }

        await eventing.PublishAsync(new AfterResourcesCreatedEvent(services, model), cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _lifecycle.WaitAsync(CancellationToken.None);
        try
        {
            if (!_started || _stopped)
            {
                return;
            }

            _stopped = true;
            await using var impatience = cancellationToken.Register(KillNow);
            await StopOrder.StopAsync(model.Resources, one => RunnerOf(one) is { } runner ? runner.StopAsync(runner.Instances) : Task.CompletedTask);
            await _stop.CancelAsync();
            await Task.WhenAll(_background);
            await reaper.DisposeAsync();
        }
        finally
        {
            _lifecycle.Release();
        }
    }

    /// <summary>Kills what has not ended yet.</summary>
    public void KillNow() => _killNow.Cancel();

    private async Task AnnounceAsync(IResource resource, CancellationToken cancellationToken)
    {
        var urls = await ResourceUrls.OfAsync(resource, cancellationToken);
        await notifications.PublishUpdateAsync(resource, one =>
        {
            var first = resource.TryGetLastAnnotation<InitialSnapshotAnnotation>(out var initial) ? initial.Snapshot : one;
            return first with
            {
                State = _runners.ContainsKey(resource) ? KnownResourceStates.NotStarted : first.State,
                CreationTimeStamp = time.GetUtcNow().UtcDateTime,
                Urls = [.. first.Urls, .. urls],
            };
        });

        if (resource is IResourceWithEndpoints && resource.HasAnnotationOfType<EndpointAnnotation>())
        {
            await eventing.PublishAsync(new ResourceEndpointsAllocatedEvent(resource, services), cancellationToken);
        }

        if (resource is IResourceWithConnectionString)
        {
            await eventing.PublishAsync(new ConnectionStringAvailableEvent(resource, services), cancellationToken);
        }
    }

    private async Task BeginAsync(IResource resource, RunServices context, CancellationToken cancellationToken)
    {
        if (RunnerOf(resource) is not { } runner)
        {
            _background.Add(new ValueRunner(resource, context).RunAsync(_stop.Token));
        }
        else if (!resource.HasAnnotationOfType<ExplicitStartupAnnotation>())
        {
            await runner.StartAsync(runner.Instances, cancellationToken);
        }
    }

    private static bool IsProgram(IResource resource) => resource is ProjectResource or ExecutableResource or ContainerResource;
}
