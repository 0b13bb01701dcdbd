using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Start, stop and restart, for every resource with a program.</summary>
internal static class DefaultCommands
{
    private static readonly HashSet<string> Ended =
    [
        KnownResourceStates.NotStarted, KnownResourceStates.Exited, KnownResourceStates.Finished, KnownResourceStates.FailedToStart, KnownResourceStates.RuntimeUnhealthy,
    ];

    public static void Add(IEnumerable<IResource> resources, GraphRunner graph)
    {
        foreach (var resource in resources.Where(one => one is ProjectResource or ExecutableResource or ContainerResource))
        {
            resource.Annotations.Add(new ResourceCommandAnnotation(KnownResourceCommands.StartCommand, "Start", WhenEnded, call => StartAsync(graph, resource, call)));
            resource.Annotations.Add(new ResourceCommandAnnotation(KnownResourceCommands.StopCommand, "Stop", WhenActive, call => StopAsync(graph, resource, call)));
            resource.Annotations.Add(new ResourceCommandAnnotation(KnownResourceCommands.RestartCommand, "Restart", WhenActive, call => RestartAsync(graph, resource, call)));
        }
    }

    private static async Task<ExecuteCommandResult> StartAsync(GraphRunner graph, IResource resource, ExecuteCommandContext call)
    {
        var (runner, instances) = Called(graph, resource, call);
        return await runner.StartAsync(instances, call.CancellationToken) > 0
            ? CommandResults.Success()
            : CommandResults.Failure($"'{call.ResourceName}' is not stopped.");
    }

    private static async Task<ExecuteCommandResult> StopAsync(GraphRunner graph, IResource resource, ExecuteCommandContext call)
    {
        var (runner, instances) = Called(graph, resource, call);
        if (instances.All(one => !one.IsActive))
        {
            return CommandResults.Failure($"'{call.ResourceName}' does not run.");
        }

        await runner.StopAsync(instances);
        return CommandResults.Success();
    }

    private static async Task<ExecuteCommandResult> RestartAsync(GraphRunner graph, IResource resource, ExecuteCommandContext call)
    {
        var (runner, instances) = Called(graph, resource, call);
        await runner.StopAsync(instances);
        await runner.StartAsync(instances, call.CancellationToken);
        return CommandResults.Success();
    }

    private static (ResourceRunner Runner, IReadOnlyList<InstanceRunner> Instances) Called(GraphRunner graph, IResource resource, ExecuteCommandContext call)
    {
        var runner = graph.RunnerOf(resource) ?? throw new DistributedApplicationException($"'{resource.Name}' cannot be started or stopped: the graph does not run.");
        return (runner, [.. runner.Instances.Where(one => string.Equals(one.Name, call.ResourceName, StringComparison.OrdinalIgnoreCase))]);
    }

    private static ResourceCommandState WhenEnded(UpdateCommandStateContext context) =>
        IsEnded(context) ? ResourceCommandState.Enabled : ResourceCommandState.Hidden;

    private static ResourceCommandState WhenActive(UpdateCommandStateContext context) =>
        IsEnded(context) ? ResourceCommandState.Disabled : ResourceCommandState.Enabled;

    private static bool IsEnded(UpdateCommandStateContext context) => context.ResourceSnapshot.State is not { } state || Ended.Contains(state.Text);
}
