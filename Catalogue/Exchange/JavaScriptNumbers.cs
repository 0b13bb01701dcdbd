using System.Globalization;

namespace Orrery.Catalogue.Exchange;

/// <summary>Number literals: decimal with '_' and exponents, hexadecimal, octal, binary.</summary>
internal static class JavaScriptNumbers
{
    /// <summary>The number at the source's place; goes past it in any case.</summary>
    /// <param name="expectation">What was expected, where there is none that can be taken.</param>
    public static double? Read(JavaScriptSource source, out string? expectation)
    {
        var start = source.At;
        while (char.IsAsciiLetterOrDigit(source.Current) || source.Current is '_' or '$' or '.' || (source.Current is '+' or '-' && IsExponent(source, start)))
        {
            source.At++;
        }

        var written = source.Text[start..source.At];
        expectation = written switch
        {
            [.., 'n'] when written[..^1].All(char.IsAsciiDigit) => "a number without the n of a BigInt",
            ['0', (>= '0' and <= '9') or '_', ..] => "a number without a zero before it, which meant octal once: 0o17",
            _ => null,
        };
        if (expectation is not null)
        {
            return null;
        }

        var number = written is ['0', 'x' or 'X' or 'o' or 'O' or 'b' or 'B', ..] ? Based(written) : Decimal(written);
        expectation = number switch
        {
            null => "a number such as 1, 2.5, 1_000, 1e6 or 0xff",
            { } value when !double.IsFinite(value) => "a finite number",
            _ => null,
        };
        return expectation is null ? number : null;
    }

    /// <summary>Whether a sign here belongs to an exponent: 1e-5, and not 0xe-5.</summary>
    private static bool IsExponent(JavaScriptSource source, int start) =>
        source.At > start && source.Text[source.At - 1] is 'e' or 'E' && !(source.Text[start] == '0' && source.Text[start + 1] is 'x' or 'X');

    private static double? Decimal(string written)
    {
        var plain = WithoutSeparators(written, char.IsAsciiDigit);
        var isPlain = plain is not null && plain.All(sign => char.IsAsciiDigit(sign) || sign is '.' or 'e' or 'E' or '+' or '-');
        const NumberStyles Style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return isPlain && double.TryParse(plain, Style, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private static double? Based(string written)
    {
        var @base = written[1] switch { 'x' or 'X' => 16, 'o' or 'O' => 8, _ => 2 };
        var digits = written is [_, _, '_', ..] ? null : WithoutSeparators(written[2..], char.IsAsciiHexDigit);
        if (digits is not { Length: > 0 })
        {
            return null;
        }

        long number = 0;
        foreach (var sign in digits)
        {
            var digit = char.IsAsciiHexDigit(sign) ? Convert.ToInt32(sign.ToString(), 16) : @base;
            if (digit >= @base || number > JavaScriptNumber.MaxSafe / @base)
            {
                return null;
            }

            number = (number * @base) + digit;
        }

        return number <= JavaScriptNumber.MaxSafe ? number : null;
    }

    /// <summary><c>null</c> where an underscore does not stand between two digits.</summary>
    private static string? WithoutSeparators(string written, Func<char, bool> isDigit)
    {
        for (var at = written.IndexOf('_', StringComparison.Ordinal); at >= 0; at = written.IndexOf('_', at + 1))
        {
            if (at == 0 || at + 1 == written.Length || !isDigit(written[at - 1]) || !isDigit(written[at + 1]))
            {
                return null;
            }
        }

        return written.Replace("_", "", StringComparison.Ordinal);
    }
}
