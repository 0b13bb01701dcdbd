namespace Orrery.Expressions;

/// <summary>A value, or why there is none.</summary>
public readonly struct EvaluationResult
{
    internal EvaluationResult(in Value value, EvaluationError? error) => (Value, Error) = (value, error);

    /// <summary><c>null</c> when there is an error.</summary>
    public Value Value { get; }

    public EvaluationError? Error { get; }

    /// <summary>Whether the value is <c>true</c>: what a match asks. An error is no match.</summary>
    public bool IsTrue => Value.IsTrue;

    public override string ToString() => Error?.ToString() ?? Value.ToString();
}
