namespace Aspire.Hosting.ApplicationModel;

/// <summary>How containers meet other resources.</summary>
internal static class ContainerNetwork
{
    /// <summary>This machine, as containers of docker call it: docker is told to resolve it.</summary>
    public const string DockerHost = "host.docker.internal";

    /// <summary>This machine, as containers of podman call it by themselves. (Podman before 4.7 refuses docker's way of naming it.)</summary>
    public const string PodmanHost = "host.containers.internal";

    public static string HostOf(string runtime) => IsPodman(runtime) ? PodmanHost : DockerHost;

    public static bool IsPodman(string runtime) => Path.GetFileName(runtime).StartsWith("podman", StringComparison.Ordinal);

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
