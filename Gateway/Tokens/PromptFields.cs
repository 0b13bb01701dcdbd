using System.Text.Json;

namespace Orrery.Gateway.Tokens;

/// <summary>Reads names of fields. The framework's comparison throws at half a surrogate pair; a body of millions of such names would take minutes.</summary>
internal static class PromptFields
{
    private const int Longest = 64;

    public static PromptField AtRoot(in Utf8JsonReader reader)
    {
        Span<byte> buffer = stackalloc byte[Longest];
        var name = Name(in reader, buffer);
        return name switch
        {
            _ when name.SequenceEqual("messages"u8) => PromptField.Messages,
            _ when name.SequenceEqual("system"u8) => PromptField.System,
            _ when name.SequenceEqual("prompt"u8) || name.SequenceEqual("input"u8) || name.SequenceEqual("suffix"u8) => PromptField.Prompt,
            _ when name.SequenceEqual("tools"u8) || name.SequenceEqual("functions"u8) => PromptField.Tools,
            _ when name.SequenceEqual("response_format"u8) => PromptField.Schema,
            _ => PromptField.Other,
        };
    }

    public static PromptField InMessage(in Utf8JsonReader reader)
    {
        Span<byte> buffer = stackalloc byte[Longest];
        var name = Name(in reader, buffer);
        return name switch
        {
            _ when name.SequenceEqual("content"u8) || name.SequenceEqual("text"u8) => PromptField.Other,
            _ when name.SequenceEqual("type"u8) => PromptField.Type,
            _ when name.SequenceEqual("role"u8) || name.SequenceEqual("id"u8) || name.SequenceEqual("tool_call_id"u8) || name.SequenceEqual("tool_use_id"u8)
                || name.SequenceEqual("cache_control"u8) || name.SequenceEqual("signature"u8) => PromptField.Hidden,
            _ when name.SequenceEqual("image_url"u8) || name.SequenceEqual("video_url"u8) || name.SequenceEqual("audio_url"u8) || name.SequenceEqual("input_audio"u8)
                || name.SequenceEqual("audio"u8) || name.SequenceEqual("file"u8) => PromptField.Media,
            _ when name.SequenceEqual("source"u8) => PromptField.Source,
            _ when name.SequenceEqual("arguments"u8) || name.SequenceEqual("input"u8) => PromptField.Arguments,
            _ => PromptField.Other,
        };
    }

    private static ReadOnlySpan<byte> Name(in Utf8JsonReader reader, Span<byte> buffer) =>
        !reader.ValueIsEscaped ? reader.ValueSpan
        : reader.ValueSpan.Length > 6 * Longest ? default
        : buffer[..JsonText.Unescape(reader.ValueSpan, buffer)];
}
