using System.Text.Json;
using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Translation.Anthropic;

internal enum BlockKind
{
    /// <summary>Of server tools and of times to come; OpenAI's API has no place for it.</summary>
    Other,
    Text,
    Thinking,
    RedactedThinking,
    ToolUse,
}

/// <summary>Where the parts of one content block stand.</summary>
internal readonly record struct ContentBlock
{
    public BlockKind Kind { get; init; }

    public ByteRange Whole { get; init; }

    /// <summary>A text's or a thought's words.</summary>
    public ByteRange Words { get; init; }

    public ByteRange Id { get; init; }

    public ByteRange Name { get; init; }

    public ByteRange Input { get; init; }

    /// <summary>Reads the object that <paramref name="reader"/> stands on, to its end.</summary>
    public static ContentBlock Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return default;
        }

        var start = (int)reader.TokenStartIndex;
        var kind = BlockKind.Other;
        ByteRange words = default, id = default, name = default, input = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                kind = KindOf(ref reader);
                reader.Skip();
            }
            else if (reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("thinking"u8))
            {
                words = JsonBytes.StringOf(ref reader);
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                id = JsonBytes.StringOf(ref reader);
            }
            else if (reader.ValueTextEquals("name"u8))
            {
                name = JsonBytes.StringOf(ref reader);
            }
            else if (reader.ValueTextEquals("input"u8))
            {
                input = JsonBytes.ReadValue(ref reader, offset: 0);
            }
            else
            {
                reader.Skip();
            }
        }

        return new ContentBlock { Kind = kind, Whole = new ByteRange(start, (int)reader.BytesConsumed - start), Words = words, Id = id, Name = name, Input = input };
    }

    private static BlockKind KindOf(ref Utf8JsonReader reader) =>
        reader.TokenType != JsonTokenType.String ? BlockKind.Other
        : reader.ValueTextEquals("text"u8) ? BlockKind.Text
        : reader.ValueTextEquals("tool_use"u8) ? BlockKind.ToolUse
        : reader.ValueTextEquals("thinking"u8) ? BlockKind.Thinking
        : reader.ValueTextEquals("redacted_thinking"u8) ? BlockKind.RedactedThinking
        : BlockKind.Other;
}
