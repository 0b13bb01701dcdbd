using System.Text.RegularExpressions;
using Orrery.Expressions.Nodes;

namespace Orrery.Expressions.Text;

/// <summary>A regular expression of RE2's syntax, matched in time proportional to the text.</summary>
internal sealed class Pattern
{
    /// <summary>Characters times states of the pattern that are looked at in a step.</summary>
    private const int StatesAStep = 5;

    /// <summary>Never met by a pattern that is within its size; holds if that estimate is wrong.</summary>
    private static readonly TimeSpan LastResort = TimeSpan.FromSeconds(1);

    private readonly Regex _regex;
    private readonly int _size;

    private Pattern(Regex regex, int size) => (_regex, _size) = (regex, size);

    /// <exception cref="PatternException">What is wrong with it, and where.</exception>
    public static Pattern Parse(string source)
    {
        var translation = new Re2Translation(source);
        var translated = translation.Translate();
        try
        {
            const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;
            return new Pattern(new Regex(translated, Options, LastResort), translation.Size);
        }
        catch (Exception exception) when (exception is NotSupportedException or ArgumentException)
        {
            throw new PatternException(0, "the pattern is too large");
        }
    }

    public Value Match(ref Frame frame, Node at, string text)
    {
        if (!frame.Spend(1 + ((long)text.Length * _size >> StatesAStep)))
        {
            return at.Stop(ref frame);
        }

        try
        {
            return _regex.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return at.Fail(EvaluationErrorKind.LimitExceeded, "the pattern takes too long");
        }
    }
}

/// <param name="at">Of the pattern, in UTF-16 units from 0.</param>
internal sealed class PatternException(int at, string problem) : Exception(problem)
{
    public int At { get; } = at;
}
