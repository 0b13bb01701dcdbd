using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Orrery.Simulator.Text;

/// <summary>
/// Makes a JSON value that a JSON Schema accepts: const, enum, type, $ref (within the document), allOf, anyOf, oneOf, properties, required,
/// items, prefixItems and the limits of numbers, texts and arrays; <c>pattern</c> as far as <see cref="PatternSampler"/> goes.
/// </summary>
internal sealed class SchemaSampler
{
    private const int MostValues = 5_000;
    private const int DeepestValue = 48;

    /// <summary>From here on optional properties are left out and the shortest branch is taken, so that recursive schemas end.</summary>
    private const int DeepestChoice = 4;

    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly JsonElement _root;
    private readonly Random _random;
    private readonly StringSampler _strings;
    private int _values;
    private string? _fault;

    private SchemaSampler(JsonElement root, Random random, IReadOnlyList<string> topics)
    {
        _root = root;
        _random = random;
        _strings = new StringSampler(random, topics);
    }

    /// <returns>The JSON text, or the reason why the schema has none: a contradiction, endless recursion, a pattern beyond the sampler.</returns>
    public static (string? Json, string? Fault) Sample(JsonElement schema, Random random, IReadOnlyList<string> topics)
    {
        var sampler = new SchemaSampler(schema, random, topics);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Compact))
        {
            sampler.Write(json, schema, "$", 0);
        }

        return sampler._fault is null ? (Encoding.UTF8.GetString(buffer.WrittenSpan), null) : (null, sampler._fault);
    }

    private void Write(Utf8JsonWriter json, JsonElement written, string path, int depth)
    {
        if (++_values > MostValues || depth > DeepestValue)
        {
            Fail(json, path, depth > DeepestValue ? "requires itself without end" : $"asks for more than {MostValues} values");
            return;
        }

        var schema = new SchemaView(_root, written, depth > DeepestChoice, _random);
        if (schema.Fault is { } fault)
        {
            Fail(json, path, fault);
        }
        else if (schema.Constant is { } constant)
        {
            constant.WriteTo(json);
        }
        else
        {
            WriteType(json, schema, path, depth);
        }
    }

    private void WriteType(Utf8JsonWriter json, SchemaView schema, string path, int depth)
    {
        switch (schema.Type)
        {
            case "object":
                WriteObject(json, schema, path, depth);
                break;
            case "array":
                WriteArray(json, schema, path, depth);
                break;
            case "string":
                var (text, fault) = _strings.Sample(schema);
                if (text is null)
                {
                    Fail(json, path, fault!);
                }
                else
                {
                    json.WriteStringValue(text);
                }

                break;
            case "integer" or "number":
                if (NumberSampler.TrySample(schema, _random, out var number, out var unmet))
                {
                    json.WriteRawValue(number);
                }
                else
                {
                    Fail(json, path, unmet);
                }

                break;
            case "boolean":
                json.WriteBooleanValue(_random.Next(2) == 0);
                break;
            case "null":
                json.WriteNullValue();
                break;
            default:
                Fail(json, path, $"has the type '{schema.Type}'; expected object, array, string, integer, number, boolean or null");
                break;
        }
    }

    private void WriteObject(Utf8JsonWriter json, SchemaView schema, string path, int depth)
    {
        var isShort = depth >= DeepestChoice;
        json.WriteStartObject();
        var written = new HashSet<string>();
        foreach (var (name, property) in schema.Properties)
        {
            var isWanted = schema.Required.Contains(name)
                || (!isShort && _random.Next(3) > 0)
                || schema.Integer("minProperties", 0) > 0;
            if (isWanted && _fault is null)
            {
                written.Add(name);
                json.WritePropertyName(name);
                Write(json, property, $"{path}.{name}", depth + 1);
            }
        }

        foreach (var name in schema.Required.Where(name => !written.Contains(name)).ToList())
        {
            written.Add(name);
            json.WritePropertyName(name);
            Write(json, schema.AdditionalProperties ?? SchemaView.AnyString, $"{path}.{name}", depth + 1);
        }

        for (var i = 1; written.Count < schema.Integer("minProperties", 0) && _fault is null; i++)
        {
            var name = "field" + i.ToString(CultureInfo.InvariantCulture);
            if (written.Add(name))
            {
                json.WritePropertyName(name);
                Write(json, schema.AdditionalProperties ?? SchemaView.AnyString, $"{path}.{name}", depth + 1);
            }
        }

        json.WriteEndObject();
    }

    private void WriteArray(Utf8JsonWriter json, SchemaView schema, string path, int depth)
    {
        var prefix = schema.PrefixItems;
        var min = Math.Max(0, schema.Integer("minItems", 0));
        var max = schema.Integer("maxItems", long.MaxValue);
        if (min > max)
        {
            json.WriteStartArray();
            Fail(json, path, $"has minItems {min} above maxItems {max}");
            json.WriteEndArray();
            return;
        }

        var isShort = depth >= DeepestChoice;
        var count = Math.Clamp(isShort ? min : Math.Max(prefix.Count, min + _random.Next(1, 4)), min, max);
        if (schema.ClosesItems)
        {
            count = Math.Min(count, prefix.Count);
        }

        var isUnique = schema.Flag("uniqueItems");
        var seen = new HashSet<string>();
        json.WriteStartArray();
        for (var i = 0; i < count && _fault is null; i++)
        {
            var item = i < prefix.Count ? prefix[i] : schema.Items ?? SchemaView.AnyString;
            if (!isUnique)
            {
                Write(json, item, $"{path}[{i}]", depth + 1);
            }
            else if (Distinct(item, $"{path}[{i}]", depth + 1, seen) is { } distinct)
            {
                json.WriteRawValue(distinct);
            }
            else if (i < min)
            {
                Fail(json, path, $"has no {min} different items");
            }
        }

        json.WriteEndArray();
    }

    private string? Distinct(JsonElement item, string path, int depth, HashSet<string> seen)
    {
        for (var tries = 0; tries < 40; tries++)
        {
            var buffer = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(buffer, Compact))
            {
                Write(json, item, path, depth);
            }

            var text = Encoding.UTF8.GetString(buffer.WrittenSpan);
            if (seen.Add(text))
            {
                return text;
            }
        }

        return null;
    }

    private void Fail(Utf8JsonWriter json, string path, string fault)
    {
        _fault ??= $"{path} {fault}";
        json.WriteNullValue();
    }
}
