using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Orrery.Contracts;

/// <summary>A length of time as documents write it: <c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>1h30m</c>, <c>7d</c>.</summary>
[JsonConverter(typeof(DurationJsonConverter))]
public readonly partial record struct Duration(TimeSpan Value)
{
    public const string Expectation = "a duration such as 500ms, 30s, 5m, 1h30m or 7d";

    public static implicit operator TimeSpan(Duration duration) => duration.Value;

    public static bool TryParse(string? text, out Duration duration)
    {
        duration = default;
        if (string.IsNullOrEmpty(text) || Pattern.Match(text) is not { Success: true } match)
        {
            return false;
        }

        var milliseconds = 0.0;
        for (var i = 0; i < match.Groups["n"].Captures.Count; i++)
        {
            var number = double.Parse(match.Groups["n"].Captures[i].ValueSpan, CultureInfo.InvariantCulture);
            milliseconds += number * (match.Groups["u"].Captures[i].Value switch
            {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                _ => 86_400_000,
            });
        }

        if (milliseconds > TimeSpan.FromDays(3650).TotalMilliseconds)
        {
            return false;
        }

        duration = new Duration(TimeSpan.FromMilliseconds(milliseconds));
        return true;
    }

    /// <summary>The shortest text that <see cref="TryParse"/> reads back to the same value.</summary>
    public override string ToString()
    {
        if (Value == TimeSpan.Zero)
        {
            return "0s";
        }

        var text = "";
        var rest = Value;
        foreach (var (unit, length) in Units)
        {
            var count = (long)(rest / length);
            if (count > 0)
            {
                text += count.ToString(CultureInfo.InvariantCulture) + unit;
                rest -= length * count;
            }
        }

        return text;
    }

    private static readonly (string Unit, TimeSpan Length)[] Units =
    [
        ("d", TimeSpan.FromDays(1)), ("h", TimeSpan.FromHours(1)), ("m", TimeSpan.FromMinutes(1)),
        ("s", TimeSpan.FromSeconds(1)), ("ms", TimeSpan.FromMilliseconds(1)),
    ];

    [GeneratedRegex(@"^(?:(?<n>[0-9]{1,9}(?:\.[0-9]{1,3})?)(?<u>ms|s|m|h|d))+\z")]
    private static partial Regex Pattern { get; }
}

/// <summary>A duration as JSON: a text.</summary>
public sealed class DurationJsonConverter : JsonConverter<Duration>
{
    public override Duration Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Duration.TryParse(reader.GetString(), out var duration)
            ? duration
            : throw new JsonException($"Expected {Duration.Expectation}.");

    public override void Write(Utf8JsonWriter writer, Duration value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
