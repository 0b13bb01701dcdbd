using System.Buffers;
using Orrery.Expressions.Values;

namespace Orrery.Expressions.Nodes;

/// <summary>What the macros over a list, or over the keys of a map, have in common: a round costs the nodes of its body.</summary>
internal abstract class MacroNode(int offset, ExpressionType type, Node range, int place, int weight) : Node(offset, type)
{
    protected int Place => place;

    /// <returns>False with the value to give instead: an error, or that of a range that is none.</returns>
    protected bool TryBegin(ref Frame frame, string name, out RangeCursor cursor, out Value failure)
    {
        var values = range.Evaluate(ref frame);
        (cursor, failure) = (default, default);
        if (values.IsList)
        {
            cursor = new RangeCursor(values.Items);
        }
        else if (values.IsMap)
        {
            cursor = new RangeCursor(values.Entries);
        }
        else
        {
            failure = values.IsFault ? values : WrongType(name, values);
            return false;
        }

        return true;
    }

    /// <returns>False at the end, and when the frame is out of means.</returns>
    protected bool TryNext(ref Frame frame, ref RangeCursor cursor)
    {
        if (!cursor.TryNext(out var value) || !frame.Spend(weight))
        {
            return false;
        }

        frame.Locals[place] = Read(ref frame, value, cursor.IsDocument);
        return frame.Exhausted is null;
    }
}

/// <summary><c>all</c> and <c>exists</c>: &amp;&amp; and || over the elements.</summary>
internal sealed class QuantifierNode(int offset, bool isAll, Node range, int place, int weight, Node predicate)
    : MacroNode(offset, ExpressionType.Bool, range, place, weight)
{
    public override Value Evaluate(ref Frame frame)
    {
        var name = isAll ? "all" : "exists";
        if (!TryBegin(ref frame, name, out var cursor, out var error))
        {
            return error;
        }

        while (TryNext(ref frame, ref cursor))
        {
            var value = predicate.Evaluate(ref frame);
            if (value.IsBool)
            {
                if (value.Bool != isAll)
                {
                    return !isAll;
                }
            }
            else if (!error.IsFault)
            {
                error = value.IsFault ? value : WrongType(name, value);
            }
        }

        return frame.Exhausted is not null ? Stop(ref frame) : error.IsFault ? error : isAll;
    }
}

internal sealed class ExistsOneNode(int offset, Node range, int place, int weight, Node predicate)
    : MacroNode(offset, ExpressionType.Bool, range, place, weight)
{
    public override Value Evaluate(ref Frame frame)
    {
        if (!TryBegin(ref frame, "exists_one", out var cursor, out var failure))
        {
            return failure;
        }

        var count = 0;
        while (TryNext(ref frame, ref cursor))
        {
            var value = predicate.Evaluate(ref frame);
            if (!value.IsBool)
            {
                return value.IsFault ? value : WrongType("exists_one", value);
            }

            count += value.Bool ? 1 : 0;
        }

        return frame.Exhausted is not null ? Stop(ref frame) : count == 1;
    }
}

/// <summary><c>filter</c> (without a transform) and <c>map</c> with two or three arguments.</summary>
internal sealed class TransformNode(int offset, ExpressionType type, Node range, int place, int weight, Node? predicate, Node? transform)
    : MacroNode(offset, type, range, place, weight)
{
    public override Value Evaluate(ref Frame frame)
    {
        var name = transform is null ? "filter" : "map";
        if (!TryBegin(ref frame, name, out var cursor, out var failure))
        {
            return failure;
        }

        var made = ArrayPool<Value>.Shared.Rent(Math.Min(cursor.Count, 64));
        var count = 0;
        try
        {
            while (TryNext(ref frame, ref cursor))
            {
                var element = frame.Locals[Place];
                if (predicate is not null)
                {
                    var value = predicate.Evaluate(ref frame);
                    if (!value.IsBool)
                    {
                        return value.IsFault ? value : WrongType(name, value);
                    }

                    if (!value.Bool)
                    {
                        continue;
                    }
                }

                var result = transform is null ? element : transform.Evaluate(ref frame);
                if (result.IsFault)
                {
                    return result;
                }

                if (!frame.Make(1))
                {
                    break;
                }

                made = count < made.Length ? made : Grow(made);
                made[count++] = result;
            }

            return frame.Exhausted is not null ? Stop(ref frame) : Value.List(new ArrayList(made.AsSpan(0, count).ToArray()));
        }
        finally
        {
            Return(made, count);
        }
    }

    private static Value[] Grow(Value[] made)
    {
        var larger = ArrayPool<Value>.Shared.Rent(made.Length * 2);
        made.CopyTo(larger, 0);
        Return(made, made.Length);
        return larger;
    }

    // No document is kept alive by what was left in the pool.
    private static void Return(Value[] made, int count)
    {
        made.AsSpan(0, count).Clear();
        ArrayPool<Value>.Shared.Return(made);
    }
}

/// <summary><c>sortBy</c>: stable, by keys of one type.</summary>
internal sealed class SortByNode(int offset, ExpressionType type, Node range, int place, int weight, Node key)
    : MacroNode(offset, type, range, place, weight)
{
    public override Value Evaluate(ref Frame frame)
    {
        if (!TryBegin(ref frame, "sortBy", out var cursor, out var failure))
        {
            return failure;
        }

        if (!frame.Make(2L * cursor.Count))
        {
            return Stop(ref frame);
        }

        var (elements, keys) = (new Value[cursor.Count], new Value[cursor.Count]);
        var count = 0;
        while (TryNext(ref frame, ref cursor))
        {
            elements[count] = frame.Locals[Place];
            keys[count] = key.Evaluate(ref frame);
            if (keys[count].IsFault || elements[count].IsFault)
            {
                return keys[count].IsFault ? keys[count] : elements[count];
            }

            count++;
        }

        return frame.Exhausted is not null ? Stop(ref frame) : Sorting.Sort(ref frame, this, elements, keys);
    }
}
