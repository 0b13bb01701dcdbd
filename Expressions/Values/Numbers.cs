namespace Orrery.Expressions.Values;

/// <summary>Integers and doubles on one number line.</summary>
internal static class Numbers
{
    private const double TwoTo63 = 9223372036854775808.0;

    /// <summary>The integer that a double is; false for fractions, NaN and what no integer holds.</summary>
    public static bool TryWhole(double number, out long whole)
    {
        var fits = number is >= -TwoTo63 and < TwoTo63 && Math.Truncate(number) == number;
        whole = fits ? (long)number : 0;
        return fits;
    }

    /// <summary>As <c>int(double)</c>: towards zero, and CEL leaves out both ends of the range.</summary>
    public static bool TryTruncate(double number, out long whole)
    {
        var fits = number is > -TwoTo63 and < TwoTo63;
        whole = fits ? (long)number : 0;
        return fits;
    }

    /// <summary>Null when one is NaN, which has no place on the line. As CEL's implementations do, an int meets a double as a double.</summary>
    public static int? Compare(in Value left, in Value right)
    {
        if (left.IsInt && right.IsInt)
        {
            return left.Int.CompareTo(right.Int);
        }

        var (a, b) = (AsDouble(left), AsDouble(right));
        return double.IsNaN(a) || double.IsNaN(b) ? null : a.CompareTo(b);
    }

    private static double AsDouble(in Value number) => number.IsInt ? number.Int : number.Double;
}
