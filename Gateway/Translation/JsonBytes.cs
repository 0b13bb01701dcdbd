using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Translation;

/// <summary>Values in a JSON text by their place, so that most of them are copied as they stand.</summary>
internal static class JsonBytes
{
    /// <summary>More than any request may have (<c>Gateway:MaxJsonDepth</c>), since it is repeated in answers and events.</summary>
    public const int MostDepth = 1_100;

    private static readonly JsonReaderOptions Deep = new() { MaxDepth = MostDepth };
    private static readonly JsonDocumentOptions DeepDocument = new() { MaxDepth = MostDepth };

    public static Utf8JsonReader Reader(ReadOnlySpan<byte> json) => new(json, Deep);

    public static JsonDocument Parse(ReadOnlyMemory<byte> json) => JsonDocument.Parse(json, DeepDocument);

    /// <summary>Reads the value of the property that <paramref name="reader"/> stands on. <c>null</c> is as good as absent.</summary>
    /// <param name="offset">Where the reader's text begins in the whole.</param>
    public static ByteRange ReadValue(ref Utf8JsonReader reader, int offset)
    {
        reader.Read();
        return ReadCurrent(ref reader, offset);
    }

    /// <summary>The place of the string that is the value here; nothing for anything else.</summary>
    public static ByteRange StringOf(ref Utf8JsonReader reader)
    {
        reader.Read();
        var isString = reader.TokenType == JsonTokenType.String;
        var value = ReadCurrent(ref reader, offset: 0);
        return isString ? value : default;
    }

    /// <summary>The value that <paramref name="reader"/> stands on, to its end.</summary>
    public static ByteRange ReadCurrent(ref Utf8JsonReader reader, int offset)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return default;
        }

        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return new ByteRange(offset + start, (int)reader.BytesConsumed - start);
    }

    public static ReadOnlySpan<byte> In(this ByteRange range, ReadOnlySpan<byte> text) => text.Slice(range.Start, range.Length);

    public static bool IsString(ReadOnlySpan<byte> value) => value is [(byte)'"', ..];

    public static bool IsArray(ReadOnlySpan<byte> value) => value is [(byte)'[', ..];

    public static bool IsObject(ReadOnlySpan<byte> value) => value is [(byte)'{', ..];

    /// <summary>Whether <paramref name="value"/> is the JSON string that says <paramref name="text"/>.</summary>
    public static bool Says(ReadOnlySpan<byte> value, ReadOnlySpan<byte> text)
    {
        if (!IsString(value))
        {
            return false;
        }

        var reader = Reader(value);
        return reader.Read() && reader.ValueTextEquals(text);
    }

    /// <summary>The text of a JSON string.</summary>
    public static string Text(ReadOnlySpan<byte> value)
    {
        var reader = Reader(value);
        reader.Read();
        return reader.GetString() ?? "";
    }

    /// <summary>Whether a JSON string says nothing that can be seen: the Messages API refuses such texts.</summary>
    public static bool IsBlank(ReadOnlySpan<byte> value)
    {
        var text = value[1..^1];
        while (!text.IsEmpty)
        {
            int length;
            if (text[0] == (byte)'\\')
            {
                length = text[1] == (byte)'u' ? 6 : 2;
                if (!IsBlankEscape(text[..length]))
                {
                    return false;
                }
            }
            else
            {
                Rune.DecodeFromUtf8(text, out var rune, out length);
                if (!Rune.IsWhiteSpace(rune))
                {
                    return false;
                }
            }

            text = text[length..];
        }

        return true;
    }

    /// <summary>A value as people are told of it.</summary>
    public static string Show(ReadOnlySpan<byte> value) => Shown.Of(Encoding.UTF8.GetString(value[..Math.Min(value.Length, 400)]));

    /// <summary>Writes <paramref name="text"/> as a JSON string, quotes included.</summary>
    public static void WriteQuoted(ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        const int piece = 4 << 10;
        const int longestEscape = 12;
        output.Write("\""u8);
        while (!text.IsEmpty)
        {
            var span = output.GetSpan(Math.Min(text.Length, piece) + longestEscape);
            JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(text, span, out var read, out var written);
            output.Advance(written);
            text = text[read..];
        }

        output.Write("\""u8);
    }

    private static bool IsBlankEscape(ReadOnlySpan<byte> escape) => escape[1] switch
    {
        (byte)'n' or (byte)'r' or (byte)'t' or (byte)'f' => true,
        (byte)'u' => ushort.TryParse(escape[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) && char.IsWhiteSpace((char)unit),
        _ => false,
    };
}
