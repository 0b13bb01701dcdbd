namespace Orrery.Gateway.Tokens;

/// <summary>One character of a text that may be no UTF-8 at all.</summary>
internal static class Utf8Character
{
    public const int Invalid = -1;

    /// <summary>The character that <paramref name="text"/> begins with and how many bytes it takes; <see cref="Invalid"/> and one byte where none begins.</summary>
    public static (int Code, int Length) First(ReadOnlySpan<byte> text)
    {
        var first = text[0];
        var length = first switch { < 0x80 => 1, < 0xC2 => 0, < 0xE0 => 2, < 0xF0 => 3, < 0xF5 => 4, _ => 0 };
        if (length == 1)
        {
            return (first, 1);
        }

        if (length == 0 || length > text.Length)
        {
            return (Invalid, 1);
        }

        var code = first & (0xFF >> (length + 1));
        for (var index = 1; index < length; index++)
        {
            if ((text[index] & 0xC0) != 0x80)
            {
                return (Invalid, 1);
            }

            code = (code << 6) | (text[index] & 0x3F);
        }

        var isMeant = length switch
        {
            2 => true,
            3 => code is >= 0x800 and not (>= 0xD800 and <= 0xDFFF),
            _ => code is >= 0x10000 and <= 0x10FFFF,
        };
        return isMeant ? (code, length) : (Invalid, 1);
    }
}
