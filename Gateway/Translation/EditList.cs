using System.Buffers;
using System.Runtime.CompilerServices;
using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Translation;

/// <summary>Bytes to be replaced in a JSON text, without touching any other. Kept in the text's order, however they are added.</summary>
internal struct EditList
{
    private const int Usual = 8;
    private Slots _edits;
    private List<ByteEdit>? _more;
    private int _count;

    public readonly int Count => _count;

    public readonly ByteEdit this[int index] => _more is null ? _edits[index] : _more[index];

    /// <summary>Replaces <paramref name="range"/>; an empty range inserts.</summary>
    public void Add(ByteRange range, byte[] replacement)
    {
        if (_count == Usual && _more is null)
        {
            _more = [.. _edits[..]];
        }

        var at = _count;
        while (at > 0 && this[at - 1].Range.Start > range.Start)
        {
            at--;
        }

        var added = new ByteEdit(range, replacement);
        if (_more is not null)
        {
            _more.Insert(at, added);
        }
        else
        {
            _edits[at.._count].CopyTo(_edits[(at + 1)..]);
            _edits[at] = added;
        }

        _count++;
    }

    public readonly int LengthAfter(int length)
    {
        for (var i = 0; i < _count; i++)
        {
            length += this[i].Replacement.Length - this[i].Range.Length;
        }

        return length;
    }

    public readonly void Write(ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        var done = 0;
        for (var i = 0; i < _count; i++)
        {
            var edit = this[i];
            output.Write(text[done..edit.Range.Start]);
            output.Write(edit.Replacement);
            done = edit.Range.End;
        }

        output.Write(text[done..]);
    }

    [InlineArray(Usual)]
    private struct Slots
    {
        private ByteEdit _first;
    }
}

internal readonly record struct ByteEdit(ByteRange Range, byte[] Replacement);
