namespace Orrery.Gateway.Quota;

/// <summary>What this replica itself has granted of one limit: the same sliding window as in Redis, or requests under way. Its users hold <see cref="LocalLimits"/>' lock.</summary>
/// <param name="isCalendar">The window is one slice, a day of the calendar; its times are UTC's and not the steady clock's.</param>
internal sealed class LocalCount(long perMs, bool isCalendar = false)
{
    /// <summary>Slices that count beside the present one: the oldest counts until all of it is too old.</summary>
    private readonly int _keep = isCalendar ? 0 : Limit.Slices;
    private readonly double _width = isCalendar ? perMs : perMs / (double)Limit.Slices;
    private readonly long[] _slices = perMs == 0 ? [] : new long[(isCalendar ? 0 : Limit.Slices) + 1];
    private long _newest = long.MinValue;

    public long Total { get; private set; }

    /// <summary>When something was last taken or given back, for forgetting what nobody uses.</summary>
    public long TouchedMs { get; private set; }

    /// <summary>It is no longer the count of its limit: look it up anew.</summary>
    public bool IsForgotten { get; set; }

    public bool IsCalendar => isCalendar;

    /// <remarks>A wall clock that is put back starts no day again.</remarks>
    public long SliceOf(long nowMs) => perMs == 0 ? 0 : Math.Max((long)Math.Floor(nowMs / _width), isCalendar ? _newest : long.MinValue);

    public void Add(long nowMs, long slice, long cost)
    {
        TouchedMs = nowMs;
        if (perMs == 0)
        {
            Total = Math.Max(0, Total + cost);
            return;
        }

        Forget(nowMs);
        if (slice <= _newest && slice > _newest - _slices.Length)
        {
            ref var taken = ref _slices[slice % _slices.Length];
            cost = Math.Max(cost, -taken);
            taken += cost;
            Total += cost;
        }
    }

    /// <summary>Drops the slices that are older than the window as a whole.</summary>
    public void Forget(long nowMs)
    {
        if (perMs == 0)
        {
            return;
        }

        var slice = SliceOf(nowMs);
        if (slice - _newest >= _slices.Length || _newest == long.MinValue)
        {
            Array.Clear(_slices);
            Total = 0;
            _newest = slice;
        }

        while (_newest < slice)
        {
            ref var oldest = ref _slices[++_newest % _slices.Length];
            Total -= oldest;
            oldest = 0;
        }
    }

    /// <summary>Milliseconds until <paramref name="excess"/> has left; -1 when it never does.</summary>
    public long LeavesAfter(long nowMs, long excess)
    {
        if (perMs == 0)
        {
            return 0;
        }

        for (var slice = _newest - _slices.Length + 1; slice <= _newest; slice++)
        {
            excess -= slice < 0 ? 0 : _slices[slice % _slices.Length];
            if (excess <= 0)
            {
                return EndOf(slice, nowMs);
            }
        }

        return -1;
    }

    /// <summary>Milliseconds until all of it has left, but for <paramref name="own"/> in slice <paramref name="ownSlice"/>.</summary>
    public long EmptiesAfter(long nowMs, long ownSlice, long own)
    {
        for (var slice = _newest; perMs != 0 && slice >= 0 && slice > _newest - _slices.Length; slice--)
        {
            if (_slices[slice % _slices.Length] - (slice == ownSlice ? own : 0) > 0)
            {
                return EndOf(slice, nowMs);
            }
        }

        return 0;
    }

    /// <summary>Milliseconds until what is taken in <paramref name="slice"/> has left.</summary>
    public long EndOf(long slice, long nowMs) =>
        perMs == 0 ? 0 : (long)Math.Ceiling(((slice + _keep + 1) * _width) - nowMs);
}
