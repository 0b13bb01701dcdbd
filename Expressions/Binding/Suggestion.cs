namespace Orrery.Expressions.Binding;

/// <summary>The name that was probably meant.</summary>
internal static class Suggestion
{
    private const int Longest = 64;

    /// <returns>The expectation, with the nearest candidate where one is near.</returns>
    public static string Add(string expected, string name, IEnumerable<string> candidates)
    {
        var (nearest, least) = (string.Empty, (Math.Max(name.Length, 3) / 3) + 1);
        if (name.Length <= Longest)
        {
            foreach (var candidate in candidates)
            {
                var distance = candidate.Length <= Longest ? Distance(name.ToLowerInvariant(), candidate.ToLowerInvariant()) : least;
                if (distance < least)
                {
                    (nearest, least) = (candidate, distance);
                }
            }
        }

        return nearest.Length > 0 ? $"{expected}; did you mean '{nearest}'?" : expected;
    }

    /// <summary>Edits of one letter, and swaps of two neighbours.</summary>
    private static int Distance(string left, string right)
    {
        var table = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            for (var j = 0; j <= right.Length; j++)
            {
                table[i, j] = (i, j) switch
                {
                    (0, _) => j,
                    (_, 0) => i,
                    _ => Math.Min(Math.Min(table[i - 1, j], table[i, j - 1]) + 1, table[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1)),
                };
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
                }
            }
        }

        return table[left.Length, right.Length];
    }
}
