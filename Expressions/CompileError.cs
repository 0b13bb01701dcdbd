namespace Orrery.Expressions;

/// <summary>A mistake in an expression.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1, in UTF-16 units.</param>
/// <param name="Problem">The rule that is broken.</param>
/// <param name="Found">What stands there.</param>
/// <param name="Expected">What may stand there, with a suggestion where one is near.</param>
public sealed record CompileError(int Line, int Column, string Problem, string Found, string Expected)
{
    public override string ToString() => $"{Line}:{Column}: {Problem}: found {Found}, expected {Expected}";
}

/// <summary>An expression that cannot be compiled, with every mistake that was found.</summary>
public sealed class ExpressionException(IReadOnlyList<CompileError> errors) : Exception(string.Join(Environment.NewLine, errors))
{
    public IReadOnlyList<CompileError> Errors { get; } = errors;
}
