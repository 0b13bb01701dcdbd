using System.Text.Json.Nodes;

namespace Orrery.Tests.Kubernetes.Cluster;

/// <summary>A kind of object that the stand-in keeps.</summary>
internal sealed record ApiKind(string ApiVersion, string Kind, string Plural, bool IsNamespaced = true)
{
    public string Root => ApiVersion == "v1" ? "/api/v1" : $"/apis/{ApiVersion}";

    /// <summary>Whether its object or collection is at a path: <c>…/namespaces/NAMESPACE/PLURAL[/NAME]</c>, or without a namespace.</summary>
    public bool IsAt(string path) => path.StartsWith(Root + "/", StringComparison.Ordinal)
        && (IsNamespaced ? path[(Root.Length + 1)..].Split('/') is ["namespaces", _, var plural, ..] && plural == Plural : path[(Root.Length + 1)..].Split('/')[0] == Plural);
}

/// <summary>What a client learns of a server before it says anything else.</summary>
internal static class Discovery
{
    private static readonly ApiKind[] Kinds =
    [
        new("v1", "ConfigMap", "configmaps"), new("v1", "Secret", "secrets"), new("v1", "Service", "services"), new("v1", "ServiceAccount", "serviceaccounts"),
        new("v1", "PersistentVolumeClaim", "persistentvolumeclaims"), new("apps/v1", "Deployment", "deployments"), new("apps/v1", "StatefulSet", "statefulsets"),
        new("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"), new("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
        new("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"), new("networking.k8s.io/v1", "Ingress", "ingresses"),
        new("rbac.authorization.k8s.io/v1", "Role", "roles"), new("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),
        new("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", IsNamespaced: false), new("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", IsNamespaced: false),
    ];

    /// <summary>The kind whose object or collection is at a path.</summary>
    public static ApiKind? Find(string path) => Kinds.FirstOrDefault(kind => kind.IsAt(path));

    public static JsonNode? Answer(string path)
    {
        if (Kinds.Where(kind => kind.Root == path).ToList() is { Count: > 0 } found)
        {
            return new JsonObject
            {
                ["kind"] = "APIResourceList",
                ["apiVersion"] = "v1",
                ["groupVersion"] = found[0].ApiVersion,
                ["resources"] = new JsonArray([.. found.Select(Resource)]),
            };
        }

        return path switch
        {
            "/version" => new JsonObject { ["major"] = "1", ["minor"] = "32", ["gitVersion"] = "v1.32.0" },
            "/api" => new JsonObject { ["kind"] = "APIVersions", ["versions"] = new JsonArray("v1") },
            "/apis" => new JsonObject { ["kind"] = "APIGroupList", ["apiVersion"] = "v1", ["groups"] = new JsonArray([.. Kinds.Select(kind => kind.ApiVersion).Distinct().Where(one => one != "v1").Select(Group)]) },
            _ => null,
        };
    }

    private static JsonNode Resource(ApiKind kind) => new JsonObject
    {
        ["name"] = kind.Plural,
        ["singularName"] = "",
        ["namespaced"] = kind.IsNamespaced,
        ["kind"] = kind.Kind,
        ["verbs"] = new JsonArray("create", "delete", "get", "list", "patch", "update"),
    };

    private static JsonNode Group(string apiVersion)
    {
        JsonObject Version() => new() { ["groupVersion"] = apiVersion, ["version"] = apiVersion.Split('/')[1] };
        return new JsonObject { ["name"] = apiVersion.Split('/')[0], ["versions"] = new JsonArray(Version()), ["preferredVersion"] = Version() };
    }
}
