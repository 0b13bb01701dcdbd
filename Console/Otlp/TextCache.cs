using System.Text;

namespace Orrery.WebConsole.Otlp;

/// <summary>Gives the same string for the same short text, since keys, names and most values repeat endlessly. Bounded: a slot holds the text that came last.</summary>
/// <remarks>Only ASCII is found again; other text is a new string each time. Safe for threads: a slot is one reference.</remarks>
internal sealed class TextCache
{
    private const int Slots = 1 << 14;
    private const int LongestText = 96;

    private readonly string?[] _slots = new string?[Slots];

    public string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return "";
        }

        if (utf8.Length > LongestText)
        {
            return Encoding.UTF8.GetString(utf8);
        }

        ref var slot = ref _slots[Hash(utf8) & (Slots - 1)];
        if (slot is { } held && Ascii.Equals(utf8, held))
        {
            return held;
        }

        var text = Encoding.UTF8.GetString(utf8);
        Volatile.Write(ref slot, text);
        return text;
    }

    // FNV-1a, folded. Collisions, even chosen ones, cost only the sharing.
    private static uint Hash(ReadOnlySpan<byte> utf8)
    {
        var hash = 2166136261u;
        foreach (var part in utf8)
        {
            hash = (hash ^ part) * 16777619u;
        }

        return hash ^ (hash >> 15);
    }
}
