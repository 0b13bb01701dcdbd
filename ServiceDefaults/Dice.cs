using System.Buffers.Binary;

namespace Orrery.ServiceDefaults;

/// <summary>Random numbers for all requests at once, without a lock: SplitMix64 (Steele et al. 2014) over an atomic counter.</summary>
public sealed class Dice(ulong seed)
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;
    private ulong _state = seed;

    /// <summary>0 to <paramref name="limit"/> - 1.</summary>
    public long Next(long limit) => (long)Math.BigMul(Next(), (ulong)limit, out _);

    /// <summary>A version 7 UUID (RFC 9562) without the system call that <see cref="Guid.CreateVersion7()"/> makes. Unique, and no secret: whoever sees some may guess others.</summary>
    public Guid NextUuid(DateTimeOffset at)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, at.ToUnixTimeMilliseconds() << 16);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)(0x7000 | (Next() & 0x0FFF)));
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], 0x8000_0000_0000_0000 | (Next() >> 2));
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>64 bits.</summary>
    public ulong Next()
    {
        var z = Interlocked.Add(ref _state, Gamma);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
