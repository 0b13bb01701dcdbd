using System.Text.Json;

namespace Orrery.Simulator.Text;

/// <summary>
/// One schema with its references followed, its alternatives decided and its <c>allOf</c> merged: what is left is a constant or a type with limits.
/// </summary>
internal sealed class SchemaView
{
    private const int MostReferences = 64;

    private readonly Dictionary<string, JsonElement> _keywords = [];
    private readonly Dictionary<string, JsonElement> _properties = [];
    private readonly JsonElement _root;
    private readonly Random _random;
    private readonly bool _isShort;
    private int _references;

    public SchemaView(JsonElement root, JsonElement schema, bool isShort, Random random)
    {
        (_root, _random, _isShort) = (root, random, isShort);
        Merge(schema);
        Type = Fault is null ? DecideType() : "null";
        if (Fault is null)
        {
            Constant = DecideConstant();
        }
    }

    public static JsonElement AnyString { get; } = JsonDocument.Parse("""{"type":"string"}""").RootElement;

    public string? Fault { get; private set; }

    public JsonElement? Constant { get; }

    public string Type { get; }

    public IReadOnlyDictionary<string, JsonElement> Properties => _properties;

    public HashSet<string> Required { get; } = [];

    public JsonElement? Items => Keyword("items", JsonValueKind.Object);

    public JsonElement? AdditionalProperties => Keyword("additionalProperties", JsonValueKind.Object);

    public IReadOnlyList<JsonElement> PrefixItems => Keyword("prefixItems", JsonValueKind.Array) is { } items ? [.. items.EnumerateArray()] : [];

    /// <summary><c>items: false</c>: nothing may follow the prefix.</summary>
    public bool ClosesItems => _keywords.TryGetValue("items", out var items) && items.ValueKind == JsonValueKind.False;

    public string? Text(string keyword) => Keyword(keyword, JsonValueKind.String)?.GetString();

    public bool Flag(string keyword) => _keywords.TryGetValue(keyword, out var value) && value.ValueKind == JsonValueKind.True;

    public double? Number(string keyword) => Keyword(keyword, JsonValueKind.Number)?.GetDouble();

    public long Integer(string keyword, long otherwise) =>
        Number(keyword) is { } number ? (long)Math.Clamp(number, -1e9, 1e9) : otherwise;

    private JsonElement? Keyword(string name, JsonValueKind kind) =>
        _keywords.TryGetValue(name, out var value) && value.ValueKind == kind ? value : null;

    private void Merge(JsonElement schema)
    {
        if (schema.ValueKind == JsonValueKind.True)
        {
            return;
        }

        if (schema.ValueKind != JsonValueKind.Object)
        {
            Fault ??= schema.ValueKind == JsonValueKind.False ? "allows no value (false)" : $"is {schema.ValueKind}; expected a schema object";
            return;
        }

        foreach (var keyword in schema.EnumerateObject())
        {
            MergeKeyword(keyword.Name, keyword.Value);
        }
    }

    private void MergeKeyword(string name, JsonElement value)
    {
        switch (name)
        {
            case "$ref":
                Follow(value);
                break;
            case "allOf" when value.ValueKind == JsonValueKind.Array:
                foreach (var part in value.EnumerateArray())
                {
                    Merge(part);
                }

                break;
            case "anyOf" or "oneOf" when value.ValueKind == JsonValueKind.Array:
                Decide(value, name);
                break;
            case "properties" when value.ValueKind == JsonValueKind.Object:
                foreach (var property in value.EnumerateObject())
                {
                    _properties[property.Name] = property.Value;
                }

                break;
            case "required" when value.ValueKind == JsonValueKind.Array:
                Required.UnionWith(value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!));
                break;
            default:
                _keywords[name] = value;
                break;
        }
    }

    private void Follow(JsonElement reference)
    {
        var pointer = reference.ValueKind == JsonValueKind.String ? reference.GetString()! : "";
        if (++_references > MostReferences || !pointer.StartsWith('#'))
        {
            Fault ??= _references > MostReferences
                ? $"refers to itself through $ref '{pointer}'"
                : $"has the $ref '{pointer}'; only #/... within the schema is known";
            return;
        }

        var target = _root;
        foreach (var step in pointer[1..].Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = Uri.UnescapeDataString(step).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (target.ValueKind != JsonValueKind.Object || !target.TryGetProperty(name, out target))
            {
                Fault ??= $"has the $ref '{pointer}', which leads nowhere";
                return;
            }
        }

        Merge(target);
    }

    private void Decide(JsonElement branches, string name)
    {
        var count = branches.GetArrayLength();
        if (count == 0)
        {
            Fault ??= $"has an empty {name}";
            return;
        }

        Merge(_isShort ? branches.EnumerateArray().MinBy(Weight) : branches[_random.Next(count)]);
    }

    /// <summary>How much a branch may still ask for; a reference may ask for anything.</summary>
    private static int Weight(JsonElement schema)
    {
        var text = schema.GetRawText();
        return text.Length + (text.Contains("\"$ref\"", StringComparison.Ordinal) ? 100_000 : 0);
    }

    private JsonElement? DecideConstant()
    {
        if (_keywords.TryGetValue("const", out var constant))
        {
            return constant;
        }

        if (!_keywords.TryGetValue("enum", out var values))
        {
            return null;
        }

        if (values.ValueKind != JsonValueKind.Array || values.GetArrayLength() == 0)
        {
            Fault = "has an enum without values";
            return null;
        }

        return values[_random.Next(values.GetArrayLength())];
    }

    private string DecideType()
    {
        if (!_keywords.TryGetValue("type", out var type))
        {
            return Implied();
        }

        if (type.ValueKind == JsonValueKind.String)
        {
            return type.GetString()!;
        }

        var names = type.ValueKind == JsonValueKind.Array
            ? type.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String).Select(name => name.GetString()!).ToList()
            : [];
        if (names.Count == 0)
        {
            Fault ??= "has a type that is neither a name nor a list of names";
            return "null";
        }

        return _isShort && names.Contains("null") ? "null" : names[_random.Next(names.Count)];
    }

    private string Implied()
    {
        if (_properties.Count > 0 || Required.Count > 0 || _keywords.ContainsKey("additionalProperties"))
        {
            return "object";
        }

        if (_keywords.ContainsKey("items") || _keywords.ContainsKey("prefixItems") || _keywords.ContainsKey("minItems"))
        {
            return "array";
        }

        var isNumber = _keywords.ContainsKey("minimum") || _keywords.ContainsKey("maximum") || _keywords.ContainsKey("multipleOf")
            || _keywords.ContainsKey("exclusiveMinimum") || _keywords.ContainsKey("exclusiveMaximum");
        return isNumber ? "number" : "string";
    }
}
