namespace Orrery.Bench.Streams;

/// <summary>Finds the times of sending that the benchmark's engine writes into its tokens (<c> t=</c> and 16 digits, nanoseconds), wherever a read cuts them.</summary>
internal struct TokenScanner
{
    private const int Digits = 16;
    private int _matched;
    private long _time;

    private static ReadOnlySpan<byte> Mark => " t="u8;

    /// <summary>Reads on; where a time is complete it is given out.</summary>
    /// <param name="rest">What has not been read; afterwards what follows the time.</param>
    public bool TryRead(ref ReadOnlySpan<byte> rest, out long time)
    {
        time = 0;
        if (_matched == 0)
        {
            // All but the mark is passed over at the machine's speed.
            var at = rest.IndexOf(Mark);
            if (at < 0)
            {
                _matched = rest.EndsWith(Mark[..2]) ? 2 : rest.EndsWith(Mark[..1]) ? 1 : 0;
                rest = default;
                return false;
            }

            rest = rest[(at + Mark.Length)..];
            (_matched, _time) = (Mark.Length, 0);
        }

        while (!rest.IsEmpty)
        {
            var next = rest[0];
            if (_matched < Mark.Length)
            {
                if (next != Mark[_matched])
                {
                    _matched = 0;
                    return TryRead(ref rest, out time);
                }

                _time = 0;
            }
            else
            {
                _time = _time * 10 + (next - '0');
            }

            rest = rest[1..];
            if (++_matched == Mark.Length + Digits)
            {
                (_matched, time) = (0, _time);
                return true;
            }
        }

        return false;
    }
}
