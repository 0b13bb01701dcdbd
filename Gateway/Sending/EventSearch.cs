namespace Orrery.Gateway.Sending;

/// <summary>
/// Finds where the first event of a growing text ends, and looks at no byte twice: an event that comes in many pieces would be searched again for each of them.
/// Asked again after it has found none, it is given the same bytes and more; after it has found one, what follows that.
/// </summary>
internal struct EventSearch
{
    private const byte Cr = (byte)'\r';
    private const byte Lf = (byte)'\n';

    private int _searched;
    private int _line;

    /// <summary>The length of the first server-sent event, with its blank line; 0 while it is not complete.</summary>
    /// <remarks>A CR at the very end tells nothing yet: its LF may come with the next read.</remarks>
    public int EventLength(ReadOnlySpan<byte> bytes)
    {
        while (bytes[_searched..].IndexOfAny(Cr, Lf) is var found and >= 0)
        {
            var end = _searched + found;
            if (bytes[end] == Cr && end + 1 == bytes.Length)
            {
                _searched = end;
                return 0;
            }

            var isBlank = end == _line;
            _searched = _line = end + (bytes[end] == Cr && bytes[end + 1] == Lf ? 2 : 1);
            if (isBlank)
            {
                return Found(_line);
            }
        }

        _searched = bytes.Length;
        return 0;
    }

    /// <summary>The length of the first line with its LF; 0 while it is not complete.</summary>
    public int LineLength(ReadOnlySpan<byte> bytes)
    {
        var found = bytes[_searched..].IndexOf(Lf);
        if (found >= 0)
        {
            return Found(_searched + found + 1);
        }

        _searched = bytes.Length;
        return 0;
    }

    private int Found(int length)
    {
        (_searched, _line) = (0, 0);
        return length;
    }
}
