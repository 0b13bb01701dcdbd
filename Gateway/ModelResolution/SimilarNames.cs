namespace Orrery.Gateway.ModelResolution;

/// <summary>Names that were perhaps meant: by edit distance, or because one holds the other.</summary>
internal static class SimilarNames
{
    private const int Most = 3;
    private const int LongestCompared = 256;

    public static IReadOnlyList<string> To(string name, IEnumerable<string> known)
    {
        if (name.Length > LongestCompared)
        {
            return [];
        }

        var most = Math.Max(2, name.Length / 3);
        return [.. known
            .Where(id => id.Length <= LongestCompared)
            .Select(id => (Id: id, Distance: Distance(name, id, most)))
            .Where(entry => entry.Distance <= most)
            .OrderBy(entry => entry.Distance)
            .ThenBy(entry => entry.Id, StringComparer.Ordinal)
            .Take(Most)
            .Select(entry => entry.Id)];
    }

    /// <param name="most">What is further away is not measured: there may be thousands of names.</param>
    private static int Distance(string one, string other, int most)
    {
        var isPrefixed = one.Length > other.Length && one[^(other.Length + 1)] == '/' && one.EndsWith(other, StringComparison.OrdinalIgnoreCase);
        if (isPrefixed || (one.Length >= 3 && other.Contains(one, StringComparison.OrdinalIgnoreCase)))
        {
            return 1;
        }

        if (Math.Abs(one.Length - other.Length) > most)
        {
            return int.MaxValue;
        }

        Span<int> row = stackalloc int[other.Length + 1];
        for (var j = 0; j <= other.Length; j++)
        {
            row[j] = j;
        }

        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var substituted = diagonal + (char.ToLowerInvariant(one[i - 1]) == char.ToLowerInvariant(other[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[other.Length];
    }
}
