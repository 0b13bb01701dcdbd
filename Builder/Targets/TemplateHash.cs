using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Orrery.Builder.Targets;

/// <summary>What a template says, in few characters: the same for the same content, in whatever order a store has kept it.</summary>
internal static class TemplateHash
{
    // What is left at its default is left out, so that a field more in a later release changes nobody's hash.
    private static readonly JsonSerializerOptions Format = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault };

    public static string Of(RevisionTemplate template)
    {
        var text = Sorted(JsonSerializer.SerializeToNode(template, Format))!.ToJsonString();
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => KeyValuePair.Create(one.Key, Sorted(one.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
