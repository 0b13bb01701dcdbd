using Orrery.Builder.Targets.Kubernetes.Client;

namespace Orrery.Builder.Targets.Kubernetes;

/// <summary>One line of a role.</summary>
/// <param name="Resource">With its subresource: <c>pods/log</c>.</param>
/// <param name="Why">For the reader of the role.</param>
internal sealed record PermissionRule(string Group, string Resource, IReadOnlyList<string> Verbs, PermissionScope Scope, string Why);

internal enum PermissionScope
{
    /// <summary>A ClusterRole that is bound in the cluster: the resource has no namespace, or is looked at in all of them.</summary>
    Cluster,

    /// <summary>In the models' namespaces: bound in each of them, or in the cluster where the Builder makes namespaces itself.</summary>
    Models,

    /// <summary>In the Builder's own namespace.</summary>
    Home,
}

/// <summary>Everything that the Builder does in a cluster, as the rules of its roles. A test holds it against the requests that are made.</summary>
internal static class KubernetesPermissions
{
    public static readonly IReadOnlyList<PermissionRule> All =
    [
        new("", KubernetesResource.Nodes.Plural, ["get", "list"], PermissionScope.Cluster, "What GPUs there are and which are free, and whether a replica's node is lost."),
        new("", KubernetesResource.Pods.Plural, ["list", "watch"], PermissionScope.Cluster, "What pods of others have taken of the nodes; and replicas, as they change."),
        new("", KubernetesResource.Namespaces.Plural, ["get", "create", "patch"], PermissionScope.Cluster, "An organisation's namespace and its labels."),
        new("apps", KubernetesResource.StatefulSets.Plural, ["list", "watch"], PermissionScope.Cluster, "Revisions, as they change."),

        new("apps", KubernetesResource.StatefulSets.Plural, ["get", "create", "patch", "delete"], PermissionScope.Models, "A revision's replicas."),
        new("", KubernetesResource.Services.Plural, ["get", "list", "create", "patch", "delete"], PermissionScope.Models, "The names of a revision's replicas in DNS."),
        // Not "list": whoever may list Secrets has read them.
        new("", KubernetesResource.Secrets.Plural, ["get", "create", "patch", "delete"], PermissionScope.Models, "A revision's secret variables, each by its name."),
        new("", KubernetesResource.ConfigMaps.Plural, ["get", "list", "create", "patch", "delete"], PermissionScope.Models, "A revision's files, and what an image is built of."),
        new("batch", KubernetesResource.Jobs.Plural, ["get", "create", "patch", "delete"], PermissionScope.Models, "Builds of images."),
        new("", KubernetesResource.Pods.Plural, ["delete"], PermissionScope.Models, "Pods of lost nodes, and pods that nobody owns any more."),
        new("", "pods/log", ["get"], PermissionScope.Models, "What a replica's server writes, and why it ended."),
        new("", KubernetesResource.Events.Plural, ["list"], PermissionScope.Models, "Why a replica does not start."),
        new("", KubernetesResource.Claims.Plural, ["get", "create", "patch"], PermissionScope.Models, "The claim that keeps the models; it is made and never deleted."),
        new("", KubernetesResource.ResourceQuotas.Plural, ["list"], PermissionScope.Models, "What a namespace may use."),
        new("policy", KubernetesResource.DisruptionBudgets.Plural, ["get", "list", "create", "patch", "delete"], PermissionScope.Models, "So that nodes are drained of one replica after the other."),
        new("networking.k8s.io", KubernetesResource.NetworkPolicies.Plural, ["get", "list", "create", "patch", "delete"], PermissionScope.Models, "Who may talk to the models."),

        new("coordination.k8s.io", KubernetesResource.Leases.Plural, ["get", "create", "update"], PermissionScope.Home, "Which of several Builders acts."),
    ];

    /// <summary>Whether a request is among them. Server-side apply asks for <c>patch</c>, and for <c>create</c> too where there was nothing.</summary>
    public static bool Allows(string group, string resource, string verb) => All.Any(rule => rule.Group == group && rule.Resource == resource && rule.Verbs.Contains(verb));
}
