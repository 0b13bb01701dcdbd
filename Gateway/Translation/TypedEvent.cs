using System.Text.Json;

namespace Orrery.Gateway.Translation;

/// <summary>
/// What an event that names its <c>type</c> is, as in OpenAI's streams of pictures (<c>image_generation.partial_image</c>, <c>….completed</c>), speech
/// (<c>speech.audio.delta</c>, <c>….done</c>) and transcripts (<c>transcript.text.delta</c>, <c>….done</c>). Such a stream just ends; there is no <c>[DONE]</c>.
/// </summary>
/// <param name="IsTyped">It has a <c>type</c>.</param>
/// <param name="IsPiece">It holds a piece of the answer.</param>
/// <param name="IsText">… which is text, so that it counts as a token where the engine does not count.</param>
/// <param name="IsLast">It ends the answer, or one of several.</param>
internal readonly record struct TypedEvent(bool IsTyped, bool IsPiece, bool IsText, bool IsLast)
{
    /// <param name="json">One JSON object; one with names that nobody can read has no type.</param>
    public static TypedEvent Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return ReadType(json);
        }
        catch (InvalidOperationException)
        {
            return default;
        }
    }

    private static TypedEvent ReadType(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type"u8);
            reader.Read();
            if (isType && reader.TokenType == JsonTokenType.String)
            {
                var type = reader.ValueSpan;
                var isDelta = type.EndsWith(".delta"u8);
                return new TypedEvent(
                    IsTyped: true,
                    isDelta || type.EndsWith(".partial_image"u8) || type.EndsWith(".segment"u8),
                    isDelta && type.EndsWith(".text.delta"u8),
                    type.EndsWith(".done"u8) || type.EndsWith(".completed"u8));
            }

            reader.Skip();
        }

        return default;
    }
}
