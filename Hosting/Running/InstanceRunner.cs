using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>One copy of a resource: starts it, watches it, stops it, and publishes its state. Nothing restarts by itself.</summary>
internal sealed class InstanceRunner(IResource resource, InstancePorts ports, RunServices services)
{
    private readonly SemaphoreSlim _command = new(1);
    private CancellationTokenSource _stop = new();
    private Task _run = Task.CompletedTask;

    public string Name => ports.Instance;

    public bool IsActive => !_run.IsCompleted;

    /// <summary>Starts unless it runs already; returns when the start has begun.</summary>
    /// <param name="ready">Waits for what the start depends on; shared by the copies that start together.</param>
    /// <returns>Whether it was not running.</returns>
    public async Task<bool> StartAsync(Func<CancellationToken, Task> ready, CancellationToken cancellationToken)
    {
        await _command.WaitAsync(cancellationToken);
        try
        {
            if (IsActive)
            {
                return false;
            }

            _stop = new CancellationTokenSource();
            _run = RunAsync(ready, _stop.Token);
            return true;
        }
        finally
        {
            _command.Release();
        }
    }

    /// <summary>Stops it, or gives up its waiting; returns when it has ended.</summary>
    public async Task StopAsync()
    {
        await _command.WaitAsync(CancellationToken.None);
        try
        {
            await _stop.CancelAsync();
            await _run;
        }
        finally
        {
            _command.Release();
        }
    }

    private async Task RunAsync(Func<CancellationToken, Task> ready, CancellationToken stop)
    {
        try
        {
            await Task.Yield();
            await ready(stop);
            await PublishAsync(KnownResourceStates.Starting, snapshot => snapshot with
            {
                ExitCode = null,
                HealthReports = SnapshotOf.PendingHealth(resource),
                Ready = null,
            });
            var plan = await services.Planner.PlanAsync(resource, ports, services.Run, stop);
            stop.ThrowIfCancellationRequested();
            var child = await ChildProcess.StartAsync(Name, plan, services.Run, AddLine, services.Time);
            await RunAsync(child, plan, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await PublishAsync(KnownResourceStates.NotStarted, snapshot => snapshot);
        }
        catch (ContainerRuntimeException error)
        {
            AddLine(error.Message, isError: true);
            await PublishAsync(new ResourceStateSnapshot(KnownResourceStates.RuntimeUnhealthy, KnownResourceStateStyles.Error), Ended);
        }
        catch (Exception error)
        {
            AddLine(error is DistributedApplicationException ? error.Message : error.ToString(), isError: true);
            await PublishAsync(new ResourceStateSnapshot(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error), Ended);
        }
    }

    private async Task RunAsync(ChildProcess child, LaunchPlan plan, CancellationToken stop)
    {
        await PublishAsync(new ResourceStateSnapshot(KnownResourceStates.Running, KnownResourceStateStyles.Success), snapshot => snapshot with
        {
            StartTimeStamp = services.Time.GetUtcNow().UtcDateTime,
            StopTimeStamp = null,
            EnvironmentVariables = [.. plan.Shown],
            Properties = Merge(snapshot.Properties, [new("executable.pid", child.Id), .. plan.Properties]),
        });

        try
        {
            await child.Exited.WaitAsync(stop);
        }
        catch (OperationCanceledException)
        {
            await PublishAsync(KnownResourceStates.Stopping, snapshot => snapshot);
            await child.StopAsync(services.KillNow);
        }

        var code = await child.Exited;
        await EndAsync(code, plan, stop.IsCancellationRequested);
    }

    private async Task EndAsync(int code, LaunchPlan plan, bool wasStopped)
    {
        AddLine(ExitCodes.Explain(code, wasStopped), isError: !wasStopped && code != 0);
        if (plan.ContainerName is { } container)
        {
            await services.Containers.RemoveAsync(container);
        }

        var state = code == 0 && resource is not ContainerResource ? KnownResourceStates.Finished : KnownResourceStates.Exited;
        var style = code == 0 || wasStopped ? KnownResourceStateStyles.Info : KnownResourceStateStyles.Error;
        await PublishAsync(new ResourceStateSnapshot(state, style), snapshot => Ended(snapshot) with { ExitCode = code });
        if (services.Notifications.TryGetCurrentState(Name, out var last))
        {
            await services.Eventing.PublishAsync(new ResourceStoppedEvent(resource, services.Provider, last));
        }
    }

    private CustomResourceSnapshot Ended(CustomResourceSnapshot snapshot) => snapshot with
    {
        StopTimeStamp = services.Time.GetUtcNow().UtcDateTime,
        HealthReports = [],
        Ready = null,
    };

    private Task PublishAsync(ResourceStateSnapshot? state, Func<CustomResourceSnapshot, CustomResourceSnapshot> change) =>
        services.Notifications.PublishUpdateAsync(resource, Name, snapshot => change(snapshot) with { State = state });

    private void AddLine(string line, bool isError) => services.Loggers.Add(resource, Name, line, isError);

    private static ImmutableArray<ResourcePropertySnapshot> Merge(ImmutableArray<ResourcePropertySnapshot> before, IEnumerable<ResourcePropertySnapshot> now)
    {
        var added = now.ToList();
        return [.. before.Where(one => added.All(other => other.Name != one.Name)), .. added];
    }
}
