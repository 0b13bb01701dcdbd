using System.Buffers;

namespace Orrery.Gateway;

/// <summary>Rented bytes, counted, so that a buffer that nobody gives back is seen by a test and a metric instead of by an operator.</summary>
internal sealed class BufferPool
{
    private long _outstanding;

    /// <summary>Rented and not yet returned.</summary>
    public long Outstanding => Interlocked.Read(ref _outstanding);

    public byte[] Rent(int minimumLength)
    {
        Interlocked.Increment(ref _outstanding);
        return ArrayPool<byte>.Shared.Rent(minimumLength);
    }

    public void Return(byte[] buffer)
    {
        Interlocked.Decrement(ref _outstanding);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>A longer buffer with the first <paramref name="used"/> bytes of <paramref name="buffer"/>, which is returned.</summary>
    public byte[] Grow(byte[] buffer, int used, int minimumLength)
    {
        var longer = Rent(Math.Max(minimumLength, buffer.Length * 2));
        buffer.AsSpan(0, used).CopyTo(longer);
        Return(buffer);
        return longer;
    }
}
