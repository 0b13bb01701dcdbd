using System.Globalization;
using System.Text.Json;
using YamlDotNet.RepresentationModel;

namespace Orrery.Tests.Gateway;

/// <summary>OpenAI's own API document. What it says about JSON values is checked as far as it says it: references, types, required and allowed fields, enumerations, alternatives.</summary>
internal sealed class OpenAiSchema
{
    private const string Prefix = "#/components/schemas/";
    private static readonly Lazy<OpenAiSchema> Shared = new(() => new OpenAiSchema(TestData.Require("openai/openapi-2.3.0.yaml")), LazyThreadSafetyMode.PublicationOnly);

    private readonly YamlMappingNode _schemas;

    private OpenAiSchema(string path)
    {
        using var text = new StringReader(string.Join('\n', WithoutTexts(File.ReadLines(path))));
        var yaml = new YamlStream();
        yaml.Load(text);
        _schemas = Map(Map((YamlMappingNode)yaml.Documents[0].RootNode, "components")!, "schemas")!;
    }

    /// <summary>Reads the document once; skips the running test where it is absent.</summary>
    public static OpenAiSchema Load() => Shared.Value;

    /// <summary>Fails with every place where <paramref name="json"/> is not what the document calls <paramref name="schema"/>.</summary>
    public void Validate(string schema, string json)
    {
        var faults = Faults(schema, json);
        Assert.True(faults.Count == 0, $"{json}\nis no {schema}: {string.Join("; ", faults)}");
    }

    /// <summary>Every place where <paramref name="json"/> is not what the document calls <paramref name="schema"/>.</summary>
    public IReadOnlyList<string> Faults(string schema, string json)
    {
        using var document = JsonDocument.Parse(json);
        var faults = new List<string>();
        Check(document.RootElement, Map(_schemas, schema) ?? throw new ArgumentException($"The document has no schema {schema}.", nameof(schema)), "$", faults);
        return faults;
    }

    private void Check(JsonElement value, YamlMappingNode schema, string at, List<string> faults)
    {
        if (value.ValueKind == JsonValueKind.Null && Text(schema, "nullable") == "true")
        {
            return; // As OpenAPI said it before 3.1, which some places still do.
        }

        if (Text(schema, "$ref") is { } reference)
        {
            Check(value, Map(_schemas, reference[Prefix.Length..])!, at, faults);
            return;
        }

        CheckAlternatives(value, schema, at, faults);
        if (Texts(schema, "type") is { Count: > 0 } types && !types.Any(type => IsOf(value, type)))
        {
            faults.Add($"{at} is {value.ValueKind}, expected {string.Join(" or ", types)}");
            return;
        }

        if (Texts(schema, "enum") is { Count: > 0 } allowed && !allowed.Contains(value.ToString()))
        {
            faults.Add($"{at} is '{value}', expected {string.Join(" or ", allowed)}");
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            CheckObject(value, schema, at, faults);
        }
        else if (value.ValueKind == JsonValueKind.Array && Map(schema, "items") is { } items)
        {
            for (var i = 0; i < value.GetArrayLength(); i++)
            {
                Check(value[i], items, $"{at}[{i}]", faults);
            }
        }
    }

    private void CheckAlternatives(JsonElement value, YamlMappingNode schema, string at, List<string> faults)
    {
        foreach (var part in List(schema, "allOf"))
        {
            Check(value, part, at, faults);
        }

        foreach (var alternatives in new[] { List(schema, "anyOf"), List(schema, "oneOf") }.Where(list => list.Count > 0))
        {
            var none = alternatives.Select(one =>
            {
                var own = new List<string>();
                Check(value, one, at, own);
                return own;
            }).ToList();
            if (none.TrueForAll(own => own.Count > 0))
            {
                faults.Add($"{at} is none of {none.Count} alternatives ({none[0][0]})");
            }
        }
    }

    private void CheckObject(JsonElement value, YamlMappingNode schema, string at, List<string> faults)
    {
        faults.AddRange(Texts(schema, "required").Where(name => !value.TryGetProperty(name, out _)).Select(name => $"{at}.{name} is missing"));
        var properties = Map(schema, "properties");
        foreach (var property in value.EnumerateObject())
        {
            if (properties is not null && Map(properties, property.Name) is { } known)
            {
                Check(property.Value, known, $"{at}.{property.Name}", faults);
            }
            else if (Text(schema, "additionalProperties") == "false")
            {
                faults.Add($"{at}.{property.Name} is not allowed");
            }
        }
    }

    /// <summary>Leaves out the block texts (descriptions, samples), some of which YAML's readers do not agree on, and what stands before the schemas.</summary>
    private static IEnumerable<string> WithoutTexts(IEnumerable<string> lines)
    {
        var textIndent = -1;
        foreach (var line in lines.SkipWhile(line => line != "components:"))
        {
            var indent = line.Length - line.TrimStart(' ').Length;
            if (textIndent >= 0 && (line.Length == indent || indent > textIndent))
            {
                continue;
            }

            var colon = line.LastIndexOf(": ", StringComparison.Ordinal);
            var opensText = colon >= 0 && colon + 2 < line.Length && (line[colon + 2] is '|' or '>') && line.AsSpan(colon + 2).IndexOfAnyExcept("|>-+0123456789") < 0;
            textIndent = opensText ? indent : -1;
            yield return opensText ? line[..colon] + ": \"\"" : line;
        }
    }

    private static bool IsOf(JsonElement value, string type) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "integer" => value.ValueKind == JsonValueKind.Number && decimal.IsInteger(decimal.Parse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture)),
        "number" => value.ValueKind == JsonValueKind.Number,
        _ => throw new InvalidOperationException($"The OpenAPI document has the type {type}, which this reader does not know."),
    };

    private static YamlMappingNode? Map(YamlMappingNode node, string key) => Child(node, key) as YamlMappingNode;

    private static List<YamlMappingNode> List(YamlMappingNode node, string key) => Child(node, key) is YamlSequenceNode list ? [.. list.OfType<YamlMappingNode>()] : [];

    private static string? Text(YamlMappingNode node, string key) => (Child(node, key) as YamlScalarNode)?.Value;

    private static List<string> Texts(YamlMappingNode node, string key) => Child(node, key) switch
    {
        YamlSequenceNode list => [.. list.OfType<YamlScalarNode>().Select(one => one.Value!)],
        YamlScalarNode { Value: { } one } => [one],
        _ => [],
    };

    private static YamlNode? Child(YamlMappingNode node, string key) => node.Children.TryGetValue(new YamlScalarNode(key), out var child) ? child : null;
}
