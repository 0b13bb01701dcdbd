namespace Orrery.Contracts;

/// <summary>Texts that are cut where they are too long.</summary>
public static class TextCut
{
    /// <summary>The text's beginning, of at most <paramref name="longest"/> characters and never half of one: what ends in half a surrogate pair can neither be stored nor sent.</summary>
    /// <param name="mark">Put behind what was cut, on top of <paramref name="longest"/>.</param>
    public static string Cut(this string text, int longest, string mark = "")
    {
        if (text.Length <= longest)
        {
            return text;
        }

        var length = longest > 0 && char.IsHighSurrogate(text[longest - 1]) && char.IsLowSurrogate(text[longest]) ? longest - 1 : longest;
        return string.Concat(text.AsSpan(0, length), mark);
    }
}
