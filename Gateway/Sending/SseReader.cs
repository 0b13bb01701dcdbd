namespace Orrery.Gateway.Sending;

/// <summary>Reads the lines of server-sent events (WHATWG HTML §9.2.6): lines end in LF, CR or CRLF, an empty one ends the event.</summary>
internal static class SseReader
{
    private const byte Cr = (byte)'\r';
    private const byte Lf = (byte)'\n';

    /// <summary>A byte order mark at the very beginning of a stream is none of its bytes.</summary>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> first) => first.StartsWith("\uFEFF"u8) ? first["\uFEFF"u8.Length..] : first;

    /// <summary>Reads the line at <paramref name="position"/> and moves behind its end; <c>false</c> when its end is not there.</summary>
    public static bool TryReadLine(ReadOnlySpan<byte> bytes, scoped ref int position, out ReadOnlySpan<byte> line)
    {
        var rest = bytes[position..];
        var end = rest.IndexOfAny(Cr, Lf);
        if (end < 0 || (rest[end] == Cr && end + 1 == rest.Length))
        {
            line = default;
            return false;
        }

        line = rest[..end];
        position += end + (rest[end] == Cr && rest[end + 1] == Lf ? 2 : 1);
        return true;
    }

    /// <summary>The value of a <c>data</c> line, without the one blank that may precede it.</summary>
    public static bool TryReadData(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!line.StartsWith("data"u8))
        {
            return false;
        }

        var rest = line["data".Length..];
        if (rest.IsEmpty)
        {
            return true;
        }

        if (rest[0] != (byte)':')
        {
            return false;
        }

        value = rest.Length > 1 && rest[1] == (byte)' ' ? rest[2..] : rest[1..];
        return true;
    }
}
