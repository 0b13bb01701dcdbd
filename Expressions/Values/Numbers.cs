namespace Orrery.Expressions.Values;

/// <summary>Integers and doubles on one number line, without the loss of a conversion.</summary>
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

    /// <summary>Null when one is NaN, which has no place on the line.</summary>
    public static int? Compare(in Value left, in Value right) => (left.IsInt, right.IsInt) switch
    {
        (true, true) => left.Int.CompareTo(right.Int),
        (true, false) => Compare(left.Int, right.Double),
        (false, true) => -Compare(right.Int, left.Double),
        _ => double.IsNaN(left.Double) || double.IsNaN(right.Double) ? null : left.Double.CompareTo(right.Double),
    };

    private static int? Compare(long integer, double number) => number switch
    {
        double.NaN => null,
        >= TwoTo63 => -1,
        < -TwoTo63 => 1,
        _ => integer.CompareTo((long)Math.Floor(number)) switch
        {
            0 => Math.Floor(number) == number ? 0 : -1,
            var order => order,
        },
    };
}
