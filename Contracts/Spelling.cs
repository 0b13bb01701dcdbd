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

    /// <summary>The least number of letters to insert, delete, replace or exchange with their neighbour (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        if (a.Length > 64 || b.Length > 64)
        {
            return int.MaxValue;
        }

        var (last, before, row) = (new int[b.Length + 1], new int[b.Length + 1], new int[b.Length + 1]);
        for (var j = 0; j <= b.Length; j++)
        {
            before[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = before[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = Math.Min(replaced, Math.Min(before[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    row[j] = Math.Min(row[j], last[j - 2] + 1);
                }
            }

            (last, before, row) = (before, row, last);
        }

        return before[b.Length];
    }
}
