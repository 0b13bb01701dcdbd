using Orrery.Expressions.Syntax;

namespace Orrery.Expressions.Nodes;

/// <summary>A chain of &amp;&amp; or ||. One operand that decides is enough, whatever errors the others have.</summary>
internal sealed class LogicalNode(int offset, bool isAnd, Node[] operands) : Node(offset, ExpressionType.Bool)
{
    public override Value Evaluate(ref Frame frame)
    {
        Value error = default;
        foreach (var operand in operands)
        {
            var value = operand.Evaluate(ref frame);
            if (value.IsBool)
            {
                if (value.Bool != isAnd)
                {
                    return !isAnd;
                }
            }
            else if (!error.IsFault)
            {
                error = value.IsFault ? value : WrongType((isAnd ? TokenKind.And : TokenKind.Or).Text(), value);
            }
        }

        return error.IsFault ? error : isAnd;
    }
}

internal sealed class NotNode(int offset, Node operand) : Node(offset, ExpressionType.Bool)
{
    public override Value Evaluate(ref Frame frame)
    {
        var value = operand.Evaluate(ref frame);
        return value.IsBool ? !value.Bool : value.IsFault ? value : WrongType("!", value);
    }
}

internal sealed class ConditionalNode(int offset, ExpressionType type, Node condition, Node then, Node otherwise) : Node(offset, type)
{
    public override Value Evaluate(ref Frame frame)
    {
        var value = condition.Evaluate(ref frame);
        if (value.IsBool)
        {
            return value.Bool ? then.Evaluate(ref frame) : otherwise.Evaluate(ref frame);
        }

        return value.IsFault ? value : WrongType("?:", value);
    }
}
