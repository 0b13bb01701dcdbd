using System.Text;

namespace Orrery.Catalogue.Dockerfiles;

/// <summary>The patterns of <c>${A#x*}</c>, <c>${A%.*}</c> and <c>${A/x?/y}</c>: '*' for any text, '?' for one character, '\' before either.</summary>
/// <remarks>All lengths that match are found in one pass over value and pattern, so that no pattern takes more than their product.</remarks>
internal static class WildcardPattern
{
    /// <summary>Beyond this (value × pattern) a variable stays as it is written; no real one comes near.</summary>
    private const int MaxWork = 1_000_000;

    /// <returns><c>null</c> where the pattern cannot be read or asks for too much.</returns>
    public static string? TrimStart(string value, string pattern, bool isGreedy)
    {
        var signs = Read(pattern);
        return signs is null || IsTooMuch(value, signs) ? null : MatchLength(value, 0, signs, isGreedy) is { } length ? value[length..] : value;
    }

    public static string? TrimEnd(string value, string pattern, bool isGreedy)
    {
        var signs = Read(pattern);
        if (signs is null || IsTooMuch(value, signs))
        {
            return null;
        }

        signs.Reverse();
        var reversed = string.Concat(value.Reverse());
        return MatchLength(reversed, 0, signs, isGreedy) is { } length ? value[..^length] : value;
    }

    public static string? Replace(string value, string pattern, string replacement, bool all)
    {
        var signs = Read(pattern);
        // One pass for each place where a match may begin.
        if (signs is null || (long)value.Length * value.Length * (signs.Count + 1) > MaxWork || (long)value.Length * replacement.Length > MaxWork)
        {
            return null;
        }

        var result = new StringBuilder();
        var at = 0;
        for (var isDone = false; at < value.Length && !isDone;)
        {
            if (MatchLength(value, at, signs, isGreedy: true) is > 0 and var length)
            {
                result.Append(replacement);
                at += length;
                isDone = !all;
            }
            else
            {
                result.Append(value[at++]);
            }
        }

        return result.Append(value.AsSpan(at)).ToString();
    }

    private static bool IsTooMuch(string value, List<Sign> signs) => (long)value.Length * (signs.Count + 1) > MaxWork;

    /// <summary>How much of <paramref name="value"/> from <paramref name="from"/> on the whole pattern matches: the most or the least.</summary>
    private static int? MatchLength(string value, int from, List<Sign> signs, bool isGreedy)
    {
        int? found = null;
        var states = new bool[signs.Count + 1];
        states[0] = true;
        for (var at = from; ; at++)
        {
            for (var i = 0; i < signs.Count; i++)
            {
                states[i + 1] |= states[i] && signs[i].IsAnyText;
            }

            if (states[^1])
            {
                found = at - from;
            }

            if (at == value.Length || (found is not null && !isGreedy) || !states.Contains(true))
            {
                return found;
            }

            for (var i = signs.Count; i >= 0; i--)
            {
                states[i] = (i < signs.Count && states[i] && signs[i].IsAnyText) || (i > 0 && states[i - 1] && signs[i - 1].IsOne(value[at]));
            }
        }
    }

    private static List<Sign>? Read(string pattern)
    {
        var signs = new List<Sign>();
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] != '\\')
            {
                signs.Add(new Sign(pattern[i], IsLiteral: pattern[i] is not ('*' or '?')));
            }
            else if (++i < pattern.Length && pattern[i] is '*' or '?' or '\\' or '}' or '/')
            {
                signs.Add(new Sign(pattern[i], IsLiteral: true));
            }
            else
            {
                return null;
            }
        }

        return signs;
    }

    private readonly record struct Sign(char Value, bool IsLiteral)
    {
        public bool IsAnyText => !IsLiteral && Value == '*';

        public bool IsOne(char sign) => IsLiteral ? sign == Value : Value == '?';
    }
}
