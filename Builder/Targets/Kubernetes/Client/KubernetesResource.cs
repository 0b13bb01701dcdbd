namespace Orrery.Builder.Targets.Kubernetes.Client;

/// <summary>A kind of object of the API server.</summary>
/// <param name="Group">Empty for the core group.</param>
internal sealed record KubernetesResource(string Group, string Version, string Plural, string Kind, bool IsNamespaced = true)
{
    public static readonly KubernetesResource Namespaces = new("", "v1", "namespaces", "Namespace", IsNamespaced: false);
    public static readonly KubernetesResource Nodes = new("", "v1", "nodes", "Node", IsNamespaced: false);
    public static readonly KubernetesResource Pods = new("", "v1", "pods", "Pod");
    public static readonly KubernetesResource Services = new("", "v1", "services", "Service");
    public static readonly KubernetesResource Secrets = new("", "v1", "secrets", "Secret");
    public static readonly KubernetesResource ConfigMaps = new("", "v1", "configmaps", "ConfigMap");
    public static readonly KubernetesResource Events = new("", "v1", "events", "Event");
    public static readonly KubernetesResource Claims = new("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim");
    public static readonly KubernetesResource ResourceQuotas = new("", "v1", "resourcequotas", "ResourceQuota");
    public static readonly KubernetesResource StatefulSets = new("apps", "v1", "statefulsets", "StatefulSet");
    public static readonly KubernetesResource NetworkPolicies = new("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy");
    public static readonly KubernetesResource DisruptionBudgets = new("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget");
    public static readonly KubernetesResource Leases = new("coordination.k8s.io", "v1", "leases", "Lease");

    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>The path of the collection, or of one object.</summary>
    /// <param name="ns">Absent: of the whole cluster.</param>
    public string Path(string? ns = null, string? name = null)
    {
        var root = Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}";
        return root + (ns is null ? "" : $"/namespaces/{Uri.EscapeDataString(ns)}") + $"/{Plural}" + (name is null ? "" : $"/{Uri.EscapeDataString(name)}");
    }

    /// <summary>How messages call an object: <c>StatefulSet 'qwen-r1' in namespace 'ai'</c>.</summary>
    public string Describe(string? ns, string name) => ns is null ? $"{Kind} '{name}'" : $"{Kind} '{name}' in namespace '{ns}'";
}
