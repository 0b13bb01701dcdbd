using System.Globalization;
using System.Text.RegularExpressions;

namespace Orrery.Tests.Kubernetes;

/// <summary>An amount of a resource: <c>500m</c>, <c>2Gi</c>, <c>1e3</c>.</summary>
internal static partial class Quantity
{
    private static readonly Dictionary<string, decimal> Factors = new(StringComparer.Ordinal)
    {
        ["n"] = 1e-9m,
        ["u"] = 1e-6m,
        ["m"] = 1e-3m,
        [""] = 1,
        ["k"] = 1e3m,
        ["M"] = 1e6m,
        ["G"] = 1e9m,
        ["T"] = 1e12m,
        ["P"] = 1e15m,
        ["E"] = 1e18m,
        ["Ki"] = 1L << 10,
        ["Mi"] = 1L << 20,
        ["Gi"] = 1L << 30,
        ["Ti"] = 1L << 40,
        ["Pi"] = 1L << 50,
        ["Ei"] = 1L << 60,
    };

    /// <summary>The amount in the resource's unit (cores, bytes, pieces); null: no quantity.</summary>
    public static decimal? Parse(string? text)
    {
        var match = Notation().Match(text ?? "");
        if (!match.Success || !decimal.TryParse(match.Groups["number"].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        var suffix = match.Groups["suffix"].Value;
        return Factors.TryGetValue(suffix, out var factor) || decimal.TryParse($"1{suffix}", NumberStyles.Float, CultureInfo.InvariantCulture, out factor)
            ? Product(number, factor)
            : null;
    }

    private static decimal? Product(decimal number, decimal factor) =>
        Math.Abs((double)number * (double)factor) < (double)decimal.MaxValue ? number * factor : null;

    [GeneratedRegex(@"^(?<number>[-+]?(\d+(\.\d*)?|\.\d+))(?<suffix>[KMGTPE]i|[numkMGTPE]?|[eE][-+]?\d+)$")]
    private static partial Regex Notation();
}
