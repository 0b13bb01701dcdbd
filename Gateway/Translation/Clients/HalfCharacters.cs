using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Orrery.Gateway.Translation.Clients;

/// <summary>Strings with half a surrogate pair: JSON can write them, but no text can hold them, so that what repeats or stores them would fail later and elsewhere.</summary>
internal static class HalfCharacters
{
    /// <summary>Where the first one is, as a field's name; <c>null</c>: nowhere, or the text is no JSON.</summary>
    public static string? Find(ReadOnlySpan<byte> json, int maxDepth)
    {
        if (json.IndexOf("\\ud"u8) < 0 && json.IndexOf("\\uD"u8) < 0)
        {
            return null; // As nearly always.
        }

        var path = new List<Step>();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxDepth });
        try
        {
            while (reader.Read())
            {
                if (Follow(ref reader, path) && reader.ValueIsEscaped && !IsWhole(reader.ValueSpan))
                {
                    return Show(path);
                }
            }
        }
        catch (JsonException)
        {
            // Whoever parses it says where.
        }

        return null;
    }

    /// <summary>Keeps the path to what the reader stands on.</summary>
    /// <returns>Whether that is a text.</returns>
    private static bool Follow(ref Utf8JsonReader reader, List<Step> path)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                path.RemoveAt(path.Count - 1);
                return false;
            case JsonTokenType.PropertyName:
                path[^1] = new(Encoding.UTF8.GetString(reader.ValueSpan), 0);
                return true;
        }

        if (path is [.., { Name: null } place])
        {
            path[^1] = place with { Index = place.Index + 1 };
        }

        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            path.Add(new(reader.TokenType == JsonTokenType.StartObject ? "" : null, -1));
        }

        return reader.TokenType == JsonTokenType.String;
    }

    private static string Show(List<Step> path)
    {
        var shown = new StringBuilder();
        foreach (var (name, index) in path)
        {
            shown.Append(name is null ? string.Create(CultureInfo.InvariantCulture, $"[{index}]") : shown.Length > 0 ? "." + name : name);
        }

        return Shown.Of(shown.ToString());
    }

    private static bool IsWhole(ReadOnlySpan<byte> text)
    {
        while (text.IndexOf((byte)'\\') is var at and >= 0)
        {
            text = text[at..];
            var unit = UnitOf(text);
            if (char.IsLowSurrogate(unit) || (char.IsHighSurrogate(unit) && !char.IsLowSurrogate(UnitOf(text[6..]))))
            {
                return false;
            }

            text = text[(char.IsHighSurrogate(unit) ? 12 : 2)..];
        }

        return true;
    }

    /// <summary>What an escape such as <c>\ud83d</c> stands for; NUL for anything else.</summary>
    private static char UnitOf(ReadOnlySpan<byte> escape) =>
        escape is [(byte)'\\', (byte)'u', _, _, _, _, ..] && ushort.TryParse(escape[2..6], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) ? (char)unit : '\0';

    /// <param name="Name">Of the member, in an object; <c>null</c>: in an array.</param>
    private readonly record struct Step(string? Name, int Index);
}
