using System.Globalization;
using System.Text;

namespace Orrery.Expressions.Syntax;

/// <summary>CEL's strings: quoted once or thrice, raw or with escapes.</summary>
internal static class StringLiteral
{
    /// <param name="open">Where the quote stands.</param>
    /// <param name="end">The place after the closing quote.</param>
    public static string Read(string source, int open, bool isRaw, out int end)
    {
        var quote = source[open];
        var isLong = open + 2 < source.Length && source[open + 1] == quote && source[open + 2] == quote;
        var start = open + (isLong ? 3 : 1);
        var text = new StringBuilder();
        for (var at = start; at < source.Length;)
        {
            var unit = source[at];
            if (unit == quote && (!isLong || (at + 2 < source.Length && source[at + 1] == quote && source[at + 2] == quote)))
            {
                end = at + (isLong ? 3 : 1);
                return text.ToString();
            }

            if (!isLong && unit is '\n' or '\r')
            {
                throw new SyntaxFailure(at, "a string ends with its line", "a line break", $"{quote}, or a string in {quote}{quote}{quote}");
            }

            if (unit == '\\' && !isRaw)
            {
                at = Escape(source, at, text);
            }
            else
            {
                text.Append(unit);
                at++;
            }
        }

        throw new SyntaxFailure(open, "the string that begins here does not end", "the end of the expression", isLong ? new string(quote, 3) : quote.ToString());
    }

    private static int Escape(string source, int at, StringBuilder text)
    {
        var code = at + 1 < source.Length ? source[at + 1] : '\0';
        var simple = code switch
        {
            'a' => '\a',
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\v',
            '\\' or '?' or '"' or '\'' or '`' => code,
            _ => '\0',
        };
        if (simple != '\0')
        {
            text.Append(simple);
            return at + 2;
        }

        return code switch
        {
            'x' or 'X' => Numbered(source, at, 2, 2, 16, text),
            'u' => Numbered(source, at, 2, 4, 16, text),
            'U' => Numbered(source, at, 2, 8, 16, text),
            >= '0' and <= '3' => Numbered(source, at, 1, 3, 8, text),
            _ => throw Unknown(source, at),
        };
    }

    private static int Numbered(string source, int at, int skip, int digits, int radix, StringBuilder text)
    {
        uint number = 0;
        for (var i = at + skip; i < at + skip + digits; i++)
        {
            var digit = i < source.Length && char.IsAsciiHexDigit(source[i]) ? uint.Parse(source.AsSpan(i, 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : uint.MaxValue;
            number = digit < radix ? (number * (uint)radix) + digit : throw Unknown(source, at);
        }

        text.Append(Rune.TryCreate(number, out var rune) ? rune.ToString() : throw new SyntaxFailure(at, "no such Unicode code point", source.Substring(at, skip + digits), "up to 10FFFF, and no surrogate"));
        return at + skip + digits;
    }

    private static SyntaxFailure Unknown(string source, int at) => new(
        at,
        "unknown escape in a string",
        at + 1 < source.Length ? $"'\\' and {Lexer.Show(source, at + 1)}" : "the end of the expression",
        @"one of \a \b \f \n \r \t \v \\ \? \"" \' \` \xHH \uHHHH \UHHHHHHHH \OOO, or a raw string r'…'");
}
