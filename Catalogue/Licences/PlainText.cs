using System.Globalization;
using System.Text.RegularExpressions;

namespace Orrery.Catalogue.Licences;

/// <summary>Texts as a program gets them, whatever stands between their letters where they are written.</summary>
internal static partial class PlainText
{
    /// <summary>A Dockerfile's lines, continued ones as one, without comments, quotes and escapes of JSON.</summary>
    public static string OfDockerfile(string text) => Of(string.Join('\n', text.Split('\n').Where(line => !line.AsSpan().TrimStart().StartsWith("#"))));

    /// <summary>A text over several lines, in quotes or with escapes of JSON.</summary>
    public static string Of(string text)
    {
        var joined = Continued.Replace(text, "");
        var plain = Escaped.Replace(joined, match => ((char)ushort.Parse(match.Groups[1].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString());
        return Quotes.Replace(plain, "");
    }

    /// <summary>A Dockerfile may choose the backtick to continue lines with.</summary>
    [GeneratedRegex(@"[\\`][ \t]*\r?\n")]
    private static partial Regex Continued { get; }

    [GeneratedRegex(@"\\u([0-9A-Fa-f]{4})")]
    private static partial Regex Escaped { get; }

    [GeneratedRegex(@"[""'\\]")]
    private static partial Regex Quotes { get; }
}
