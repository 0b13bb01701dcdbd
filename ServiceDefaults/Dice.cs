namespace Orrery.ServiceDefaults;

/// <summary>Random numbers for all requests at once, without a lock: SplitMix64 (Steele et al. 2014) over an atomic counter.</summary>
public sealed class Dice(ulong seed)
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;
    private ulong _state = seed;

    /// <summary>0 to <paramref name="limit"/> - 1.</summary>
    public long Next(long limit)
    {
        var z = Interlocked.Add(ref _state, Gamma);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (long)Math.BigMul(z ^ (z >> 31), (ulong)limit, out _);
    }
}
