using System.Runtime.CompilerServices;
using Orrery.Expressions.Functions;

namespace Orrery.Expressions.Nodes;

internal sealed class CallNode(int offset, ExpressionType type, Function function, Node[] arguments) : Node(offset, type)
{
    public override Value Evaluate(ref Frame frame)
    {
        var values = default(ArgumentValues);
        for (var i = 0; i < arguments.Length; i++)
        {
            values[i] = arguments[i].Evaluate(ref frame);
            if (values[i].IsFault)
            {
                return values[i];
            }
        }

        ReadOnlySpan<Value> given = ((Span<Value>)values)[..arguments.Length];
        return function.Takes(given) ? function.Body(ref frame, this, given) : NotTaken(given);
    }

    private Value NotTaken(ReadOnlySpan<Value> given)
    {
        var types = new string[given.Length];
        for (var i = 0; i < types.Length; i++)
        {
            types[i] = given[i].Type.Name;
        }

        return Fail(EvaluationErrorKind.WrongType, $"'{function.Name}' does not take", string.Join(", ", types));
    }

    [InlineArray(Function.MaxArguments)]
    private struct ArgumentValues
    {
        private Value _first;
    }
}
