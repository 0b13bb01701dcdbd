using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Orrery.Contracts;

/// <summary>How many parameters a model has, as model cards write it: <c>82M</c>, <c>8.19B</c>, <c>1.03T</c>.</summary>
[JsonConverter(typeof(ParameterCountJsonConverter))]
public readonly partial record struct ParameterCount(double Value)
{
    public const string Expectation = "a number of parameters such as 82M, 8.19B or 1T";

    [JsonIgnore]
    public double Billions => Value / 1e9;

    public static bool TryParse(string? text, out ParameterCount count)
    {
        count = default;
        if (string.IsNullOrEmpty(text) || Pattern.Match(text) is not { Success: true } match)
        {
            return false;
        }

        count = new ParameterCount(double.Parse(match.Groups["n"].ValueSpan, CultureInfo.InvariantCulture) * match.Groups["u"].Value[0] switch
        {
            'K' => 1e3,
            'M' => 1e6,
            'B' => 1e9,
            _ => 1e12,
        });
        return true;
    }

    public override string ToString()
    {
        var (size, name) = Value switch
        {
            >= 1e12 => (1e12, "T"),
            >= 1e9 => (1e9, "B"),
            >= 1e6 => (1e6, "M"),
            _ => (1e3, "K"),
        };
        return (Value / size).ToString("0.######", CultureInfo.InvariantCulture) + name;
    }

    [GeneratedRegex(@"^(?<n>[0-9]{1,6}(?:\.[0-9]{1,6})?) ?(?<u>[KMBT])\z")]
    private static partial Regex Pattern { get; }
}

/// <summary>A number of parameters as JSON: a text.</summary>
public sealed class ParameterCountJsonConverter : JsonConverter<ParameterCount>
{
    public override ParameterCount Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && ParameterCount.TryParse(reader.GetString(), out var count)
            ? count
            : throw new JsonException($"Expected {ParameterCount.Expectation}.");

    public override void Write(Utf8JsonWriter writer, ParameterCount value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
