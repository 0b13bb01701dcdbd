using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Orrery.Catalogue.Documents;

/// <summary>What a plain YAML scalar means by the core schema (YAML 1.2.2 §10.3.2): <c>no</c>, <c>on</c> and <c>12:30</c> are texts.</summary>
internal static partial class YamlScalar
{
    public static (ScalarKind Kind, string Value) Read(string written)
    {
        if (written is "" or "~" or "null" or "Null" or "NULL")
        {
            return (ScalarKind.Null, "");
        }

        if (written is "true" or "True" or "TRUE" or "false" or "False" or "FALSE")
        {
            return (ScalarKind.Boolean, written.ToLowerInvariant());
        }

        if (Whole.IsMatch(written))
        {
            return (ScalarKind.Number, BigInteger.Parse(written, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture));
        }

        if (written.Length is > 2 and < 20 && Based.IsMatch(written))
        {
            return (ScalarKind.Number, Convert.ToInt64(written[2..], written[1] == 'x' ? 16 : 8).ToString(CultureInfo.InvariantCulture));
        }

        // .inf and .nan stay texts: JSON has no such numbers, and no field wants one.
        return Fraction.IsMatch(written) && double.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? (ScalarKind.Number, number.ToString("R", CultureInfo.InvariantCulture))
            : (ScalarKind.Text, written);
    }

    [GeneratedRegex(@"^[-+]?[0-9]{1,40}$")]
    private static partial Regex Whole { get; }

    [GeneratedRegex(@"^(0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15})$")]
    private static partial Regex Based { get; }

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")]
    private static partial Regex Fraction { get; }
}
