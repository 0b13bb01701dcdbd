using Orrery.Expressions.Nodes;
using Orrery.Expressions.Text;
using Orrery.Expressions.Values;

namespace Orrery.Expressions.Functions;

internal static class ContainerFunctions
{
    public static Value Size(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments)
    {
        var value = arguments[0];
        return value.IsList ? (long)value.Items.Count
            : value.IsMap ? (long)value.Entries.Count
            : frame.SpendReading(value.String.Length) ? (long)CodePoints.Count(value.String)
            : at.Stop(ref frame);
    }

    public static Value Reverse(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments)
    {
        if (!TryCopy(ref frame, at, arguments[0].Items, out var items, out var failure))
        {
            return failure;
        }

        Array.Reverse(items);
        return Value.List(new ArrayList(items));
    }

    public static Value Sort(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments) =>
        TryCopy(ref frame, at, arguments[0].Items, out var items, out var failure) ? Sorting.Sort(ref frame, at, items, items) : failure;

    /// <summary>The same elements in an order by chance.</summary>
    public static Value Random(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments)
    {
        if (frame.Random is not { } random)
        {
            return at.Fail(EvaluationErrorKind.InvalidArgument, "random() has no source of chance here");
        }

        if (!TryCopy(ref frame, at, arguments[0].Items, out var items, out var failure))
        {
            return failure;
        }

        random.Shuffle(items);
        return Value.List(new ArrayList(items));
    }

    public static Value Least(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments) => Extreme(ref frame, at, arguments[0].Items, -1);

    public static Value Greatest(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments) => Extreme(ref frame, at, arguments[0].Items, 1);

    private static Value Extreme(ref Frame frame, Node at, ListValue list, int sign)
    {
        Value best = default;
        var cursor = new RangeCursor(list);
        while (cursor.TryNext(out var value))
        {
            value = at.Read(ref frame, value, cursor.IsDocument);
            if (!frame.Spend(1))
            {
                return at.Stop(ref frame);
            }

            if (!value.Type.IsNumber)
            {
                return value.IsFault ? value : at.Fail(EvaluationErrorKind.WrongType, "the least and the greatest are of numbers, not", value.Type);
            }

            best = best.IsNull || Sorting.Compare(value, best) * sign > 0 ? value : best;
        }

        return best.IsNull ? at.Fail(EvaluationErrorKind.InvalidArgument, "an empty list has no least or greatest element") : best;
    }

    private static bool TryCopy(ref Frame frame, Node at, ListValue list, out Value[] items, out Value failure)
    {
        (items, failure) = ([], default);
        if (!frame.Make(list.Count) || !frame.Spend(list.Count))
        {
            failure = at.Stop(ref frame);
            return false;
        }

        items = new Value[list.Count];
        var cursor = new RangeCursor(list);
        for (var i = 0; cursor.TryNext(out var value); i++)
        {
            items[i] = at.Read(ref frame, value, cursor.IsDocument);
            if (items[i].IsFault)
            {
                failure = items[i];
                return false;
            }
        }

        return true;
    }
}
