namespace Orrery.Gateway.Intake;

/// <summary>A request's bytes in a rented buffer, taken from the common budget and given back with it.</summary>
internal sealed class RequestBody(BufferPool pool, BodyBudget budget) : IDisposable
{
    private byte[] _buffer = [];
    private int _length;

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>Makes room for <paramref name="length"/> bytes in all; <c>false</c> when the budget is spent.</summary>
    public bool TryReserve(int length)
    {
        if (length <= _buffer.Length)
        {
            return true;
        }

        var wanted = Math.Max(length, _buffer.Length * 2);
        if (!budget.TryTake(wanted - _buffer.Length))
        {
            return false;
        }

        var longer = pool.Rent(wanted);
        _buffer.AsSpan(0, _length).CopyTo(longer);
        var surplus = longer.Length - wanted;
        ReturnBuffer();
        _buffer = longer;
        budget.GiveBack(-surplus); // What the pool gave is what is held.
        return true;
    }

    public void Append(in System.Buffers.ReadOnlySequence<byte> bytes)
    {
        foreach (var segment in bytes)
        {
            segment.Span.CopyTo(_buffer.AsSpan(_length));
            _length += segment.Length;
        }
    }

    public void Dispose()
    {
        budget.GiveBack(_buffer.Length);
        ReturnBuffer();
        _buffer = [];
        _length = 0;
    }

    private void ReturnBuffer()
    {
        if (_buffer.Length > 0)
        {
            pool.Return(_buffer);
        }
    }
}
