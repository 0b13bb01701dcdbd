using System.Globalization;
using System.Text;

namespace Orrery.Gateway.Tokens;

/// <summary>The text that a JSON string means. Half of a surrogate pair, which the framework's reader throws at, is a replacement character here.</summary>
internal static class JsonText
{
    private const int LongestRune = 4;

    /// <summary>Hands it to a scanner, piece by piece, and says how many bytes of UTF-8 it was.</summary>
    public static long Append(ReadOnlySpan<byte> escaped, ref TextScanner scanner)
    {
        var bytes = 0L;
        Span<byte> character = stackalloc byte[LongestRune];
        while (!escaped.IsEmpty)
        {
            var plain = escaped.IndexOf((byte)'\\') is >= 0 and var found ? found : escaped.Length;
            scanner.Append(escaped[..plain]);
            bytes += plain;
            escaped = escaped[plain..];
            if (escaped.Length < 2)
            {
                break;
            }

            var (rune, length) = Meaning(escaped);
            var written = rune.EncodeToUtf8(character);
            scanner.Append(character[..written]);
            bytes += written;
            escaped = escaped[length..];
        }

        return bytes;
    }

    /// <summary>Writes as much of it as there is room for, and says how much that is.</summary>
    public static int Unescape(ReadOnlySpan<byte> escaped, Span<byte> destination)
    {
        var written = 0;
        while (escaped.Length > 0 && destination.Length - written >= LongestRune)
        {
            if (escaped[0] != '\\' || escaped.Length < 2)
            {
                destination[written++] = escaped[0];
                escaped = escaped[1..];
                continue;
            }

            var (rune, length) = Meaning(escaped);
            written += rune.EncodeToUtf8(destination[written..]);
            escaped = escaped[length..];
        }

        return written;
    }

    /// <summary>What the escape at the beginning stands for, and how long it is.</summary>
    private static (Rune Rune, int Length) Meaning(ReadOnlySpan<byte> escaped)
    {
        if (escaped[1] != 'u')
        {
            var plain = (char)escaped[1] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'b' => '\b', 'f' => '\f', var other and < '\x80' => other, _ => '?' };
            return (new Rune(plain), 2);
        }

        var unit = CodeUnit(escaped);
        if (char.IsHighSurrogate(unit) && escaped.Length >= 12 && escaped[6] == '\\' && escaped[7] == 'u' && char.IsLowSurrogate(CodeUnit(escaped[6..])))
        {
            return (new Rune(unit, CodeUnit(escaped[6..])), 12);
        }

        return (char.IsSurrogate(unit) ? Rune.ReplacementChar : new Rune(unit), Math.Min(6, escaped.Length));
    }

    private static char CodeUnit(ReadOnlySpan<byte> escaped) =>
        escaped.Length >= 6 && ushort.TryParse(escaped[2..6], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) ? (char)unit : '\uFFFD';
}
