using System.Globalization;
using System.Text;
using Orrery.Catalogue.Documents;

namespace Orrery.Catalogue.Exchange;

/// <summary>Strings and templates, with every escape of ECMAScript's strict mode.</summary>
/// <param name="substitute">Reads what stands within <c>${…}</c>, its closing brace too, as text.</param>
internal sealed class JavaScriptStrings(JavaScriptSource source, Func<string> substitute, Action<string, string?, Position> fault)
{
    /// <summary>A string in single or double quotes.</summary>
    public string ReadString()
    {
        var (at, quote, result) = (source.Here, source.Current, new StringBuilder());
        source.At++;
        while (!source.IsAtEnd && source.Current is not ('\n' or '\r'))
        {
            var sign = source.Text[source.At++];
            if (sign == quote)
            {
                return result.ToString();
            }

            if (sign == '\\')
            {
                ReadEscape(result);
            }
            else
            {
                result.Append(sign);
            }
        }

        throw new UnreadableDocumentException($"a closing {quote} on the same line", at, "A text of several lines is written between ` and `.");
    }

    /// <summary>A template: line ends become '\n', as in JavaScript.</summary>
    public string ReadTemplate()
    {
        var (at, result) = (source.Here, new StringBuilder());
        source.At++;
        while (!source.IsAtEnd)
        {
            var sign = source.Text[source.At++];
            switch (sign)
            {
                case '`':
                    return result.ToString();
                case '\\':
                    ReadEscape(result);
                    break;
                case '$' when source.Current == '{':
                    result.Append(substitute());
                    break;
                case '\r':
                    source.Take('\n');
                    result.Append('\n');
                    break;
                default:
                    result.Append(sign);
                    break;
            }
        }

        throw new UnreadableDocumentException("a closing `", at);
    }

    private void ReadEscape(StringBuilder result)
    {
        var at = source.At - 1;
        if (source.IsAtEnd)
        {
            return;
        }

        var sign = source.Text[source.At++];
        switch (sign)
        {
            case '\r':
                source.Take('\n');
                break;
            case '\n' or '\u2028' or '\u2029':
                break;
            case 'x':
                AppendHex(result, 2, at);
                break;
            case 'u' when source.Current == '{':
                AppendCodePoint(result, at);
                break;
            case 'u':
                AppendHex(result, 4, at);
                break;
            case '0' when !char.IsAsciiDigit(source.Current):
                result.Append('\0');
                break;
            case >= '0' and <= '9':
                fault("no escape of a digit: octal escapes are not read in modules", @"Write \x41, or \u0041.", source.PositionOf(at));
                break;
            default:
                result.Append(Plain(sign));
                break;
        }
    }

    private static char Plain(char sign) => sign switch
    {
        'b' => '\b',
        'f' => '\f',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\v',
        _ => sign,
    };

    private void AppendHex(StringBuilder result, int length, int at)
    {
        var digits = source.Text.AsSpan(source.At, Math.Min(length, source.Text.Length - source.At));
        if (digits.Length == length && int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
        {
            result.Append((char)code);
            source.At += length;
        }
        else
        {
            fault(length == 2 ? @"two hexadecimal digits after \x" : @"four hexadecimal digits after \u, or \u{…}", null, source.PositionOf(at));
        }
    }

    private void AppendCodePoint(StringBuilder result, int at)
    {
        var end = source.At + 1;
        while (end < source.Text.Length && char.IsAsciiHexDigit(source.Text[end]))
        {
            end++;
        }

        var digits = source.Text.AsSpan(source.At + 1, end - source.At - 1).TrimStart('0');
        var isClosed = end < source.Text.Length && source.Text[end] == '}' && end > source.At + 1;
        if (!isClosed || digits.Length > 6 || (digits.Length > 0 && int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) > 0x10FFFF))
        {
            fault(@"a code point up to 10FFFF within \u{…}", null, source.PositionOf(at));
            return;
        }

        // Halves of pairs have code points, too, and Rune does not take them.
        var code = digits.Length == 0 ? 0 : int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        result.Append(code <= 0xFFFF ? ((char)code).ToString() : char.ConvertFromUtf32(code));
        source.At = end + 1;
    }
}
