namespace Orrery.Expressions.Values;

/// <summary>An error on its way through an evaluation. It travels as a value, so that &amp;&amp;, || and the macros may absorb it.</summary>
internal sealed class Fault(EvaluationErrorKind kind, string text, object? detail = null)
{
    public static readonly ExpressionType Marker = new FaultType();

    public EvaluationErrorKind Kind => kind;

    public int Offset { get; set; } = -1;

    /// <summary>Put together only for who reads it: most errors are absorbed.</summary>
    public string Message => detail is null ? text : $"{text} {detail}";

    public static implicit operator Value(Fault fault) => new(Marker, fault);

    private sealed class FaultType() : ExpressionType((ValueKind)byte.MaxValue)
    {
        public override string Name => "error";
    }
}
