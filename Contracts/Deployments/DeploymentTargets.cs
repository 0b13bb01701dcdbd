namespace Orrery.Contracts;

/// <summary>Where replicas run.</summary>
public static class DeploymentTargets
{
    public const string Kubernetes = "kubernetes";

    /// <summary>podman or docker on the Builder's machine.</summary>
    public const string Container = "container";

    /// <summary>Replicas of the simulator: real HTTP, made-up text.</summary>
    public const string Simulated = "simulated";

    public static readonly IReadOnlyList<string> All = [Kubernetes, Container, Simulated];
}
