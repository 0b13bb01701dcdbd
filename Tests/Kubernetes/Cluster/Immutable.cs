using System.Text.Json.Nodes;

namespace Orrery.Tests.Kubernetes.Cluster;

/// <summary>Fields that an API server refuses to change once an object exists.</summary>
internal static class Immutable
{
    private static readonly string[] StatefulSetMay = ["replicas", "ordinals", "template", "updateStrategy", "persistentVolumeClaimRetentionPolicy", "minReadySeconds", "revisionHistoryLimit"];

    /// <summary>The first such field that differs; null: none.</summary>
    public static string? Change(ApiKind kind, JsonObject stored, JsonObject body) => kind.Kind switch
    {
        "Deployment" => Differs(stored, body, "spec", "selector"),
        "StatefulSet" => Without(stored["spec"]!, StatefulSetMay) is var a && Without(body["spec"]!, StatefulSetMay) is var b && JsonNode.DeepEquals(a, b) ? null : "spec",
        "PersistentVolumeClaim" => JsonNode.DeepEquals(Without(stored["spec"]!, ["resources"]), Without(body["spec"]!, ["resources"])) ? null : "spec",
        "Secret" => Differs(stored, body, "type"),
        "RoleBinding" or "ClusterRoleBinding" => Differs(stored, body, "roleRef"),
        _ => null,
    };

    private static string? Differs(JsonObject stored, JsonObject body, params string[] path)
    {
        JsonNode? a = stored, b = body;
        foreach (var name in path)
        {
            (a, b) = (a?[name], b?[name]);
        }

        return JsonNode.DeepEquals(a, b) ? null : string.Join('.', path);
    }

    private static JsonNode Without(JsonNode node, string[] members)
    {
        var copy = node.DeepClone().AsObject();
        foreach (var member in members)
        {
            copy.Remove(member);
        }

        return copy;
    }
}
