using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Orrery.Catalogue.Documents;

namespace Orrery.Tests.Catalogue;

public sealed class DocumentEqualityTests
{
    private static readonly Gen<string> Texts = Gen.Elements("no", "yes", "null", "~", "1", "0x1", "1e3", "a: b", "#x", "- y", "", " ", "ü€😀", "\t\n", "\"q\"", "\\", "a'b", "true", "http://h/v1?x=y", "&a", "*a", "{", "]");

    [Fact]
    public void Yaml_and_json_of_the_same_document_are_read_alike()
    {
        Prop.ForAll(Arb.From(Values(3)), value =>
        {
            var json = value.ToJsonString();
            var fromJson = Read(json);
            var fromYaml = Read("---\n" + Yaml(value, 0));
            var fromJsonAsYaml = Read("--- " + JsonSerializer.Serialize(value, Relaxed));
            return fromJson == Canonical(value) && fromYaml == fromJson && fromJsonAsYaml == fromJson;
        }).QuickCheckThrowOnFailure();
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true };

    private static Gen<JsonNode> Values(int depth)
    {
        var scalars = Gen.OneOf(
            Texts.Select(text => (JsonNode)JsonValue.Create(text)),
            Gen.Choose(-1_000_000, 1_000_000).Select(number => (JsonNode)JsonValue.Create(number)),
            Gen.Choose(-1_000, 1_000).Select(number => (JsonNode)JsonValue.Create(number / 8.0)),
            Gen.Elements(true, false).Select(flag => (JsonNode)JsonValue.Create(flag)));
        if (depth == 0)
        {
            return scalars;
        }

        var inner = Values(depth - 1);
        return Gen.OneOf(
            scalars.Select(scalar => (JsonNode)new JsonObject { ["only"] = scalar.DeepClone() }),
            inner.ListOf().Select(items => (JsonNode)new JsonObject { ["list"] = new JsonArray([.. items.Select(item => item.DeepClone())]) }),
            inner.ListOf().SelectMany(_ => Gen.ArrayOf(Texts), (items, names) => (JsonNode)new JsonObject(
                names.Distinct().Zip(items, (name, item) => KeyValuePair.Create(name, (JsonNode?)item.DeepClone())))));
    }

    /// <summary>Block style as people write it; texts in double quotes, whose escapes YAML shares with JSON.</summary>
    private static string Yaml(JsonNode? node, int indent)
    {
        var pad = new string(' ', indent);
        return node switch
        {
            JsonObject { Count: 0 } => pad + "{}\n",
            JsonArray { Count: 0 } => pad + "[]\n",
            JsonObject mapping => string.Concat(mapping.Select(entry => $"{pad}{Quoted(entry.Key)}:\n{Yaml(entry.Value, indent + 2)}")),
            JsonArray list => string.Concat(list.Select(item => $"{pad}-\n{Yaml(item, indent + 2)}")),
            JsonValue text when text.TryGetValue<string>(out var value) => $"{pad}{Quoted(value)}\n",
            _ => $"{pad}{node!.ToJsonString()}\n",
        };
    }

    private static string Quoted(string text) => JsonSerializer.Serialize(text, Relaxed);

    private static string Read(string text)
    {
        var errors = new FieldErrorList();
        var node = text.StartsWith("---", StringComparison.Ordinal) ? YamlDocuments.Read(text, errors).FirstOrDefault() : JsonDocuments.Read(Encoding.UTF8.GetBytes(text), errors);
        return errors.Any ? "refused: " + errors.All[0] : Canonical(node!.ToJson()!);
    }

    private static string Canonical(JsonNode node) => node.ToJsonString(Relaxed);
}
