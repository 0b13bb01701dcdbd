namespace Orrery.Contracts;

/// <summary>Finds what somebody probably meant.</summary>
public static class Spelling
{
    /// <summary>The question whether the nearest word was meant; <c>null</c> where none is near.</summary>
    public static string? Remedy(string written, IEnumerable<string> known) => Nearest(written, known) is { } nearest ? $"Did you mean '{nearest}'?" : null;

    /// <summary>The word of <paramref name="known"/> nearest to <paramref name="written"/>, unless all are too far away to be a slip.</summary>
    public static string? Nearest(string written, IEnumerable<string> known)
    {
        var small = written.ToLowerInvariant();
        var (best, distance) = known
            .Where(word => Math.Abs(word.Length - small.Length) <= Furthest(word)) // At least so many letters apart: most words need no look.
            .Select(word => (word, distance: Distance(small, word.ToLowerInvariant())))
            .DefaultIfEmpty(("", int.MaxValue))
            .MinBy(candidate => candidate.Item2);
        return distance <= Furthest(best) ? best : null;

        int Furthest(string word) => Math.Max(1, Math.Min(written.Length, word.Length) / 3);
    }

    /// <summary>Levenshtein: the least number of letters to insert, delete or replace.</summary>
    private static int Distance(string a, string b)
    {
        if (a.Length > 64 || b.Length > 64)
        {
            return int.MaxValue;
        }

        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
