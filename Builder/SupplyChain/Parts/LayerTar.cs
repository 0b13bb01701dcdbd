using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Orrery.Builder.SupplyChain.Parts;

/// <summary>How much of a layer is read at most: an archive of some kilobytes can unpack to terabytes.</summary>
/// <param name="Bytes">Unpacked, of one layer.</param>
/// <param name="Entries">Of one layer.</param>
/// <param name="FileBytes">Of one file that is looked into.</param>
/// <param name="Packages">Of one layer.</param>
internal sealed record LayerLimits(long Bytes, int Entries, int FileBytes, int Packages)
{
    public static readonly LayerLimits Default = new(256L << 30, 2_000_000, 64 << 20, 200_000);
}

/// <summary>A layer that is not as layers are. The message is a sentence without its dot.</summary>
internal sealed class LayerException(string message) : Exception(message);

/// <param name="Path">Without a beginning slash; <c>null</c>: it leads out of the image, or nowhere.</param>
/// <param name="Target">Of a link.</param>
internal readonly record struct LayerEntry(string? Path, char Type, long Size, string? Target)
{
    public bool IsFile => Type is '0' or '\0' or '7';

    public bool IsHardLink => Type == '1';
}

/// <summary>
/// Reads an archive entry by entry, forwards only (POSIX ustar and pax, GNU's long names). The framework's reader takes the lengths of extended headers as they are written,
/// and would allocate them; this one holds everything against <see cref="LayerLimits"/>.
/// </summary>
internal sealed class LayerTar(Stream content, LayerLimits limits)
{
    private const int Block = 512;
    private const int LongestHeader = 1 << 20;

    private readonly byte[] _header = new byte[Block];
    private readonly byte[] _buffer = new byte[64 << 10];
    private int _from;
    private int _to;
    private long _unpacked;
    private long _left;
    private int _entries;

    /// <summary>The next entry; <c>null</c> at the end. What was not read of the one before is passed over.</summary>
    /// <exception cref="LayerException">It is no archive, or too large.</exception>
    public async Task<LayerEntry?> NextAsync(CancellationToken cancellationToken)
    {
        string? name = null, target = null;
        long? size = null;
        while (true)
        {
            await SkipAsync(_left, cancellationToken);
            if (!await ReadBlockAsync(cancellationToken) || _header.AsSpan().IndexOfAnyExcept((byte)0) < 0)
            {
                return null;
            }

            if (++_entries > limits.Entries)
            {
                throw new LayerException($"it has more than {limits.Entries} entries");
            }

            CheckSum();
            var (type, written) = ((char)_header[156], Number(_header.AsSpan(124, 12)));
            switch (type)
            {
                case 'x':
                    foreach (var (key, value) in Records(await ReadHeaderAsync(written, cancellationToken)))
                    {
                        (name, target, size) = key switch
                        {
                            "path" => (value, target, size),
                            "linkpath" => (name, value, size),
                            "size" => (name, target, SizeOf(value)),
                            _ => (name, target, size),
                        };
                    }

                    continue;
                case 'L':
                    name = Text(await ReadHeaderAsync(written, cancellationToken));
                    continue;
                case 'K':
                    target = Text(await ReadHeaderAsync(written, cancellationToken));
                    continue;
                case 'g':
                    await ReadHeaderAsync(written, cancellationToken);
                    continue;
                default:
                    return await EntryAsync(type, name ?? Name(), size ?? written, target ?? Text(_header.AsSpan(157, 100)), cancellationToken);
            }
        }
    }

    /// <summary>The content of the entry, whole.</summary>
    /// <param name="longest">Whoever calls has held the entry's size against it.</param>
    public async Task<byte[]> ReadAsync(LayerEntry entry, int longest, CancellationToken cancellationToken)
    {
        var whole = new byte[Math.Min(entry.Size, longest)];
        await ReadExactlyAsync(whole, cancellationToken);
        _left -= whole.Length;
        return whole;
    }

    private async Task<LayerEntry?> EntryAsync(char type, string name, long size, string target, CancellationToken cancellationToken)
    {
        if (type == 'S')
        {
            for (var more = _header[482]; more != 0; more = _header[504]) // GNU's sparse files go on with lists of holes.
            {
                if (!await ReadBlockAsync(cancellationToken))
                {
                    throw Ends();
                }
            }
        }

        // Links and folders have no content, whatever size is written.
        _left = type is '1' or '2' or '3' or '4' or '5' or '6' ? 0 : Padded(size);
        return new LayerEntry(PathOf(name), type, size, PathOf(target));
    }

    private async Task<byte[]> ReadHeaderAsync(long size, CancellationToken cancellationToken)
    {
        if (size > LongestHeader)
        {
            throw new LayerException($"it has an extended header of {size} bytes, and {LongestHeader} are the most");
        }

        var header = new byte[size];
        await ReadExactlyAsync(header, cancellationToken);
        _left = Padded(size) - size;
        return header;
    }

    private async Task<bool> ReadBlockAsync(CancellationToken cancellationToken)
    {
        if (_from == _to && !await FillAsync(cancellationToken))
        {
            return false;
        }

        await ReadExactlyAsync(_header, cancellationToken);
        return true;
    }

    private async Task ReadExactlyAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        while (target.Length > 0)
        {
            if (_from == _to && !await FillAsync(cancellationToken))
            {
                throw Ends();
            }

            var count = Math.Min(target.Length, _to - _from);
            _buffer.AsMemory(_from, count).CopyTo(target);
            (_from, target) = (_from + count, target[count..]);
        }
    }

    private async Task SkipAsync(long count, CancellationToken cancellationToken)
    {
        for (; count > 0;)
        {
            if (_from == _to && !await FillAsync(cancellationToken))
            {
                throw Ends();
            }

            var step = (int)Math.Min(count, _to - _from);
            (_from, count) = (_from + step, count - step);
        }

        _left = 0;
    }

    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        (_from, _to) = (0, await content.ReadAsync(_buffer, cancellationToken));
        _unpacked += _to;
        return _unpacked <= limits.Bytes ? _to > 0 : throw new LayerException($"it unpacks to more than {limits.Bytes} bytes");
    }

    private void CheckSum()
    {
        var sum = 8 * ' ';
        for (var i = 0; i < Block; i++)
        {
            sum += i is >= 148 and < 156 ? 0 : _header[i];
        }

        if (sum != Number(_header.AsSpan(148, 8)))
        {
            throw new LayerException("it is no tar archive");
        }
    }

    private string Name()
    {
        var name = Text(_header.AsSpan(0, 100));
        return _header.AsSpan(257, 6).SequenceEqual("ustar\0"u8) && _header[345] != 0 ? $"{Text(_header.AsSpan(345, 155))}/{name}" : name;
    }

    /// <summary>Octal, or binary where the first bit is set.</summary>
    private static long Number(ReadOnlySpan<byte> field)
    {
        if ((field[0] & 0x80) != 0)
        {
            return field[0] == 0x80 && field[1..^8].IndexOfAnyExcept((byte)0) < 0 && BinaryPrimitives.ReadInt64BigEndian(field[^8..]) is >= 0 and < long.MaxValue - Block and var number
                ? number
                : throw new LayerException("it has an entry with an impossible size");
        }

        var value = 0L;
        foreach (var digit in field.Trim("\0 "u8))
        {
            value = digit is >= (byte)'0' and <= (byte)'7' ? (value << 3) + digit - '0' : throw new LayerException("it is no tar archive");
        }

        return value;
    }

    private static long SizeOf(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size < long.MaxValue - Block
        ? size
        : throw new LayerException("it has an entry with an impossible size");

    /// <summary>pax: <c>LENGTH KEY=VALUE\n</c>, the length counting itself.</summary>
    private static IEnumerable<(string Key, string Value)> Records(byte[] header)
    {
        for (var at = 0; at < header.Length;)
        {
            var blank = Array.IndexOf(header, (byte)' ', at);
            if (blank < 0 || blank - at > 8
                || !int.TryParse(Encoding.ASCII.GetString(header, at, blank - at), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                || length <= blank - at + 1 || at + length > header.Length)
            {
                throw new LayerException("it has an extended header that is none");
            }

            var record = Encoding.UTF8.GetString(header, blank + 1, length - (blank + 1 - at)).TrimEnd('\n');
            at += length;
            if (record.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals)
            {
                yield return (record[..equals], record[(equals + 1)..]);
            }
        }
    }

    private static string Text(ReadOnlySpan<byte> field) => Encoding.UTF8.GetString(field.IndexOf((byte)0) is >= 0 and var end ? field[..end] : field);

    private static string? PathOf(string name)
    {
        var parts = name.Split('/').Where(part => part.Length > 0 && part != ".").ToList();
        return parts.Count == 0 || parts.Contains("..") ? null : string.Join('/', parts);
    }

    private static long Padded(long size) => (size + Block - 1) / Block * Block;

    private static LayerException Ends() => new("it ends in the middle of an entry");
}
