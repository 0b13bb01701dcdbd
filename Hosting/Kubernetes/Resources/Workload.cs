namespace Aspire.Hosting.Kubernetes.Resources;

/// <summary>An object that runs pods.</summary>
public abstract class Workload(string apiVersion, string kind) : BaseKubernetesResource(apiVersion, kind)
{
    /// <summary>What each pod is made from.</summary>
    public abstract PodTemplateSpecV1 PodTemplate { get; }
}

/// <summary>Pods without an identity of their own.</summary>
public sealed class Deployment() : Workload("apps/v1", "Deployment")
{
    /// <summary>What is wanted.</summary>
    public DeploymentSpecV1 Spec { get; set; } = new();

    /// <inheritdoc/>
    public override PodTemplateSpecV1 PodTemplate => Spec.Template;
}

/// <summary>What a <see cref="Deployment"/> wants.</summary>
public sealed class DeploymentSpecV1
{
    /// <summary>How many pods; null where something else scales them.</summary>
    public int? Replicas { get; set; }

    /// <summary>How many old revisions are kept for a rollback.</summary>
    public int? RevisionHistoryLimit { get; set; } = 3;

    /// <summary>Which pods are its own.</summary>
    public LabelSelectorV1 Selector { get; set; } = new();

    /// <summary>How pods are replaced.</summary>
    public DeploymentStrategyV1 Strategy { get; set; } = new();

    /// <summary>What each pod is made from.</summary>
    public PodTemplateSpecV1 Template { get; set; } = new();
}

/// <summary>How a <see cref="Deployment"/> replaces its pods.</summary>
public sealed class DeploymentStrategyV1
{
    /// <summary><c>RollingUpdate</c> or <c>Recreate</c>.</summary>
    public string Type { get; set; } = "RollingUpdate";

    /// <summary>How many at a time; not written with <c>Recreate</c>, which the API server would refuse.</summary>
    public RollingUpdateDeploymentV1 RollingUpdate { get; set; } = new();
}

/// <summary>How many pods may be missing or too many during an update.</summary>
public sealed class RollingUpdateDeploymentV1
{
    /// <summary>Pods over the wanted number.</summary>
    public int MaxSurge { get; set; }

    /// <summary>Pods under the wanted number.</summary>
    public int MaxUnavailable { get; set; }
}

/// <summary>Pods with an identity and storage of their own.</summary>
public sealed class StatefulSet() : Workload("apps/v1", "StatefulSet")
{
    /// <summary>What is wanted.</summary>
    public StatefulSetSpecV1 Spec { get; set; } = new();

    /// <inheritdoc/>
    public override PodTemplateSpecV1 PodTemplate => Spec.Template;
}

/// <summary>What a <see cref="StatefulSet"/> wants.</summary>
public sealed class StatefulSetSpecV1
{
    /// <summary>How many pods.</summary>
    public int? Replicas { get; set; }

    /// <summary>How many old revisions are kept for a rollback.</summary>
    public int? RevisionHistoryLimit { get; set; } = 3;

    /// <summary>The Service that names the pods.</summary>
    public string ServiceName { get; set; } = null!;

    /// <summary>Which pods are its own.</summary>
    public LabelSelectorV1 Selector { get; set; } = new();

    /// <summary>What each pod is made from.</summary>
    public PodTemplateSpecV1 Template { get; set; } = new();
}

/// <summary>What a pod is made from.</summary>
public sealed class PodTemplateSpecV1
{
    /// <summary>Labels and annotations of the pod.</summary>
    public ObjectMetaV1 Metadata { get; set; } = new();

    /// <summary>The pod.</summary>
    public PodSpecV1 Spec { get; set; } = new();
}
