using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Resources without a program of their own: parameters, connection strings, external services, databases, resources of the AppHost's own kinds.</summary>
internal sealed class ValueRunner(IResource resource, RunServices services)
{
    /// <summary>Publishes the resource's states until the graph stops.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            await Task.Yield();
            await services.Eventing.PublishAsync(
                new InitializeResourceEvent(resource, services.Eventing, services.Loggers.GetLogger(resource), services.Notifications, services.Provider), stop);
            await (resource switch
            {
                ParameterResource parameter => ShowAsync(parameter, stop),
                IResourceWithParent { Parent: var parent } => MirrorAsync(parent, stop),
                ConnectionStringResource or ExternalServiceResource => BeginAsync(stop),
                _ => Task.CompletedTask,
            });
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The graph stops.
        }
        catch (Exception error)
        {
            services.Loggers.Add(resource.Name, error is DistributedApplicationException ? error.Message : error.ToString(), isError: true);
            await PublishAsync(new ResourceStateSnapshot(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error));
        }
    }

    private async Task ShowAsync(ParameterResource parameter, CancellationToken stop)
    {
        try
        {
            var value = await parameter.GetValueAsync(stop);
            await services.Notifications.PublishUpdateAsync(resource, one => (one with
            {
                State = new ResourceStateSnapshot(KnownResourceStates.Running, KnownResourceStateStyles.Success),
            }).WithProperty("Value", value, parameter.Secret));
        }
        catch (MissingParameterValueException error)
        {
            services.Loggers.Add(resource.Name, error.Message, isError: true);
            await PublishAsync(new ResourceStateSnapshot(KnownResourceStates.ValueMissing, KnownResourceStateStyles.Warn));
        }
    }

    private async Task BeginAsync(CancellationToken stop)
    {
        if (resource.HasAnnotationOfType<WaitAnnotation>())
        {
            await PublishAsync(KnownResourceStates.Waiting);
            await services.Notifications.WaitForDependenciesAsync(resource, stop);
        }

        await PublishAsync(new ResourceStateSnapshot(KnownResourceStates.Running, KnownResourceStateStyles.Success));
    }

    private async Task MirrorAsync(IResource parent, CancellationToken stop)
    {
        await foreach (var change in services.Notifications.WatchAsync(stop))
        {
            if (!ReferenceEquals(change.Resource, parent) || change.Snapshot.State is not { } state)
            {
                continue;
            }

            await services.Notifications.PublishUpdateAsync(resource, one => one.State == state && one.StartTimeStamp == change.Snapshot.StartTimeStamp ? one : one with
            {
                State = state,
                StartTimeStamp = change.Snapshot.StartTimeStamp,
                StopTimeStamp = change.Snapshot.StopTimeStamp,
                HealthReports = SnapshotOf.PendingHealth(resource),
                Ready = null,
            });
        }
    }

    private Task PublishAsync(ResourceStateSnapshot? state) => services.Notifications.PublishUpdateAsync(resource, one => one with
    {
        State = state,
        HealthReports = SnapshotOf.PendingHealth(resource),
    });
}
