namespace Orrery.Catalogue.Dockerfiles;

/// <summary>How secrets are called, and how they look.</summary>
internal static class SecretSigns
{
    private static readonly string[] Words = ["PASSWORD", "PASSWD", "SECRET", "CREDENTIAL"];
    private static readonly string[] Places = ["_FILE", "_PATH"];
    private static readonly string[] LastWords = ["TOKEN", "KEY", "APIKEY", "PAT"];

    /// <summary>What begins a credential, and how many letters and digits come after it at least.</summary>
    private static readonly (string Start, int Length)[] Values =
    [
        ("hf_", 16), ("sk-", 16), ("ghp_", 20), ("gho_", 20), ("ghs_", 20), ("github_pat_", 20), ("glpat-", 16),
        ("AKIA", 16), ("ASIA", 16), ("xoxb-", 16), ("xoxp-", 16), ("AIza", 30), ("nvapi-", 16),
        ("-----BEGIN", 0),
    ];

    public static bool IsName(string name)
    {
        var upper = name.ToUpperInvariant();

        // PUBLIC_KEY and the like are no secrets; *_FILE and *_PATH say where one is.
        var isPlace = Places.Any(ending => upper.EndsWith(ending, StringComparison.Ordinal)) || upper.Contains("PUBLIC", StringComparison.Ordinal);
        return !isPlace && (Words.Any(word => upper.Contains(word, StringComparison.Ordinal))
            || LastWords.Any(word => upper == word || upper.EndsWith("_" + word, StringComparison.Ordinal)));
    }

    public static bool IsValue(string text) => Find(text) >= 0;

    /// <summary>Where a credential begins; -1: nowhere.</summary>
    public static int Find(string text)
    {
        foreach (var (start, length) in Values)
        {
            for (var at = text.IndexOf(start, StringComparison.Ordinal); at >= 0; at = text.IndexOf(start, at + 1, StringComparison.Ordinal))
            {
                if ((at == 0 || !char.IsAsciiLetterOrDigit(text[at - 1])) && LettersFrom(text, at + start.Length, length) >= length)
                {
                    return at;
                }
            }
        }

        return -1;
    }

    private static int LettersFrom(string text, int from, int most)
    {
        var count = 0;
        while (count < most && from + count < text.Length && (char.IsAsciiLetterOrDigit(text[from + count]) || text[from + count] is '_' or '-'))
        {
            count++;
        }

        return count;
    }
}
