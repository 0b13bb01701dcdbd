using System.Globalization;
using System.Text.Json;

namespace Orrery.Simulator.Api;

/// <summary>
/// Reads the fields of a request. What is wrong is noted, naming the field and what was expected, and reading goes on with the default;
/// null counts as absent, as vLLM has it.
/// </summary>
internal readonly struct Fields(JsonElement element, string path, List<string> faults)
{
    public List<string> Faults => faults;

    /// <summary>The faults as one refusal; null when there are none.</summary>
    public Refusal? Refusal => faults.Count == 0 ? null : Api.Refusal.BadRequest(string.Join(' ', faults));

    public string Path(string name) => path.Length == 0 ? name : $"{path}.{name}";

    public void Fault(string name, string expected, JsonElement? got = null) =>
        faults.Add($"{Path(name)}: expected {expected}{(got is { } value ? $", got {Shown(value)}" : "")}.");

    public JsonElement? Any(string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public string? Text(string name)
    {
        if (Any(name) is not { } value)
        {
            return null;
        }

        if (TryText(value, out var text))
        {
            return text;
        }

        Fault(name, "a string", value);
        return null;
    }

    public static bool TryText(JsonElement value, out string text)
    {
        text = value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        return value.ValueKind == JsonValueKind.String;
    }

    public bool Flag(string name, bool otherwise = false)
    {
        var value = Any(name);
        if (value is { ValueKind: not (JsonValueKind.True or JsonValueKind.False) })
        {
            Fault(name, "true or false", value);
        }

        return value?.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => otherwise,
        };
    }

    public long? Integer(string name, long min, long max)
    {
        if (Any(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= min && number <= max)
        {
            return number;
        }

        Fault(name, max == long.MaxValue ? $"an integer of at least {min}" : $"an integer from {min} to {max}", value);
        return null;
    }

    public double? Number(string name, double min, double max)
    {
        if (Any(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= min && number <= max)
        {
            return number;
        }

        Fault(name, string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}"), value);
        return null;
    }

    public JsonElement? Object(string name) => OfKind(name, JsonValueKind.Object, "an object");

    public JsonElement? Array(string name) => OfKind(name, JsonValueKind.Array, "an array");

    /// <summary>A string or a list of strings.</summary>
    public IReadOnlyList<string> Texts(string name, int most)
    {
        if (Any(name) is not { } value)
        {
            return [];
        }

        if (TryText(value, out var single))
        {
            return [single];
        }

        var texts = new List<string>();
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= most)
        {
            foreach (var item in value.EnumerateArray())
            {
                if (TryText(item, out var text))
                {
                    texts.Add(text);
                }
            }
        }

        if (value.ValueKind != JsonValueKind.Array || texts.Count != value.GetArrayLength())
        {
            Fault(name, $"a string or a list of at most {most} strings", value);
        }

        return texts;
    }

    public Fields Inner(JsonElement inner, string name) => new(inner, Path(name), faults);

    public static string Shown(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length > 60 ? string.Concat(text.AsSpan(0, 57), "...") : text;
    }

    private JsonElement? OfKind(string name, JsonValueKind kind, string expected)
    {
        var value = Any(name);
        if (value is null || value.Value.ValueKind == kind)
        {
            return value;
        }

        Fault(name, expected, value);
        return null;
    }
}
