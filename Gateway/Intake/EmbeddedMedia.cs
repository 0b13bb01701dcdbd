using System.Text.Json;

namespace Orrery.Gateway.Intake;

/// <summary>Pictures, sounds and files that a body holds as base64, in the fields that OpenAI's API has for them.</summary>
internal static class EmbeddedMedia
{
    /// <summary>A body shorter than this holds nothing that would matter.</summary>
    private const int Least = 4 << 10;

    /// <summary>How many bytes of the body they are.</summary>
    public static int BytesIn(ReadOnlySpan<byte> body, int maxDepth)
    {
        if (body.Length < Least)
        {
            return 0;
        }

        var bytes = 0;
        var (isUrl, isData) = (false, false);
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = maxDepth });
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                isData = reader.Says("data"u8) || reader.Says("file_data"u8);
                isUrl = isData || reader.Says("url"u8) || reader.Says("image_url"u8); // A prompt that begins as a data URL is a prompt.
            }
            else
            {
                var isMedia = reader.TokenType == JsonTokenType.String && ((isUrl && IsDataUrl(reader.ValueSpan)) || (isData && reader.ValueSpan.Length > Least));
                bytes += isMedia ? reader.ValueSpan.Length : 0;
                (isUrl, isData) = (false, false);
            }
        }

        return bytes;
    }

    private static bool IsDataUrl(ReadOnlySpan<byte> text) => text.StartsWith("data:"u8) && text[..Math.Min(text.Length, 256)].IndexOf(";base64,"u8) > 0;
}
