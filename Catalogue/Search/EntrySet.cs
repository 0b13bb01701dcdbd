using System.Numerics;

namespace Orrery.Catalogue.Search;

/// <summary>Some of an index's entries, by their places: a bit each.</summary>
internal sealed class EntrySet(int size)
{
    private const int Width = 64;

    private readonly ulong[] _bits = new ulong[(size + Width - 1) / Width];

    public static EntrySet AllOf(int size)
    {
        var all = new EntrySet(size);
        for (var i = 0; i < size; i++)
        {
            all.Add(i);
        }

        return all;
    }

    public void Add(int place) => _bits[place / Width] |= 1UL << (place % Width);

    /// <summary>Leaves what is in <paramref name="other"/> too; nothing where there is none.</summary>
    public void Keep(EntrySet? other)
    {
        for (var i = 0; i < _bits.Length; i++)
        {
            _bits[i] &= other?._bits[i] ?? 0;
        }
    }

    public void Remove(EntrySet? other)
    {
        for (var i = 0; other is not null && i < _bits.Length; i++)
        {
            _bits[i] &= ~other._bits[i];
        }
    }

    public IEnumerable<int> Places()
    {
        for (var i = 0; i < _bits.Length; i++)
        {
            for (var rest = _bits[i]; rest != 0; rest &= rest - 1)
            {
                yield return (i * Width) + BitOperations.TrailingZeroCount(rest);
            }
        }
    }
}
