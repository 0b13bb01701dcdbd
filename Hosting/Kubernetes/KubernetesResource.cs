using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes.Resources;

namespace Aspire.Hosting.Kubernetes;

/// <summary>The objects that one resource becomes, for whoever wants to change them before they are written.</summary>
/// <remarks>
/// What an operator can set has its default from here: replicas, resource requests and limits, node selector, tolerations, runtime
/// class, security contexts, and the specifications of a HorizontalPodAutoscaler and a NetworkPolicy among the additional resources.
/// </remarks>
public class KubernetesResource(string name, IResource resource, KubernetesEnvironmentResource kubernetesEnvironmentResource)
    : Resource(name), IResourceWithParent<KubernetesEnvironmentResource>
{
    /// <summary>The cluster.</summary>
    public KubernetesEnvironmentResource Parent { get; } = kubernetesEnvironmentResource;

    /// <summary>What runs the pods.</summary>
    public Workload? Workload { get; set; }

    /// <summary>Variables that are no secrets.</summary>
    public ConfigMap? ConfigMap { get; set; }

    /// <summary>The stable address; null for a resource without endpoints.</summary>
    public Service? Service { get; set; }

    /// <summary>Further objects.</summary>
    public List<BaseKubernetesResource> AdditionalResources { get; } = [];

    internal IResource TargetResource { get; } = resource;
}

/// <summary>Changes the objects of a resource before they are written.</summary>
internal sealed record KubernetesCustomization(Action<KubernetesResource> Configure) : IResourceAnnotation;
