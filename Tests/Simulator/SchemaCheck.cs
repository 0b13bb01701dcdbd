using System.Text.Json;
using System.Text.RegularExpressions;

namespace Orrery.Tests.Simulator;

/// <summary>A small JSON Schema validator of the tests' own: it shares nothing with what makes the values.</summary>
internal static class SchemaCheck
{
    /// <summary>Keywords that need no check, or none for a value of another kind.</summary>
    private static readonly HashSet<string> Known =
    [
        "$defs", "title", "description", "properties", "required", "items", "prefixItems", "additionalProperties", "minItems", "maxItems", "uniqueItems",
        "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    ];

    /// <summary>Every place where <paramref name="value"/> breaks <paramref name="schema"/>.</summary>
    public static List<string> Breaches(JsonElement schema, JsonElement value)
    {
        var breaches = new List<string>();
        Check(schema, schema, value, "$", breaches);
        return breaches;
    }

    private static bool Accepts(JsonElement root, JsonElement schema, JsonElement value)
    {
        var breaches = new List<string>();
        Check(root, schema, value, "$", breaches);
        return breaches.Count == 0;
    }

    private static void Check(JsonElement root, JsonElement schema, JsonElement value, string path, List<string> breaches)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            Require(schema.ValueKind == JsonValueKind.True, "false schema");
            return;
        }

        foreach (var keyword in schema.EnumerateObject())
        {
            CheckKeyword(keyword.Name, keyword.Value);
        }

        void Require(bool holds, string rule)
        {
            if (!holds)
            {
                breaches.Add($"{path}: {rule} of {schema.GetRawText()} by {value.GetRawText()}");
            }
        }

        void CheckKeyword(string name, JsonElement rule)
        {
            switch (name)
            {
                case "$ref":
                    var target = rule.GetString()!.Split('/').Skip(1).Aggregate(root, (at, step) => at.GetProperty(step));
                    Check(root, target, value, path, breaches);
                    break;
                case "const":
                    Require(JsonElement.DeepEquals(rule, value), name);
                    break;
                case "enum":
                    Require(rule.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)), name);
                    break;
                case "type":
                    var types = rule.ValueKind == JsonValueKind.Array ? rule.EnumerateArray().Select(one => one.GetString()!) : [rule.GetString()!];
                    Require(types.Any(type => IsOfType(type, value)), name);
                    break;
                case "anyOf":
                    Require(rule.EnumerateArray().Any(one => Accepts(root, one, value)), name);
                    break;
                case "oneOf":
                    Require(rule.EnumerateArray().Count(one => Accepts(root, one, value)) == 1, name);
                    break;
                case "allOf":
                    Require(rule.EnumerateArray().All(one => Accepts(root, one, value)), name);
                    break;
                case "properties" when value.ValueKind == JsonValueKind.Object:
                    foreach (var property in rule.EnumerateObject().Where(property => value.TryGetProperty(property.Name, out _)))
                    {
                        Check(root, property.Value, value.GetProperty(property.Name), $"{path}.{property.Name}", breaches);
                    }

                    break;
                case "additionalProperties" when value.ValueKind == JsonValueKind.Object && rule.ValueKind == JsonValueKind.False:
                    var known = schema.TryGetProperty("properties", out var properties) ? properties.EnumerateObject().Select(one => one.Name).ToHashSet() : [];
                    Require(value.EnumerateObject().All(property => known.Contains(property.Name)), name);
                    break;
                case "required" when value.ValueKind == JsonValueKind.Object:
                    Require(rule.EnumerateArray().All(one => value.TryGetProperty(one.GetString()!, out _)), name);
                    break;
                case "items" when value.ValueKind == JsonValueKind.Array:
                    var skipped = schema.TryGetProperty("prefixItems", out var prefix) ? prefix.GetArrayLength() : 0;
                    foreach (var item in value.EnumerateArray().Skip(skipped))
                    {
                        Check(root, rule, item, $"{path}[]", breaches);
                    }

                    break;
                case "prefixItems" when value.ValueKind == JsonValueKind.Array:
                    foreach (var (item, one) in value.EnumerateArray().Zip(rule.EnumerateArray()))
                    {
                        Check(root, one, item, $"{path}[]", breaches);
                    }

                    break;
                case "minProperties" when value.ValueKind == JsonValueKind.Object:
                    Require(value.EnumerateObject().Count() >= rule.GetInt32(), name);
                    break;
                case "minItems" when value.ValueKind == JsonValueKind.Array:
                    Require(value.GetArrayLength() >= rule.GetInt32(), name);
                    break;
                case "maxItems" when value.ValueKind == JsonValueKind.Array:
                    Require(value.GetArrayLength() <= rule.GetInt32(), name);
                    break;
                case "uniqueItems" when rule.GetBoolean() && value.ValueKind == JsonValueKind.Array:
                    Require(value.EnumerateArray().Select(one => one.GetRawText()).Distinct().Count() == value.GetArrayLength(), name);
                    break;
                case "minLength" when value.ValueKind == JsonValueKind.String:
                    Require(value.GetString()!.Length >= rule.GetInt32(), name);
                    break;
                case "maxLength" when value.ValueKind == JsonValueKind.String:
                    Require(value.GetString()!.Length <= rule.GetInt32(), name);
                    break;
                case "pattern" when value.ValueKind == JsonValueKind.String:
                    Require(Regex.IsMatch(value.GetString()!, rule.GetString()!), name);
                    break;
                case "format" when value.ValueKind == JsonValueKind.String:
                    Require(IsFormatted(rule.GetString()!, value.GetString()!), name);
                    break;
                case "minimum" when value.ValueKind == JsonValueKind.Number:
                    Require(value.GetDouble() >= rule.GetDouble(), name);
                    break;
                case "maximum" when value.ValueKind == JsonValueKind.Number:
                    Require(value.GetDouble() <= rule.GetDouble(), name);
                    break;
                case "exclusiveMinimum" when value.ValueKind == JsonValueKind.Number:
                    Require(value.GetDouble() > rule.GetDouble(), name);
                    break;
                case "exclusiveMaximum" when value.ValueKind == JsonValueKind.Number:
                    Require(value.GetDouble() < rule.GetDouble(), name);
                    break;
                case "multipleOf" when value.ValueKind == JsonValueKind.Number:
                    Require(value.GetDecimal() % rule.GetDecimal() == 0, name);
                    break;
                default:
                    Require(Known.Contains(name), "unknown keyword " + name);
                    break;
            }
        }
    }

    private static bool IsOfType(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        _ => value.ValueKind == JsonValueKind.Number,
    };

    private static bool IsFormatted(string format, string text) => format switch
    {
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", out _),
        "date-time" => DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out _),
        "email" => Regex.IsMatch(text, "^[a-z]+@[a-z.]+$"),
        "uuid" => Guid.TryParse(text, out _),
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _),
        "ipv4" => System.Net.IPAddress.TryParse(text, out _),
        _ => false,
    };
}
