namespace Orrery.Catalogue.Dockerfiles;

/// <summary>How secrets are called, and how they look.</summary>
internal static class SecretSigns
{
    private static readonly string[] Words = ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "CREDENTIAL"];
    private static readonly string[] Places = ["_FILE", "_PATH"];
    private static readonly string[] LastWords = ["TOKEN", "KEY", "APIKEY", "PAT", "PASS"];

    /// <summary>What begins a credential, and how many letters and digits come after it at least.</summary>
    private static readonly (string Start, int Length)[] Values =
    [
        ("hf_", 16), ("sk-", 16), ("ghp_", 20), ("gho_", 20), ("ghs_", 20), ("github_pat_", 20), ("glpat-", 16),
        ("sk_live_", 16), ("rk_live_", 16), ("AKIA", 16), ("ASIA", 16), ("xoxb-", 16), ("xoxp-", 16), ("AIza", 30), ("nvapi-", 16),
        ("Bearer ", 16), ("bearer ", 16), ("Basic ", 16), ("eyJ", 30), ("-----BEGIN", 0),
    ];

    public static bool IsName(string name)
    {
        var upper = name.ToUpperInvariant();

        // PUBLIC_KEY and the like are no secrets; *_FILE and *_PATH say where one is.
        var isPlace = Places.Any(ending => upper.EndsWith(ending, StringComparison.Ordinal)) || upper.Split('_').Contains("PUBLIC");
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

        return FindInAddress(text);
    }

    /// <summary><c>https://user:password@host</c>, also without a user; a variable in the password's place is none.</summary>
    private static int FindInAddress(string text)
    {
        for (var at = text.IndexOf("://", StringComparison.Ordinal); at >= 0; at = text.IndexOf("://", at + 3, StringComparison.Ordinal))
        {
            var rest = text.AsSpan(at + 3);
            var authority = rest[..(rest.IndexOfAny(AfterAuthority) is >= 0 and var end ? end : rest.Length)];
            var user = authority.LastIndexOf('@') is >= 0 and var host ? authority[..host] : [];
            if (user.IndexOf(':') is >= 0 and var colon && user.Length > colon + 1 && !IsVariable(user[(colon + 1)..]))
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary><c>$PASSWORD</c> or <c>${PASSWORD}</c>, whole.</summary>
    private static bool IsVariable(ReadOnlySpan<char> text) =>
        text is ['$', .. var name] && (name is ['{', .. var inner, '}'] ? inner : name) is var word && word.Length > 0 && !word.ContainsAnyExcept(OfNames);

    private static readonly System.Buffers.SearchValues<char> OfNames = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    private static readonly System.Buffers.SearchValues<char> AfterAuthority = System.Buffers.SearchValues.Create("/?# \t\r\n\"'");

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
