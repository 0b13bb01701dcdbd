using System.Buffers;

namespace Orrery.Gateway.Sending;

/// <summary>Bytes of a stream that are held back: its beginning, until it is clear that this engine answers, or an event that is half read. None holds no buffer.</summary>
internal sealed class HeldBytes(BufferPool pool) : IBufferWriter<byte>, IDisposable
{
    private const int FirstSize = 2 << 10;
    private byte[] _buffer = [];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, Length);

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsSpan(Length);
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            BuffersExtensions.Write(this, bytes);
        }
    }

    public void DropFirst(int count)
    {
        Length -= count;
        if (Length == 0)
        {
            Dispose();
        }
        else
        {
            _buffer.AsSpan(count, Length).CopyTo(_buffer);
        }
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            pool.Return(_buffer);
        }

        _buffer = [];
        Length = 0;
    }

    private void Reserve(int sizeHint)
    {
        var wanted = Length + Math.Max(1, sizeHint);
        if (_buffer.Length == 0)
        {
            _buffer = pool.Rent(Math.Max(FirstSize, wanted));
        }
        else if (wanted > _buffer.Length)
        {
            _buffer = pool.Grow(_buffer, Length, wanted);
        }
    }
}
