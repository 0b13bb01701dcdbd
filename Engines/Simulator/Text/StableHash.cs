namespace Orrery.Simulator.Text;

/// <summary>A 64-bit hash that is the same in every process, unlike <see cref="HashCode"/>.</summary>
internal static class StableHash
{
    public static ulong Add(ulong hash, ulong value) => Mix(hash ^ (value + 0x9E3779B97F4A7C15 + (hash << 6) + (hash >> 2)));

    public static ulong Add(ulong hash, double value) => Add(hash, BitConverter.DoubleToUInt64Bits(value));

    public static ulong Add(ulong hash, ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            hash = (hash ^ character) * 0x100000001B3;
        }

        return Add(hash, (ulong)text.Length);
    }

    public static ulong Add(ulong hash, ReadOnlySpan<int> tokens)
    {
        foreach (var token in tokens)
        {
            hash = (hash ^ (uint)token) * 0x100000001B3;
        }

        return Add(hash, (ulong)tokens.Length);
    }

    /// <summary>SplitMix64's finalizer: every bit of the input reaches every bit of the result.</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    /// <summary>A number from 0 up to but not including 1.</summary>
    public static double Unit(ulong hash) => (Mix(hash) >> 11) * (1.0 / (1UL << 53));

    public static Random Random(ulong hash) => new((int)(Mix(hash) & int.MaxValue));
}
