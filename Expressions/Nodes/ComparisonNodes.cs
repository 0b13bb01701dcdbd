using Orrery.Expressions.Syntax;
using Orrery.Expressions.Values;

namespace Orrery.Expressions.Nodes;

internal sealed class EqualNode(int offset, bool isNegated, Node left, Node right) : Node(offset, ExpressionType.Bool)
{
    public override Value Evaluate(ref Frame frame)
    {
        var a = left.Evaluate(ref frame);
        if (a.IsFault)
        {
            return a;
        }

        var b = right.Evaluate(ref frame);
        if (b.IsFault)
        {
            return b;
        }

        var areEqual = Comparison.AreEqual(ref frame, a, b);
        return frame.Exhausted is null ? areEqual != isNegated : Stop(ref frame);
    }
}

internal sealed class OrderNode(int offset, TokenKind @operator, Node left, Node right) : Node(offset, ExpressionType.Bool)
{
    public override Value Evaluate(ref Frame frame)
    {
        var a = left.Evaluate(ref frame);
        if (a.IsFault)
        {
            return a;
        }

        var b = right.Evaluate(ref frame);
        if (b.IsFault)
        {
            return b;
        }

        if (!Comparison.TryCompare(ref frame, a, b, out var order, out var isUnordered))
        {
            return WrongType(@operator.Text(), a, b);
        }

        if (frame.Exhausted is not null)
        {
            return Stop(ref frame);
        }

        return !isUnordered && @operator switch
        {
            TokenKind.Less => order < 0,
            TokenKind.LessOrEqual => order <= 0,
            TokenKind.Greater => order > 0,
            _ => order >= 0,
        };
    }
}

/// <summary>An element of a list, or a key of a map.</summary>
internal sealed class InNode(int offset, Node item, Node range) : Node(offset, ExpressionType.Bool)
{
    public override Value Evaluate(ref Frame frame)
    {
        var value = item.Evaluate(ref frame);
        if (value.IsFault)
        {
            return value;
        }

        var values = range.Evaluate(ref frame);
        if (values.IsMap)
        {
            return frame.Spend(values.Entries.AccessCost) ? values.Entries.Has(value) : Stop(ref frame);
        }

        if (!values.IsList)
        {
            return values.IsFault ? values : WrongType("in", value, values);
        }

        var cursor = new RangeCursor(values.Items);
        while (cursor.TryNext(out var candidate))
        {
            var isEqual = Comparison.AreEqual(ref frame, value, Read(ref frame, candidate, cursor.IsDocument));
            if (!frame.Spend(1) || frame.Exhausted is not null)
            {
                return Stop(ref frame);
            }

            if (isEqual)
            {
                return true;
            }
        }

        return false;
    }
}
