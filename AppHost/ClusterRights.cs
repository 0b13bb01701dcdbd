using Aspire.Hosting.Kubernetes.Resources;

namespace Orrery.AppHost;

/// <summary>What the Builder may do in a cluster: what it does there (Builder/Targets/Kubernetes/KubernetesPermissions.cs), and nothing else.</summary>
internal static class ClusterRights
{
    /// <summary>Of what has no namespace, or is looked at in all of them.</summary>
    private static readonly Rule[] Cluster =
    [
        new("", "nodes", "get", "list"),
        new("", "pods", "list", "watch"),
        new("", "namespaces", "get", "create", "patch"),
        new("apps", "statefulsets", "list", "watch"),
    ];

    /// <summary>In the models' namespaces, which it makes itself: so in all.</summary>
    private static readonly Rule[] Models =
    [
        new("apps", "statefulsets", "get", "create", "patch", "delete"),
        new("", "services", "get", "list", "create", "patch", "delete"),
        new("", "secrets", "get", "create", "patch", "delete"),
        new("", "configmaps", "get", "list", "create", "patch", "delete"),
        new("batch", "jobs", "get", "create", "patch", "delete"),
        new("", "pods", "delete"),
        new("", "pods/log", "get"),
        new("", "events", "list"),
        new("", "persistentvolumeclaims", "get", "create", "patch"),
        new("", "resourcequotas", "list"),
        new("policy", "poddisruptionbudgets", "get", "list", "create", "patch", "delete"),
        new("networking.k8s.io", "networkpolicies", "get", "list", "create", "patch", "delete"),
    ];

    /// <summary>In its own namespace.</summary>
    private static readonly Rule[] Home = [new("coordination.k8s.io", "leases", "get", "create", "update")];

    /// <summary>Lets it call the API server, with these rights. Who has an account of the values' instead gives the rights to that.</summary>
    public static IResourceBuilder<ProjectResource> WithClusterRights(this IResourceBuilder<ProjectResource> project) => project.PublishAsKubernetesService(objects =>
    {
        const string InCluster = "{{ .Release.Namespace }}-{{ .Release.Name }}-"; // Names there are those of all installations.
        var name = project.Resource.Name;
        objects.Workload!.PodTemplate.Spec.AutomountServiceAccountToken = true;
        objects.Workload.Metadata.Annotations["kubernetes.io/description"] = "runs what is declared as ModelDeployment, in a namespace orrery-ORGANISATION for each organisation";
        Give("ClusterRole", $"{InCluster}{name}", Cluster);
        Give("ClusterRole", $"{InCluster}{name}-models", Models);
        Give("Role", name, Home);

        void Give(string kind, string rights, Rule[] rules)
        {
            var role = new Role(kind, $"{rights}-{kind.ToLowerInvariant()}", rules);
            objects.AdditionalResources.AddRange([role, new RoleBinding(role, $"{rights}-{kind.ToLowerInvariant()}binding", name)]);
        }
    });

    internal sealed record Rule(string Group, string Resource, params string[] Verbs);
}

/// <summary>Rights: a Role or a ClusterRole.</summary>
internal sealed class Role : BaseKubernetesResource
{
    public Role(string kind, string name, IEnumerable<ClusterRights.Rule> rules)
        : base("rbac.authorization.k8s.io/v1", kind)
    {
        Metadata.Name = name;
        Rules = [.. rules.Select(rule => new Dictionary<string, object>
        {
            ["apiGroups"] = new List<string> { rule.Group },
            ["resources"] = new List<string> { rule.Resource },
            ["verbs"] = rule.Verbs.ToList(),
        })];
    }

    public List<Dictionary<string, object>> Rules { get; }
}

/// <summary>Gives rights to a workload's account.</summary>
internal sealed class RoleBinding : BaseKubernetesResource
{
    public RoleBinding(Role role, string name, string workload)
        : base("rbac.authorization.k8s.io/v1", $"{role.Kind}Binding")
    {
        Metadata.Name = name;
        RoleRef = new() { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = role.Kind!, ["name"] = role.Metadata.Name };
        Subjects =
        [
            new()
            {
                ["kind"] = "ServiceAccount",
                ["name"] = $"{{{{ .Values.workloads.{workload}.serviceAccount.name | default \"{workload}-serviceaccount\" }}}}",
                ["namespace"] = "{{ .Release.Namespace }}",
            },
        ];
    }

    public Dictionary<string, string> RoleRef { get; }

    public List<Dictionary<string, string>> Subjects { get; }
}
