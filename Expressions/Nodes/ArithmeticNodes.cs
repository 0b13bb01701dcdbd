using Orrery.Expressions.Syntax;
using Orrery.Expressions.Values;

namespace Orrery.Expressions.Nodes;

/// <summary>Numbers of one type, and + for strings and lists.</summary>
internal sealed class ArithmeticNode(int offset, ExpressionType type, TokenKind @operator, Node left, Node right) : Node(offset, type)
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

        if (a.IsInt && b.IsInt)
        {
            return Integers(a.Int, b.Int);
        }

        if (a.IsDouble && b.IsDouble && @operator != TokenKind.Percent)
        {
            return Doubles(a.Double, b.Double);
        }

        return @operator != TokenKind.Plus ? WrongType(@operator.Text(), a, b)
            : a.IsString && b.IsString ? Join(ref frame, a.String, b.String)
            : a.IsList && b.IsList ? Join(ref frame, a.Items, b.Items)
            : WrongType(@operator.Text(), a, b);
    }

    private Value Integers(long a, long b)
    {
        if (@operator is TokenKind.Slash or TokenKind.Percent)
        {
            if (b == 0)
            {
                return Fail(EvaluationErrorKind.Arithmetic, @operator == TokenKind.Slash ? "division by zero" : "modulus by zero");
            }

            return a == long.MinValue && b == -1 ? Overflow() : @operator == TokenKind.Slash ? a / b : a % b;
        }

        long result;
        var isOver = @operator switch
        {
            TokenKind.Plus => ((a ^ (result = unchecked(a + b))) & (b ^ result)) < 0,
            TokenKind.Minus => ((a ^ b) & (a ^ (result = unchecked(a - b)))) < 0,
            _ => Math.BigMul(a, b, out result) != result >> 63,
        };
        return isOver ? Overflow() : result;
    }

    private Value Doubles(double a, double b) => @operator switch
    {
        TokenKind.Plus => a + b,
        TokenKind.Minus => a - b,
        TokenKind.Star => a * b,
        _ => a / b,
    };

    private Value Overflow() => Fail(EvaluationErrorKind.Arithmetic, $"'{@operator.Text()}' goes beyond the range of int");

    private Value Join(ref Frame frame, string a, string b) => frame.MakeText((long)a.Length + b.Length) ? string.Concat(a, b) : Stop(ref frame);

    private Value Join(ref Frame frame, ListValue a, ListValue b)
    {
        var count = (long)a.Count + b.Count;
        if (!frame.Make(count) || !frame.Spend(count))
        {
            return Stop(ref frame);
        }

        var items = new Value[count];
        var next = 0;
        foreach (var part in (ReadOnlySpan<ListValue>)[a, b])
        {
            var cursor = new RangeCursor(part);
            while (cursor.TryNext(out var value))
            {
                value = Read(ref frame, value, cursor.IsDocument);
                if (value.IsFault)
                {
                    return value;
                }

                items[next++] = value;
            }
        }

        return Value.List(new ArrayList(items));
    }
}

internal sealed class NegateNode(int offset, ExpressionType type, Node operand) : Node(offset, type)
{
    public override Value Evaluate(ref Frame frame)
    {
        var value = operand.Evaluate(ref frame);
        return value.IsDouble ? -value.Double
            : !value.IsInt ? value.IsFault ? value : WrongType("-", value)
            : value.Int == long.MinValue ? Fail(EvaluationErrorKind.Arithmetic, "'-' goes beyond the range of int")
            : -value.Int;
    }
}
