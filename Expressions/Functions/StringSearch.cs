using Orrery.Expressions.Nodes;
using Orrery.Expressions.Text;

namespace Orrery.Expressions.Functions;

internal static class StringSearch
{
    /// <summary>The worst a search can take is the product of the lengths.</summary>
    public static bool Spend(ref Frame frame, string text, string searched) =>
        searched.Length > text.Length || frame.Spend((text.Length >> 6) * (1 + ((long)searched.Length >> 5)));

    public static Value IndexOf(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments)
    {
        var (text, searched) = (arguments[0].String, arguments[1].String);
        var start = arguments.Length > 2 ? CodePoints.Unit(text, arguments[2].Int) : 0;
        if (start < 0)
        {
            return StringFunctions.OutOfRange(at);
        }

        return Spend(ref frame, text, searched) && frame.SpendReading(text.Length) ? Place(text, text.IndexOf(searched, start, StringComparison.Ordinal)) : at.Stop(ref frame);
    }

    /// <summary>The last place that is not after the one asked for.</summary>
    public static Value LastIndexOf(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments)
    {
        var (text, searched) = (arguments[0].String, arguments[1].String);
        var last = arguments.Length > 2 ? CodePoints.Unit(text, arguments[2].Int) : text.Length;
        if (last < 0)
        {
            return StringFunctions.OutOfRange(at);
        }

        return Spend(ref frame, text, searched) && frame.SpendReading(text.Length)
            ? Place(text, text.AsSpan(0, (int)Math.Min(text.Length, (long)last + searched.Length)).LastIndexOf(searched, StringComparison.Ordinal))
            : at.Stop(ref frame);
    }

    private static long Place(string text, int unit) => unit < 0 ? -1 : CodePoints.Count(text.AsSpan(0, unit));
}
