using Orrery.Expressions.Nodes;
using Orrery.Expressions.Text;

namespace Orrery.Expressions.Functions;

/// <summary>Places and lengths are in code points.</summary>
internal static class StringFunctions
{
    private const int MaxDynamicPattern = 512;
    private const int StepsToCompilePattern = 20_000;

    public static Value StartsWith(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments) => frame.SpendReading(arguments[1].String.Length)
        ? arguments[0].String.StartsWith(arguments[1].String, StringComparison.Ordinal)
        : at.Stop(ref frame);

    public static Value EndsWith(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments) => frame.SpendReading(arguments[1].String.Length)
        ? arguments[0].String.EndsWith(arguments[1].String, StringComparison.Ordinal)
        : at.Stop(ref frame);

    public static Value Contains(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments) => StringSearch.Spend(ref frame, arguments[0].String, arguments[1].String)
        ? arguments[0].String.Contains(arguments[1].String, StringComparison.Ordinal)
        : at.Stop(ref frame);

    /// <summary>With a pattern that is known only now; one that is a literal is compiled once (see <see cref="MatchesNode"/>).</summary>
    public static Value Matches(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments)
    {
        var pattern = arguments[1].String;
        if (pattern.Length > MaxDynamicPattern || CodePoints.Lone(pattern) >= 0)
        {
            return at.Fail(EvaluationErrorKind.InvalidArgument, "the pattern is too long, or not valid Unicode");
        }

        try
        {
            return frame.Spend(StepsToCompilePattern) ? Pattern.Parse(pattern).Match(ref frame, at, arguments[0].String) : at.Stop(ref frame);
        }
        catch (PatternException exception)
        {
            return at.Fail(EvaluationErrorKind.InvalidArgument, $"invalid pattern: {exception.Message}");
        }
    }

    public static Value LowerAscii(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments) => frame.MakeText(arguments[0].String.Length)
        ? string.Create(arguments[0].String.Length, arguments[0].String, static (span, text) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsAsciiLetterUpper(text[i]) ? (char)(text[i] | 0x20) : text[i];
            }
        })
        : at.Stop(ref frame);

    public static Value UpperAscii(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments) => frame.MakeText(arguments[0].String.Length)
        ? string.Create(arguments[0].String.Length, arguments[0].String, static (span, text) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsAsciiLetterLower(text[i]) ? (char)(text[i] & ~0x20) : text[i];
            }
        })
        : at.Stop(ref frame);

    public static Value Trim(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments) =>
        frame.MakeText(arguments[0].String.Length) ? arguments[0].String.Trim() : at.Stop(ref frame);

    /// <summary>The empty string at the place after the last one.</summary>
    public static Value CharAt(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments)
    {
        var text = arguments[0].String;
        if (!frame.SpendReading(text.Length))
        {
            return at.Stop(ref frame);
        }

        var unit = CodePoints.Unit(text, arguments[1].Int);
        return unit < 0 ? OutOfRange(at) : unit == text.Length ? string.Empty : text.Substring(unit, CodePoints.WidthAt(text, unit));
    }

    public static Value Substring(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments)
    {
        var text = arguments[0].String;
        if (!frame.SpendReading(text.Length))
        {
            return at.Stop(ref frame);
        }

        var start = CodePoints.Unit(text, arguments[1].Int);
        var end = arguments.Length > 2 ? CodePoints.Unit(text, arguments[2].Int) : text.Length;
        return start < 0 || end < start ? OutOfRange(at) : frame.MakeText(end - start) ? text[start..end] : at.Stop(ref frame);
    }

    public static Value OutOfRange(Node at) => at.Fail(EvaluationErrorKind.InvalidArgument, "the place is out of range of the string");
}
