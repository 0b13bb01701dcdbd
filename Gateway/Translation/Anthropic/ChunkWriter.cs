using System.Buffers;
using System.Buffers.Text;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary>Puts one chunk together in the room that the output lends for it.</summary>
internal ref struct ChunkWriter
{
    private const int LongestNumber = 20;
    private readonly IBufferWriter<byte> _output;
    private readonly Span<byte> _room;
    private int _length;

    /// <param name="room">No less than what is appended.</param>
    public ChunkWriter(IBufferWriter<byte> output, int room)
    {
        _output = output;
        _room = output.GetSpan(room);
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_room[_length..]);
        _length += bytes.Length;
    }

    public void Append(int number)
    {
        Utf8Formatter.TryFormat(number, _room.Slice(_length, LongestNumber), out var written);
        _length += written;
    }

    /// <summary>Gives the chunk to the output, and back, to be looked at.</summary>
    public readonly ReadOnlySpan<byte> End()
    {
        _output.Advance(_length);
        return _room[.._length];
    }
}
