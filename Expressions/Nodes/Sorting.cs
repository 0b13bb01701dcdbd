using System.Numerics;
using Orrery.Expressions.Text;
using Orrery.Expressions.Values;

namespace Orrery.Expressions.Nodes;

internal static class Sorting
{
    /// <summary>Sorts <paramref name="elements"/> by <paramref name="keys"/>, equal keys in their order; NaN comes first.</summary>
    public static Value Sort(ref Frame frame, Node at, Value[] elements, Value[] keys)
    {
        long size = keys.Length;
        foreach (var key in keys)
        {
            if (!(key.Type.IsNumber || key.IsString || key.IsBool) || !AreComparable(key, keys[0]))
            {
                return at.Fail(EvaluationErrorKind.WrongType, $"keys to sort by are all numbers, strings or booleans, not {keys[0].Type} and", key.Type);
            }

            size += key.IsString ? key.String.Length >> 6 : 0;
        }

        if (!frame.Spend(size * (BitOperations.Log2((uint)keys.Length + 1) + 1)))
        {
            return at.Stop(ref frame);
        }

        var order = new int[keys.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (a, b) => Compare(keys[a], keys[b]) is var compared && compared != 0 ? compared : a.CompareTo(b));
        return Value.List(new ArrayList(Array.ConvertAll(order, place => elements[place])));
    }

    public static bool AreComparable(in Value left, in Value right) => left.Kind == right.Kind || (left.Type.IsNumber && right.Type.IsNumber);

    /// <summary>A total order of comparable values.</summary>
    public static int Compare(in Value left, in Value right) => left.IsString ? CodePoints.Compare(left.String, right.String)
        : left.IsBool ? left.Bool.CompareTo(right.Bool)
        : Numbers.Compare(left, right) ?? IsNumber(left).CompareTo(IsNumber(right));

    private static bool IsNumber(in Value value) => value.IsInt || !double.IsNaN(value.Double);
}
