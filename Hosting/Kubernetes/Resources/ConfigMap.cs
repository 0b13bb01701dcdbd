namespace Aspire.Hosting.Kubernetes.Resources;

/// <summary>Settings that are no secrets.</summary>
public sealed class ConfigMap() : BaseKubernetesResource("v1", "ConfigMap")
{
    /// <summary>Key to text.</summary>
    public Dictionary<string, string> Data { get; } = [];
}

/// <summary>A stable name and address of pods.</summary>
public sealed class Service() : BaseKubernetesResource("v1", "Service")
{
    /// <summary>What is wanted.</summary>
    public ServiceSpecV1 Spec { get; set; } = new();
}

/// <summary>What a <see cref="Service"/> wants.</summary>
public sealed class ServiceSpecV1
{
    /// <summary><c>ClusterIP</c>, <c>NodePort</c> or <c>LoadBalancer</c>.</summary>
    public string Type { get; set; } = null!;

    /// <summary>Labels of its pods.</summary>
    public Dictionary<string, string> Selector { get; set; } = [];

    /// <summary>Where it listens.</summary>
    public List<ServicePortV1> Ports { get; } = [];
}

/// <summary>A port of a <see cref="Service"/>.</summary>
public sealed class ServicePortV1
{
    /// <summary>The endpoint's name.</summary>
    public string Name { get; set; } = null!;

    /// <summary>The port that clients use.</summary>
    public Int32OrStringV1 Port { get; set; } = null!;

    /// <summary>The container's port, or its name.</summary>
    public Int32OrStringV1 TargetPort { get; set; } = null!;

    /// <summary><c>TCP</c> or <c>UDP</c>.</summary>
    public string Protocol { get; set; } = null!;
}
