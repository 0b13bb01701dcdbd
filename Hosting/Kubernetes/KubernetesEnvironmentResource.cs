using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Kubernetes;

/// <summary>A Kubernetes cluster that the graph is published to, as a Helm chart.</summary>
public sealed class KubernetesEnvironmentResource(string name) : Resource(name), IComputeEnvironmentResource
{
    /// <summary>When images are pulled: <c>IfNotPresent</c>, <c>Always</c> or <c>Never</c>.</summary>
    public string DefaultImagePullPolicy { get; set; } = "IfNotPresent";

    /// <summary>The type of every Service: <c>ClusterIP</c>, <c>NodePort</c> or <c>LoadBalancer</c>.</summary>
    public string DefaultServiceType { get; set; } = "ClusterIP";

    /// <summary>What a named volume becomes: <c>emptyDir</c> or <c>pvc</c>.</summary>
    public string DefaultStorageType { get; set; } = "emptyDir";

    /// <summary>The size of a claim, as <c>20Gi</c>.</summary>
    public string DefaultStorageSize { get; set; } = "1Gi";

    /// <summary>The storage class of a claim; null: the cluster's default.</summary>
    public string? DefaultStorageClassName { get; set; }

    /// <summary>How a claim is mounted: <c>ReadWriteOnce</c>, <c>ReadWriteMany</c>…</summary>
    public string DefaultStorageReadWritePolicy { get; set; } = "ReadWriteOnce";

    /// <summary>Whether a dashboard belongs to the chart. The bundled host has none, and says so when it is asked for.</summary>
    public bool DashboardEnabled { get; set; } = true;

    internal HelmChartOptions Chart { get; } = new();
}
