using System.Globalization;

namespace Orrery.Catalogue.Exchange;

/// <summary>A number as JavaScript writes it (ECMAScript, Number::toString): what a key, a concatenation or JSON makes of it.</summary>
internal static class JavaScriptNumber
{
    /// <summary>Above it whole numbers are not all told apart.</summary>
    public const long MaxSafe = 1L << 53;

    public static string ToText(double number)
    {
        if (number == 0)
        {
            return "0";
        }

        var (digits, point) = Digits(Math.Abs(number).ToString("R", CultureInfo.InvariantCulture));
        var text = point switch
        {
            > 0 and <= 21 when digits.Length <= point => digits.PadRight(point, '0'),
            > 0 and <= 21 => $"{digits[..point]}.{digits[point..]}",
            > -6 and <= 0 => "0." + new string('0', -point) + digits,
            _ => $"{digits[0]}{(digits.Length > 1 ? "." + digits[1..] : "")}e{(point > 0 ? "+" : "-")}{Math.Abs(point - 1)}",
        };
        return number < 0 ? "-" + text : text;
    }

    /// <summary>The digits that matter, and how many of them stand before the decimal point.</summary>
    private static (string Digits, int Point) Digits(string written)
    {
        var e = written.IndexOf('E', StringComparison.Ordinal);
        var exponent = e < 0 ? 0 : int.Parse(written.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = e < 0 ? written : written[..e];
        var dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        var whole = dot < 0 ? mantissa : mantissa[..dot];
        var digits = whole + (dot < 0 ? "" : mantissa[(dot + 1)..]);
        var leading = digits.Length - digits.TrimStart('0').Length;
        return (digits.Trim('0'), whole.Length + exponent - leading);
    }
}
