namespace Aspire.Hosting.ApplicationModel;

/// <summary>How containers meet other resources.</summary>
internal static class ContainerNetwork
{
    /// <summary>This machine, as containers call it; both podman and docker are told to resolve it.</summary>
    public const string HostAlias = "host.docker.internal";

    /// <summary>Whether the resource runs in a container, and not as a server of this machine in place of one.</summary>
    public static bool Holds(IResource? resource) =>
        resource is ContainerResource && !(resource.TryGetLastAnnotation<LocalServerAnnotation>(out var local) && local.IsAvailable());
}

/// <summary>A server of this machine that can stand in for a container.</summary>
internal sealed class LocalServerAnnotation(Func<bool> isAvailable, Func<LocalServerContext, Task<LaunchPlan>> plan) : IResourceAnnotation
{
    private readonly Lazy<bool> _isAvailable = new(isAvailable);

    public bool IsAvailable() => _isAvailable.Value;

    public Task<LaunchPlan> PlanAsync(LocalServerContext context) => plan(context);
}

/// <summary>What a local server is started with.</summary>
/// <param name="DataDirectory">Where its data is kept: with the volume of this name, or until the run ends.</param>
internal sealed record LocalServerContext(
    InstancePorts Ports,
    string DataDirectory,
    RunDirectory Run,
    Action<string> Log,
    CancellationToken CancellationToken);
