using System.Text.Json.Nodes;

namespace Orrery.Tests.Kubernetes.Cluster;

/// <summary>
/// Applies what Helm sends in an upgrade, a strategic merge patch, as far as the chart's objects need it: maps are merged, null takes out,
/// lists of objects are merged by their key (<c>$patch: delete</c> takes out), other lists are replaced.
/// </summary>
internal static class MergePatch
{
    private static readonly string[] Keys = ["name", "mountPath", "containerPort", "port", "ip", "topologyKey"];

    public static JsonObject Apply(JsonObject stored, JsonObject patch)
    {
        var result = stored.DeepClone().AsObject();
        foreach (var (name, value) in patch.Where(member => !member.Key.StartsWith('$')))
        {
            switch (value)
            {
                case null:
                    result.Remove(name);
                    break;
                case JsonObject map when result[name] is JsonObject old && (string?)map["$patch"] != "replace":
                    result[name] = Apply(old, map);
                    break;
                case JsonArray list when result[name] is JsonArray old && KeyOf(list) is { } key:
                    result[name] = Apply(old, list, key);
                    break;
                default:
                    result[name] = value.DeepClone();
                    break;
            }
        }

        return result;
    }

    private static JsonArray Apply(JsonArray stored, JsonArray patch, string key)
    {
        var result = stored.Select(element => element!.DeepClone().AsObject()).ToList();
        foreach (var element in patch.Select(element => element!.AsObject()))
        {
            var at = result.FindIndex(old => JsonNode.DeepEquals(old[key], element[key]));
            if ((string?)element["$patch"] == "delete")
            {
                result.RemoveAll(old => JsonNode.DeepEquals(old[key], element[key]));
            }
            else if (at < 0)
            {
                result.Add(element.DeepClone().AsObject());
            }
            else
            {
                result[at] = Apply(result[at], element);
            }
        }

        return [.. result];
    }

    private static string? KeyOf(JsonArray list) =>
        list.All(element => element is JsonObject) ? Keys.FirstOrDefault(key => list.All(element => element!.AsObject().ContainsKey(key))) : null;
}
