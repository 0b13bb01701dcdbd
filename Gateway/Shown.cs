namespace Orrery.Gateway;

/// <summary>What a client sent, as an error message may repeat it: shortened, and without control characters.</summary>
internal static class Shown
{
    private const int Longest = 100;

    public static string Of(string? text)
    {
        if (text is null)
        {
            return "";
        }

        var shown = text.Length > Longest ? string.Concat(text.AsSpan(0, Longest - 3), "...") : text;
        return string.Create(shown.Length, shown, static (characters, source) =>
        {
            for (var i = 0; i < characters.Length; i++)
            {
                characters[i] = char.IsControl(source[i]) || char.IsSurrogate(source[i]) ? '?' : source[i];
            }
        });
    }
}
