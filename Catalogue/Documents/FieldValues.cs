using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Orrery.Contracts;

namespace Orrery.Catalogue.Documents;

/// <summary>Which scalars a field's type takes.</summary>
internal static class FieldValues
{
    public static bool IsOf(ScalarNode scalar, Type type) => scalar.Kind switch
    {
        ScalarKind.Boolean => type == typeof(bool),
        ScalarKind.Number when type == typeof(int) => int.TryParse(scalar.Value, CultureInfo.InvariantCulture, out _),
        ScalarKind.Number when type == typeof(long) => long.TryParse(scalar.Value, CultureInfo.InvariantCulture, out _),
        ScalarKind.Number => type == typeof(double),
        ScalarKind.Text when type == typeof(Duration) => Duration.TryParse(scalar.Value, out _),
        ScalarKind.Text when type == typeof(ByteSize) => ByteSize.TryParse(scalar.Value, out _),
        ScalarKind.Text when type == typeof(ParameterCount) => ParameterCount.TryParse(scalar.Value, out _),
        ScalarKind.Text when type == typeof(DateTimeOffset) => IsTime(scalar.Value),
        _ => false,
    };

    /// <summary>A value of the right type that the kind's rules can look at.</summary>
    public static JsonNode Harmless(JsonTypeInfo info)
    {
        var type = Nullable.GetUnderlyingType(info.Type) ?? info.Type;
        return (info.Kind, type) switch
        {
            (JsonTypeInfoKind.Enumerable, _) => new JsonArray(),
            (JsonTypeInfoKind.Dictionary, _) => new JsonObject(),
            (JsonTypeInfoKind.Object, _) => new JsonObject(ShapeCheck.Fields(info).Where(ShapeCheck.IsRequired)
                .Select(field => KeyValuePair.Create(field.Name, (JsonNode?)Harmless(ShapeCheck.TypeInfo(field.PropertyType))))),
            _ when type == typeof(string) => "",
            _ when type == typeof(bool) => false,
            _ when type == typeof(Duration) => "1s",
            _ when type == typeof(ByteSize) => "1GB",
            _ when type == typeof(ParameterCount) => "1B",
            _ when type == typeof(DateTimeOffset) => "2000-01-01T00:00:00Z",
            _ => 0,
        };
    }

    private static bool IsTime(string text) =>
        text.Length >= 20 && (text[^1] == 'Z' || text[^6] is '+' or '-')
        && JsonSerializer.SerializeToElement(text, ContractsJson.Default.String).TryGetDateTimeOffset(out _);

    /// <summary>PostgreSQL's jsonb takes neither U+0000 nor half a surrogate pair.</summary>
    public static bool IsStorable(string text) => !text.Contains('\0') && !HasLoneSurrogate(text);

    private static bool HasLoneSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !(char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[++i])))
            {
                return true;
            }
        }

        return false;
    }
}
