namespace Orrery.Expressions;

public enum EvaluationErrorKind
{
    /// <summary>No such key, member or index.</summary>
    NotFound,

    /// <summary>An operator or function does not take values of these types.</summary>
    WrongType,

    /// <summary>A number beyond its range, or a division by zero.</summary>
    Arithmetic,

    /// <summary>A value of the right type that cannot be used, such as text that is no number.</summary>
    InvalidArgument,

    /// <summary>The expression would take or make more than it may; see <see cref="EvaluationLimits"/>.</summary>
    LimitExceeded,
}

/// <summary>Why an expression gave no value. The message names types and names of the expression, never the values of the input.</summary>
/// <param name="Line">From 1; 0 where no place in the expression is to blame.</param>
/// <param name="Column">From 1, in UTF-16 units.</param>
public sealed record EvaluationError(EvaluationErrorKind Kind, int Line, int Column, string Message)
{
    public override string ToString() => Line == 0 ? Message : $"{Line}:{Column}: {Message}";
}
