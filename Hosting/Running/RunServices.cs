using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;

namespace Aspire.Hosting;

/// <summary>What everything that runs needs.</summary>
/// <param name="KillNow">Fires when whoever stops the graph will not wait any longer.</param>
internal sealed record RunServices(
    IServiceProvider Provider,
    RunDirectory Run,
    LaunchPlanner Planner,
    ContainerRuntime Containers,
    ResourceNotificationService Notifications,
    ResourceLoggerService Loggers,
    IDistributedApplicationEventing Eventing,
    TimeProvider Time,
    CancellationToken KillNow);
