using System.Text;
using Orrery.Expressions.Nodes;
using Orrery.Expressions.Text;
using Orrery.Expressions.Values;

namespace Orrery.Expressions.Functions;

internal static class StringParts
{
    /// <summary>All, or as many as the fourth argument says; the empty string is found around every code point.</summary>
    public static Value Replace(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments)
    {
        var (text, old, with) = (arguments[0].String, arguments[1].String, arguments[2].String);
        var most = Limit(arguments, 3);
        if (!StringSearch.Spend(ref frame, text, old) || !frame.MakeText(text.Length))
        {
            return at.Stop(ref frame);
        }

        var made = new StringBuilder();
        var rest = 0;
        for (var next = Find(text, old, 0); next >= 0 && most > 0; next = Find(text, old, AfterMatch(text, old, next)), most--)
        {
            if (!frame.Spend(1) || !frame.MakeText(with.Length))
            {
                return at.Stop(ref frame);
            }

            made.Append(text, rest, next - rest).Append(with);
            rest = next + old.Length;
        }

        return made.Append(text, rest, text.Length - rest).ToString();
    }

    /// <summary>At most so many parts as the third argument says, the last one with all that remains; split by nothing, each code point is a part.</summary>
    public static Value Split(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments)
    {
        var (text, separator) = (arguments[0].String, arguments[1].String);
        var most = Limit(arguments, 2);
        if (!StringSearch.Spend(ref frame, text, separator) || !frame.MakeText(text.Length))
        {
            return at.Stop(ref frame);
        }

        var parts = new List<Value>();
        var start = 0;
        while (most > 0)
        {
            if (!frame.Spend(1) || !frame.Make(1))
            {
                return at.Stop(ref frame);
            }

            var end = parts.Count + 1 >= most ? -1 : separator.Length > 0 ? Find(text, separator, start)
                : start < text.Length && start + CodePoints.WidthAt(text, start) is var next && next < text.Length ? next : -1;
            if (separator.Length == 0 && text.Length == 0)
            {
                break;
            }

            parts.Add(end < 0 ? text[start..] : text[start..end]);
            if (end < 0)
            {
                break;
            }

            start = end + separator.Length;
        }

        return Value.List(new ArrayList([.. parts]));
    }

    public static Value Join(ref Frame frame, Node at, scoped ReadOnlySpan<Value> arguments)
    {
        var separator = arguments.Length > 1 ? arguments[1].String : string.Empty;
        var made = new StringBuilder();
        var cursor = new RangeCursor(arguments[0].Items);
        for (var isFirst = true; cursor.TryNext(out var value); isFirst = false)
        {
            value = at.Read(ref frame, value, cursor.IsDocument);
            if (!value.IsString)
            {
                return value.IsFault ? value : at.Fail(EvaluationErrorKind.WrongType, "'join' takes a list of strings, not of", value.Type);
            }

            if (!frame.Spend(1) || !frame.MakeText((long)value.String.Length + separator.Length))
            {
                return at.Stop(ref frame);
            }

            made.Append(isFirst ? string.Empty : separator).Append(value.String);
        }

        return made.ToString();
    }

    private static long Limit(ReadOnlySpan<Value> arguments, int place) =>
        arguments.Length > place && arguments[place].Int >= 0 ? arguments[place].Int : long.MaxValue;

    private static int Find(string text, string searched, int start) => start > text.Length ? -1 : text.IndexOf(searched, start, StringComparison.Ordinal);

    private static int AfterMatch(string text, string searched, int match) =>
        searched.Length > 0 ? match + searched.Length : match < text.Length ? match + CodePoints.WidthAt(text, match) : text.Length + 1;
}
