namespace Orrery.Gateway.Quota;

/// <summary>
/// What this replica has bought of one shared window and not yet granted, and what is to be corrected there. Credit is granted only while the slice lasts
/// in which Redis counted it, so no window ever holds more than the limit. Its users hold <see cref="Credits"/>' lock.
/// </summary>
/// <param name="aheadMs">For how long credit is bought, at most.</param>
internal sealed class WindowCredit(Limit limit, long aheadMs)
{
    /// <summary>Below so many requests in the time for which credit is bought Redis is asked for each.</summary>
    private const int WorthBuying = 16;

    private readonly List<(long Slice, long Difference)> _owed = [];
    private readonly double _perSlice = Math.Min(1, (limit.IsCalendar ? limit.PerMs : limit.PerMs / (double)Limit.Slices) / aheadMs);
    private (long Requests, long Cost) _now;
    private (long Requests, long Cost) _before;
    private long _beganMs;
    private long _slice = long.MinValue;
    private long _left;
    private long _untilMs;
    private long _sharedLeft;
    private long _wholeMs;

    public Limit Limit => limit;

    /// <summary>Somebody asks Redis for more just now.</summary>
    public bool IsBuying { get; set; }

    /// <summary>It is no longer the credit of its limit: look it up anew.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>It is among those that may have something to be told.</summary>
    public bool IsDue { get; set; }

    /// <summary>When it was last asked for something.</summary>
    public long TouchedMs { get; private set; }

    public bool IsEmpty => _left == 0 && _owed.Count == 0 && !IsBuying;

    /// <summary>Credit was bought a short while ago: the limit is far from used up, and a correction may wait.</summary>
    public bool IsOpen(long nowMs) => nowMs < _untilMs;

    public bool Covers(long cost, long nowMs) => IsOpen(nowMs) && _left >= cost;

    /// <summary>A request came, from which the next purchase is sized.</summary>
    public void Count(long cost, long nowMs)
    {
        TouchedMs = nowMs;
        if (nowMs - _beganMs >= aheadMs)
        {
            _before = nowMs - _beganMs < 2 * aheadMs ? _now : default;
            (_now, _beganMs) = (default, nowMs);
        }

        _now = (_now.Requests + 1, _now.Cost + cost);
    }

    /// <summary>What to buy: what the requests of a slice need, or of <c>aheadMs</c> where a slice is longer; 0 where they are few.</summary>
    public long Wanted(long nowMs)
    {
        var (requests, cost) = _before.Requests > _now.Requests ? _before : _now;
        return requests < WorthBuying ? 0 : Math.Max(0, (long)(cost * _perSlice) - (IsOpen(nowMs) ? _left : 0));
    }

    public void Take(long cost, long nowMs, ref Hold hold)
    {
        _left -= cost;
        hold.SharedSlice = _slice;
        hold.Left = _sharedLeft + _left;
        hold.ResetMs = Math.Max(0, _wholeMs - nowMs);
    }

    /// <summary>Redis has taken a request and <paramref name="bought"/> beside it.</summary>
    /// <param name="askedMs">When it was asked: its own clock was read later, so credit lapses here before its slice ends there.</param>
    public void Granted(ref Hold hold, long slice, long left, long resetMs, long bought, long askedMs)
    {
        hold.SharedSlice = slice;
        if (slice > _slice)
        {
            ReturnCredit();
            (_slice, _untilMs) = (slice, 0);
        }

        if (slice < _slice)
        {
            Owe(slice, -bought);
        }
        else if (bought > 0 || IsOpen(askedMs))
        {
            var sliceEndsMs = askedMs + resetMs - (limit.IsCalendar ? 0 : limit.PerMs) - 1;
            _left += bought;
            _untilMs = Math.Max(_untilMs, Math.Min(askedMs + aheadMs, sliceEndsMs));
        }

        (_sharedLeft, _wholeMs) = (left, askedMs + resetMs);
        (hold.Left, hold.ResetMs) = (left + _left, resetMs);
    }

    public void Owe(long slice, long difference)
    {
        if (difference == 0)
        {
            return;
        }

        for (var i = 0; i < _owed.Count; i++)
        {
            if (_owed[i].Slice == slice)
            {
                _owed[i] = (slice, _owed[i].Difference + difference);
                return;
            }
        }

        _owed.Add((slice, difference));
    }

    /// <summary>Moves what Redis has to be told to <paramref name="corrections"/>: what was used differently, and credit that has lapsed.</summary>
    /// <param name="isAll">Credit that has not lapsed too.</param>
    public void Collect(ref List<Correction>? corrections, long nowMs, bool isAll = false)
    {
        if (isAll || !IsOpen(nowMs))
        {
            ReturnCredit();
        }

        foreach (var (slice, difference) in _owed)
        {
            if (difference != 0)
            {
                (corrections ??= []).Add(new(limit, slice, difference, Place: null));
            }
        }

        _owed.Clear();
    }

    private void ReturnCredit()
    {
        Owe(_slice, -_left);
        _left = 0;
    }
}

/// <summary>What Redis has to be told: that what was taken in a slice was more or less, or that a place is free.</summary>
internal readonly record struct Correction(Limit Limit, long Slice, long Difference, Place? Place);
