using System.Text;

namespace Orrery.Expressions.Text;

/// <summary>Strings as CEL counts them: in Unicode code points, whatever the UTF-16 units.</summary>
internal static class CodePoints
{
    private const char FirstSurrogate = '\uD800';
    private const char LastSurrogate = '\uDFFF';

    public static int Count(ReadOnlySpan<char> text)
    {
        var count = text.Length;
        for (var at = Surrogate(text); at >= 0;)
        {
            var isPair = char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]);
            count -= isPair ? 1 : 0;
            text = text[(at + (isPair ? 2 : 1))..];
            at = Surrogate(text);
        }

        return count;
    }

    /// <summary>The unit at which a code point begins; the length for the place after the last one, and -1 beyond it.</summary>
    public static int Unit(ReadOnlySpan<char> text, long codePoint)
    {
        if (codePoint < 0 || codePoint > text.Length)
        {
            return -1;
        }

        if (Surrogate(text) < 0)
        {
            return (int)codePoint;
        }

        var unit = 0;
        for (; codePoint > 0; codePoint--)
        {
            if (unit >= text.Length)
            {
                return -1;
            }

            unit += WidthAt(text, unit);
        }

        return unit;
    }

    public static int WidthAt(ReadOnlySpan<char> text, int unit) =>
        char.IsHighSurrogate(text[unit]) && unit + 1 < text.Length && char.IsLowSurrogate(text[unit + 1]) ? 2 : 1;

    /// <summary>By code point: surrogates stand above every unit that is none.</summary>
    public static int Compare(string left, string right)
    {
        var common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        var (a, b) = (left[common], right[common]);
        return char.IsSurrogate(a) == char.IsSurrogate(b) ? a.CompareTo(b) : char.IsSurrogate(a) ? 1 : -1;
    }

    /// <summary>The first unit that belongs to no code point, or -1.</summary>
    public static int Lone(string text)
    {
        for (var at = Surrogate(text); at >= 0 && at < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, at, out var rune))
            {
                return at;
            }

            var next = Surrogate(text.AsSpan(at + rune.Utf16SequenceLength));
            if (next < 0)
            {
                return -1;
            }

            at += rune.Utf16SequenceLength + next;
        }

        return -1;
    }

    private static int Surrogate(ReadOnlySpan<char> text) => text.IndexOfAnyInRange(FirstSurrogate, LastSurrogate);
}
