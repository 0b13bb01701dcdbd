using Orrery.Expressions.Nodes;

namespace Orrery.Expressions.Functions;

/// <summary>What a function does; the kinds of <paramref name="arguments"/> are those of one of its signatures.</summary>
internal delegate Value FunctionBody(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments);

/// <param name="Parameters">With the receiver first, where there is one.</param>
/// <param name="Result">From the types of the arguments.</param>
internal sealed record Signature(ExpressionType[] Parameters, Func<ExpressionType[], ExpressionType> Result);

/// <summary>A function of one name, one style of call and one count of arguments, with the types that it takes.</summary>
internal sealed class Function(string name, bool isMember, Signature[] signatures, FunctionBody body)
{
    public const int MaxArguments = 4;

    public string Name => name;

    public bool IsMember => isMember;

    public int Count => signatures[0].Parameters.Length;

    public FunctionBody Body => body;

    /// <summary>The type of the result, or null when no signature takes such arguments.</summary>
    public ExpressionType? ResultOf(ExpressionType[] arguments)
    {
        ExpressionType? result = null;
        foreach (var signature in signatures)
        {
            if (signature.Parameters.Zip(arguments).All(pair => pair.Second.Fits(pair.First)))
            {
                var next = signature.Result(arguments);
                result = result is null ? next : ExpressionType.Join(result, next);
            }
        }

        return result;
    }

    public bool Takes(ReadOnlySpan<Value> arguments)
    {
        foreach (var signature in signatures)
        {
            var fits = true;
            for (var i = 0; i < arguments.Length && fits; i++)
            {
                var kind = signature.Parameters[i].Kind;
                fits = kind == ValueKind.Dyn || kind == arguments[i].Kind;
            }

            if (fits)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The signatures as an error shows them.</summary>
    public string Describe() => string.Join(" or ", signatures.Select(signature => isMember
        ? $"{signature.Parameters[0]}.{name}({string.Join(", ", signature.Parameters.Skip(1))})"
        : $"{name}({string.Join(", ", (IEnumerable<ExpressionType>)signature.Parameters)})"));
}
