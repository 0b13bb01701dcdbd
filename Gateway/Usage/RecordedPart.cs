using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Gateway.Usage;

/// <summary>One part of a message, as OpenTelemetry names it.</summary>
/// <param name="type">The part's type.</param>
/// <param name="field">What its text is called; <c>null</c>: it has none.</param>
/// <param name="text">Its text.</param>
/// <param name="more">Short names beside it.</param>
internal sealed class RecordedPart(string type, string? field, string? text, params (string Name, string? Value)[] more)
{
    /// <summary>Read beyond what is kept, so that what is masked is seen whole at the cut.</summary>
    public const int Beyond = 1_024;

    /// <summary>What is too short yet to be known for a secret is shorter than this.</summary>
    private const int LongestBeginning = 256;

    private const int LongestName = 128;
    private string? _text = text;

    public static RecordedPart OfText(string? text) => new("text", "content", text ?? "");

    /// <summary>What a message of a request is made of.</summary>
    public static IEnumerable<RecordedPart> Of(JsonElement message)
    {
        if (message.Text("tool_call_id") is { } answered)
        {
            yield return new("tool_call_response", "response", message.Text("content") ?? string.Concat(message.Items("content").Select(part => part.Text("text"))), ("id", answered));
            yield break;
        }

        foreach (var part in message.Items("content"))
        {
            yield return part.Text("text") is { } text ? OfText(text) : new(part.Text("type") ?? "unknown", null, null);
        }

        if (message.Text("content") is { } content)
        {
            yield return OfText(content);
        }

        foreach (var call in message.Items("tool_calls"))
        {
            var function = call.Member("function");
            yield return new("tool_call", "arguments", function?.Text("arguments"), ("id", call.Text("id")), ("name", function?.Text("name")));
        }
    }

    /// <summary>Names are masked and cut like texts, only shorter.</summary>
    public static string Short(string name, TextMasks masks)
    {
        var seen = masks.Apply(name.Cut(2 * LongestName));
        return seen.Cut(LongestName, "…");
    }

    /// <summary>Masks the text and keeps as much of it as there is room for.</summary>
    public void Cut(TextMasks masks, ref int left)
    {
        if (_text is not { } all)
        {
            return;
        }

        var isCut = all.Length > left + Beyond;
        var seen = masks.Apply(isCut ? all[..(left + Beyond)] : all);

        // What stands at the end of a cut may be the beginning of something that would have been masked.
        var kept = Math.Min(left, isCut && !masks.Hid(seen) ? Math.Max(0, seen.Length - LongestBeginning) : seen.Length);
        kept -= kept > 0 && kept < seen.Length && char.IsHighSurrogate(seen[kept - 1]) ? 1 : 0;
        _text = kept == seen.Length && !isCut ? seen : $"{seen[..kept]}… ({all.Length} characters in all)";
        left -= kept;
    }

    public void Write(Utf8JsonWriter writer, TextMasks masks)
    {
        writer.WriteStartObject();
        writer.WriteString("type", Short(type, masks));
        foreach (var (name, value) in more)
        {
            if (value is not null)
            {
                writer.WriteString(name, Short(value, masks));
            }
        }

        if (_text is not null)
        {
            writer.WriteString(field!, _text);
        }

        writer.WriteEndObject();
    }
}

/// <summary>Reads JSON of which nothing is known: what is of another kind is not there.</summary>
internal static class LooseJson
{
    public static JsonElement? Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    public static string? Text(this JsonElement element, string name) => element.Member(name) is { ValueKind: JsonValueKind.String } text ? text.Text() : null;

    /// <summary>A string, even one that holds half a character, which no .NET string may: then as it was written.</summary>
    public static string Text(this JsonElement text)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return text.GetRawText().Trim('"');
        }
    }

    public static int? Number(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) ? value : null;
}
