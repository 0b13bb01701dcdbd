using Orrery.Expressions.Nodes;
using Orrery.Expressions.Text;

namespace Orrery.Expressions.Values;

/// <summary>CEL's equality, which is defined between all values, and its order, which is not.</summary>
internal static class Comparison
{
    private const int MaxDepth = 300;

    public static bool AreEqual(ref Frame frame, in Value left, in Value right, int depth = 0)
    {
        if (left.IsString && right.IsString)
        {
            return left.String.Length == right.String.Length && frame.SpendReading(left.String.Length) && string.Equals(left.String, right.String, StringComparison.Ordinal);
        }

        if (left.Type.IsNumber && right.Type.IsNumber)
        {
            return Numbers.Compare(left, right) == 0;
        }

        if (left.Kind != right.Kind)
        {
            return false;
        }

        return left.Kind switch
        {
            ValueKind.Null => true,
            ValueKind.Bool => left.Bool == right.Bool,
            ValueKind.List => AreEqual(ref frame, left.Items, right.Items, depth + 1),
            ValueKind.Map => AreEqual(ref frame, left.Entries, right.Entries, depth + 1),
            ValueKind.Type => ((ExpressionType)left.Instance).Kind == ((ExpressionType)right.Instance).Kind
                && (((ExpressionType)left.Instance).Kind != ValueKind.Object || ReferenceEquals(left.Instance, right.Instance)),
            _ => Equals(left.Instance, right.Instance),
        };
    }

    /// <summary>False when the two have no order: other types, or NaN in <paramref name="isUnordered"/>.</summary>
    public static bool TryCompare(ref Frame frame, in Value left, in Value right, out int order, out bool isUnordered)
    {
        (order, isUnordered) = (0, false);
        if (left.Type.IsNumber && right.Type.IsNumber)
        {
            var compared = Numbers.Compare(left, right);
            (order, isUnordered) = (compared ?? 0, compared is null);
            return true;
        }

        if (left.IsString && right.IsString)
        {
            frame.SpendReading(Math.Min(left.String.Length, right.String.Length));
            order = CodePoints.Compare(left.String, right.String);
            return true;
        }

        if (left.IsBool && right.IsBool)
        {
            order = left.Bool.CompareTo(right.Bool);
            return true;
        }

        return false;
    }

    private static bool AreEqual(ref Frame frame, ListValue left, ListValue right, int depth)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        if (depth > MaxDepth)
        {
            return frame.ExhaustDepth();
        }

        var (some, others) = (new RangeCursor(left), new RangeCursor(right));
        while (some.TryNext(out var a) && others.TryNext(out var b))
        {
            if (!frame.Spend(1) || !frame.SpendReading((long)a.TextLength + b.TextLength) || !AreEqual(ref frame, a, b, depth))
            {
                return false;
            }
        }

        return true;
    }

    private static bool AreEqual(ref Frame frame, MapValue left, MapValue right, int depth)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        if (depth > MaxDepth)
        {
            return frame.ExhaustDepth();
        }

        var keys = new RangeCursor(left);
        while (keys.TryNext(out var key))
        {
            if (!frame.Spend(left.AccessCost + right.AccessCost)
                || !frame.SpendReading(key.TextLength)
                || !left.TryGet(key, out var a)
                || !right.TryGet(key, out var b)
                || !frame.SpendReading((long)a.TextLength + b.TextLength)
                || !AreEqual(ref frame, a, b, depth))
            {
                return false;
            }
        }

        return true;
    }
}
