namespace Orrery.Expressions.Syntax;

/// <summary>The first mistake of syntax ends the reading: what follows would be guesses.</summary>
internal sealed class SyntaxFailure(int offset, string problem, string found, string expected) : Exception(problem)
{
    public int Offset { get; } = offset;

    public string Problem { get; } = problem;

    public string Found { get; } = found;

    public string Expected { get; } = expected;
}
