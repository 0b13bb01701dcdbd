using Orrery.Simulator.Text;

namespace Orrery.Simulator.Timing;

/// <summary>Chained hashes of full blocks: equal hashes mean equal content from the first token on.</summary>
internal static class BlockHashes
{
    /// <param name="salt">Separates caches that must not share (vLLM's <c>cache_salt</c>); 0 is the common one.</param>
    public static ulong[] Of(ReadOnlySpan<int> prompt, ReadOnlySpan<int> output, ulong salt = 0)
    {
        var hashes = new ulong[(prompt.Length + output.Length) / KvCache.TokensPerBlock];
        var hash = StableHash.Mix(salt);
        for (var i = 0; i < hashes.Length * KvCache.TokensPerBlock; i++)
        {
            hash = StableHash.Add(hash, (ulong)(i < prompt.Length ? prompt[i] : output[i - prompt.Length]));
            if ((i + 1) % KvCache.TokensPerBlock == 0)
            {
                hashes[i / KvCache.TokensPerBlock] = hash;
            }
        }

        return hashes;
    }
}
