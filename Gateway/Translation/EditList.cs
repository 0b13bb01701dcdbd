using System.Buffers;
using System.Runtime.CompilerServices;
using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Translation;

/// <summary>Bytes to be replaced in a JSON text, without touching any other. Kept in the text's order, however they are added.</summary>
internal struct EditList
{
    private const int Capacity = 8;
    private Slots _edits;
    private int _count;

    public readonly int Count => _count;

    public readonly ByteEdit this[int index] => _edits[index];

    /// <summary>Replaces <paramref name="range"/>; an empty range inserts.</summary>
    public void Add(ByteRange range, byte[] replacement)
    {
        if (_count == Capacity)
        {
            throw new InvalidOperationException("A text is edited in at most eight places.");
        }

        var i = _count++;
        for (; i > 0 && _edits[i - 1].Range.Start > range.Start; i--)
        {
            _edits[i] = _edits[i - 1];
        }

        _edits[i] = new ByteEdit(range, replacement);
    }

    public readonly int LengthAfter(int length)
    {
        for (var i = 0; i < _count; i++)
        {
            length += _edits[i].Replacement.Length - _edits[i].Range.Length;
        }

        return length;
    }

    public readonly void Write(ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        var done = 0;
        for (var i = 0; i < _count; i++)
        {
            output.Write(text[done.._edits[i].Range.Start]);
            output.Write(_edits[i].Replacement);
            done = _edits[i].Range.End;
        }

        output.Write(text[done..]);
    }

    [InlineArray(Capacity)]
    private struct Slots
    {
        private ByteEdit _first;
    }
}

internal readonly record struct ByteEdit(ByteRange Range, byte[] Replacement);
