using System.Text.Json;
using Orrery.Simulator.Text;

namespace Orrery.Simulator.Api;

/// <summary>What the answer's text must be, where the request says so: a JSON object, a schema, a choice, a pattern.</summary>
internal abstract record AnswerFormat
{
    internal sealed record Schema(JsonElement Value, string Field) : AnswerFormat;

    internal sealed record Choice(IReadOnlyList<string> Texts) : AnswerFormat;

    internal sealed record Pattern(string Value, string Field) : AnswerFormat;

    private static readonly JsonElement AnyObject = JsonDocument.Parse("""
        {"type":"object","properties":{"topic":{"type":"string"},"summary":{"type":"string","minLength":20},
        "points":{"type":"array","items":{"type":"string"},"minItems":1,"maxItems":4},"confidence":{"type":"number","minimum":0,"maximum":1}},
        "required":["topic","summary","points","confidence"]}
        """).RootElement;

    /// <summary>Reads <c>response_format</c>, <c>structured_outputs</c> and the older <c>guided_*</c>; null: free text.</summary>
    public static AnswerFormat? Read(Fields body)
    {
        if (body.Object("response_format") is { } format)
        {
            return ReadResponseFormat(body, body.Inner(format, "response_format"));
        }

        if (body.Object("structured_outputs") is { } structured)
        {
            return ReadGuided(body.Inner(structured, "structured_outputs"), "");
        }

        return ReadGuided(body, "guided_");
    }

    /// <summary>A text of this format for the answer with this random source, or why there is none.</summary>
    public (string? Text, string? Fault) Sample(Random random, IReadOnlyList<string> topics)
    {
        switch (this)
        {
            case Schema schema:
                var (json, fault) = SchemaSampler.Sample(schema.Value, random, topics);
                return (json, fault is null ? null : $"{schema.Field}: the schema {fault}.");
            case Choice choice:
                return (choice.Texts[random.Next(choice.Texts.Count)], null);
            default:
                var pattern = (Pattern)this;
                return PatternSampler.TrySample(pattern.Value, random, 0, int.MaxValue, out var text)
                    ? (text, null)
                    : (null, $"{pattern.Field}: expected a pattern of literals, classes, groups, | and quantifiers, got '{pattern.Value}'.");
        }
    }

    private static AnswerFormat? ReadResponseFormat(Fields body, Fields format)
    {
        switch (format.Text("type"))
        {
            case "text":
                return null;
            case "json_object":
                return new Schema(AnyObject, "response_format");
            case "json_schema":
                if (format.Object("json_schema") is { } wrapper && format.Inner(wrapper, "json_schema").Object("schema") is { } schema)
                {
                    return new Schema(schema, "response_format.json_schema.schema");
                }

                body.Fault("response_format.json_schema.schema", "a JSON Schema object");
                return null;
            default:
                body.Fault("response_format.type", "one of text, json_object, json_schema", format.Any("type"));
                return null;
        }
    }

    private static AnswerFormat? ReadGuided(Fields fields, string prefix)
    {
        if (fields.Any(prefix + "json") is { } json)
        {
            return ReadJson(fields, prefix + "json", json);
        }

        if (fields.Text(prefix + "regex") is { } pattern)
        {
            return new Pattern(pattern, fields.Path(prefix + "regex"));
        }

        if (fields.Array(prefix + "choice") is { } choice)
        {
            var texts = fields.Texts(prefix + "choice", 1_000);
            if (texts.Count > 0)
            {
                return new Choice(texts);
            }

            fields.Fault(prefix + "choice", "a list of at least one string", choice);
        }

        return prefix.Length == 0 && fields.Flag("json_object") ? new Schema(AnyObject, fields.Path("json_object")) : null;
    }

    /// <summary>vLLM takes the schema as an object or as its text.</summary>
    private static AnswerFormat? ReadJson(Fields fields, string name, JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Object)
        {
            return new Schema(json, fields.Path(name));
        }

        try
        {
            if (Fields.TryText(json, out var text))
            {
                using var document = JsonDocument.Parse(text);
                if (UnicodeCheck.IsValid(document.RootElement))
                {
                    return new Schema(document.RootElement.Clone(), fields.Path(name));
                }
            }
        }
        catch (JsonException error)
        {
            fields.Fault(name, $"a JSON Schema ({error.Message})");
            return null;
        }

        fields.Fault(name, "a JSON Schema", json);
        return null;
    }
}
