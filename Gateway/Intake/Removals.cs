namespace Orrery.Gateway.Intake;

/// <summary>Properties of the body that are for us alone, each with one of its commas, so that what is left is JSON still.</summary>
internal struct Removals
{
    private ByteRange _first;
    private ByteRange _second;

    public readonly int Count => _second.IsPresent ? 2 : _first.IsPresent ? 1 : 0;

    public readonly ByteRange this[int index] => index == 0 ? _first : _second;

    /// <summary>Adds a property of an object; in the text's order.</summary>
    /// <param name="body">The whole text.</param>
    /// <param name="start">Where the property's name begins.</param>
    /// <param name="end">Behind its value.</param>
    public void Add(ReadOnlySpan<byte> body, int start, int end)
    {
        var after = end;
        while (after < body.Length && IsBlank(body[after]))
        {
            after++;
        }

        if (after < body.Length && body[after] == (byte)',')
        {
            Put(new(start, after + 1 - start));
            return;
        }

        // The last property: the comma before it goes, which may have gone with the one removed before.
        var from = start;
        while (true)
        {
            while (from > 0 && IsBlank(body[from - 1]))
            {
                from--;
            }

            var last = _second.IsPresent ? _second : _first;
            if (last.IsPresent && last.End == from)
            {
                from = last.Start;
                TakeBack();
                continue;
            }

            from -= from > 0 && body[from - 1] == (byte)',' ? 1 : 0;
            Put(new(from, end - from));
            return;
        }
    }

    private void Put(ByteRange range)
    {
        if (!_first.IsPresent)
        {
            _first = range;
        }
        else if (_first.End == range.Start)
        {
            _first = new(_first.Start, range.End - _first.Start);
        }
        else
        {
            _second = range;
        }
    }

    private void TakeBack()
    {
        if (_second.IsPresent)
        {
            _second = default;
        }
        else
        {
            _first = default;
        }
    }

    private static bool IsBlank(byte value) => value is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
}
