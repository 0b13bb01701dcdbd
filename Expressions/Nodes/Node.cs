using Orrery.Expressions.Values;

namespace Orrery.Expressions.Nodes;

/// <summary>
/// A part of a compiled expression. Immutable; all state of an evaluation is in its <see cref="Frame"/>. Types of operands are looked at again
/// when it runs, so that neither a document nor a getter that says other than it declared can do harm.
/// </summary>
internal abstract class Node(int offset, ExpressionType type)
{
    public int Offset => offset;

    public ExpressionType Type => type;

    public abstract Value Evaluate(ref Frame frame);

    public Value Fail(EvaluationErrorKind kind, string text, object? detail = null) => new Fault(kind, text, detail) { Offset = offset };

    /// <summary>The error of a frame that is out of means.</summary>
    public Value Stop(ref Frame frame)
    {
        var fault = frame.Exhausted!;
        if (fault.Offset < 0)
        {
            fault.Offset = offset;
        }

        return fault;
    }

    protected Value WrongType(string @operator, in Value operand) => Fail(EvaluationErrorKind.WrongType, $"'{@operator}' does not take", operand.Type);

    protected Value WrongType(string @operator, in Value left, in Value right) =>
        Fail(EvaluationErrorKind.WrongType, $"'{@operator}' does not take {left.Type} and", right.Type);

    /// <summary>A value out of a container: its errors are of this place, and its text was made if the container is a document.</summary>
    public Value Read(ref Frame frame, in Value value, bool isDocument)
    {
        if (value.IsFault && value.Fault.Offset < 0)
        {
            value.Fault.Offset = offset;
        }

        return !isDocument || value.TextLength is 0 || frame.MakeText(value.TextLength) ? value : Stop(ref frame);
    }
}

internal sealed class ConstantNode(int offset, Value value, ExpressionType type) : Node(offset, type)
{
    public Value Value => value;

    public override Value Evaluate(ref Frame frame) => value;
}

internal sealed class VariableNode(int offset, ExpressionType type, int place) : Node(offset, type)
{
    public override Value Evaluate(ref Frame frame) => frame.Variables[place];
}

internal sealed class LocalNode(int offset, ExpressionType type, int place) : Node(offset, type)
{
    public override Value Evaluate(ref Frame frame) => frame.Locals[place];
}
