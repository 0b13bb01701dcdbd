using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orrery.Builder.Targets.Kubernetes.Client;

/// <summary>Reading objects of the API: what is absent, or is something else than expected, is null.</summary>
internal static class Json
{
    public static JsonObject? Map(this JsonNode? node, params ReadOnlySpan<string> path) => node.Find(path) as JsonObject;

    public static string? Text(this JsonNode? node, params ReadOnlySpan<string> path) => node.Find(path) is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    public static bool IsTrue(this JsonNode? node, params ReadOnlySpan<string> path) => node.Find(path) is JsonValue value && value.GetValueKind() == JsonValueKind.True;

    public static int? Whole(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.Find(path) is JsonValue value && value.GetValueKind() == JsonValueKind.Number && int.TryParse(value.ToJsonString(), CultureInfo.InvariantCulture, out var number) ? number : null;

    public static DateTimeOffset? Time(this JsonNode? node, params ReadOnlySpan<string> path) =>
        DateTimeOffset.TryParse(node.Text(path), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>The objects of a list.</summary>
    public static IEnumerable<JsonObject> Items(this JsonNode? node, params ReadOnlySpan<string> path) => (node.Find(path) as JsonArray ?? []).OfType<JsonObject>();

    public static string Name(this JsonObject item) => item.Text("metadata", "name") ?? "";

    public static string Uid(this JsonObject item) => item.Text("metadata", "uid") ?? "";

    public static string? Label(this JsonObject item, string name) => item.Text("metadata", "labels", name);

    public static IReadOnlyDictionary<string, string> Texts(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in node.Map(path) ?? [])
        {
            texts[name] = value.Text() ?? value?.ToJsonString() ?? "";
        }

        return texts;
    }

    private static JsonNode? Find(this JsonNode? node, ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            node = (node as JsonObject)?[name];
        }

        return node;
    }
}
