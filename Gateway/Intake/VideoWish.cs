using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Orrery.Gateway.Translation.Clients;

namespace Orrery.Gateway.Intake;

/// <summary>What a video is to be, said in OpenAI's words (<c>seconds</c>, <c>size</c>) or in the engines' (<c>duration</c>, <c>resolution</c>). What else a request says is the engine's to read.</summary>
/// <param name="Seconds">A number; <c>null</c>: the engine decides.</param>
/// <param name="Size">Width and height, or the engine's name for them; <c>null</c>: the engine decides.</param>
internal sealed partial record VideoWish(string Prompt, string? Seconds, string? Size)
{
    /// <summary>OpenAI's own limit, in characters.</summary>
    private const int LongestPrompt = 32_000;
    private const int LongestSize = 64;
    private const decimal MostSeconds = 86_400;

    public static Refusal? Read(Call call) => call.Form is { } form
        ? Read(call, name => (form.Fields.GetValueOrDefault(name), null))
        : ClientBody.Read(call.Body, call.MaxDepth, root => new(Read(call, name => Field(root, name)))).Refusal;

    private static Refusal? Read(Call call, Func<string, (string? Text, Refusal? Refusal)> field)
    {
        string? prompt = null, seconds = null, duration = null, size = null, resolution = null;
        var refusal = Take("prompt", out prompt) ?? Take("seconds", out seconds) ?? Take("duration", out duration) ?? Take("size", out size) ?? Take("resolution", out resolution)
            ?? CheckPrompt(prompt)
            ?? One("seconds", seconds, "duration", duration)
            ?? One("size", size, "resolution", resolution)
            ?? CheckSeconds("seconds", ref seconds)
            ?? CheckSeconds("duration", ref duration)
            ?? CheckSize(size, resolution);
        call.Video = refusal is null ? new(prompt!, seconds ?? duration, size ?? resolution) : null;
        return refusal;

        Refusal? Take(string name, out string? text)
        {
            (text, var wrong) = field(name);
            return wrong;
        }
    }

    private static (string? Text, Refusal? Refusal) Field(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return (null, null);
        }

        var mayBeNumber = name is "seconds" or "duration";
        return value.ValueKind == JsonValueKind.String ? (value.GetString(), null)
            : mayBeNumber && value.ValueKind == JsonValueKind.Number ? (value.GetRawText(), null)
            : (null, Refusal.BadField(name, $"'{name}' is {value.Show()}; expected {(mayBeNumber ? "a number of seconds" : "a string")}.", "invalid_type"));
    }

    private static Refusal? CheckPrompt(string? prompt) =>
        string.IsNullOrWhiteSpace(prompt) ? Refusal.BadField("prompt", "'prompt' is empty; expected what the video is to show.")
        : prompt.Length > LongestPrompt ? Refusal.BadField("prompt", $"'prompt' has {prompt.Length} characters; expected at most {LongestPrompt}.", "string_above_max_length")
        : prompt.Contains('\0', StringComparison.Ordinal) ? Refusal.BadField("prompt", "'prompt' holds the character U+0000; expected text.")
        : null;

    private static Refusal? One(string name, string? value, string other, string? otherValue) => value is null || otherValue is null
        ? null
        : Refusal.BadField(name, $"'{name}' and '{other}' say the same; expected one of them.", "duplicate_field");

    private static Refusal? CheckSeconds(string name, ref string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) || seconds is <= 0 or > MostSeconds)
        {
            return Refusal.BadField(name, $"'{name}' is '{Shown.Of(text)}'; expected a number of seconds above 0, such as 8.");
        }

        text = seconds.ToString("0.###", CultureInfo.InvariantCulture);
        return null;
    }

    private static Refusal? CheckSize(string? size, string? resolution) =>
        size is not null && !WidthAndHeight().IsMatch(size) ? Refusal.BadField("size", $"'size' is '{Shown.Of(size)}'; expected width and height, such as 1280x720.")
        : resolution is not null && (resolution.Length is 0 or > LongestSize || resolution.Any(char.IsControl))
            ? Refusal.BadField("resolution", $"'resolution' is '{Shown.Of(resolution)}'; expected 1 to {LongestSize} characters, such as 1280x720 or 720p.")
        : null;

    [GeneratedRegex("^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$", RegexOptions.CultureInvariant)]
    private static partial Regex WidthAndHeight();
}
