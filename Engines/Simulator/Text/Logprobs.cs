namespace Orrery.Simulator.Text;

/// <summary>Log probabilities that belong together: the chosen token is the likeliest, the alternatives share what it leaves.</summary>
internal static class Logprobs
{
    private static readonly int[] Alternatives = [.. " the, a and of in is to it that was for on as with by at this or an from be not".Split(' ')
        .Where(word => word.Length > 0).Select(word => Tokenizer.Encode(" " + word)[0]).Distinct()];

    /// <summary>Of the chosen token: between -1.6 and -0.001.</summary>
    public static double Of(ulong hash, int position)
    {
        var unit = StableHash.Unit(StableHash.Add(hash, (ulong)position));
        return -0.001 - (1.6 * unit * unit * unit);
    }

    /// <summary>The chosen token first, then others, each less likely than the one before; <paramref name="count"/> in all.</summary>
    public static IEnumerable<(int Token, double Logprob)> Top(ulong hash, int position, int chosen, int count)
    {
        var logprob = Of(hash, position);
        var left = 1 - Math.Exp(logprob);
        var next = (int)(StableHash.Mix(hash + (ulong)position) % (ulong)Alternatives.Length);
        for (var rank = 0; rank < count; rank++)
        {
            if (rank == 0)
            {
                yield return (chosen, logprob);
                continue;
            }

            if (Alternatives[next % Alternatives.Length] == chosen)
            {
                next++;
            }

            left *= 0.5;
            yield return (Alternatives[next++ % Alternatives.Length], Math.Max(Math.Min(Math.Log(left), logprob), -9_999));
        }
    }
}
