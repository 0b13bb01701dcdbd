namespace Orrery.Gateway.Quota;

/// <summary>
/// The places of one concurrency limit that this replica holds in Redis: those of requests under way, and, as long as the limit is far from used up, a few
/// that the next requests take without asking. Its users hold <see cref="Credits"/>' lock.
/// </summary>
internal sealed class PlacePool(Limit limit, long aheadMs)
{
    private readonly HashSet<Place> _held = [];
    private readonly Stack<Place> _idle = new();
    private int _leastIdle;
    private long _sharedLeft;
    private long _answeredMs = long.MinValue / 2;

    public Limit Limit => limit;

    public bool IsForgotten { get; set; }

    /// <summary>It is among those that may have something to give up.</summary>
    public bool IsDue { get; set; }

    public long TouchedMs { get; private set; }

    public bool IsEmpty => _held.Count == 0;

    public bool HasIdle => _idle.Count > 0;

    /// <summary>All of them: a lease in Redis each, to be renewed.</summary>
    public IReadOnlyCollection<Place> Held => _held;

    public Place TakeIdle()
    {
        var place = _idle.Pop();
        _leastIdle = Math.Min(_leastIdle, _idle.Count);
        return place;
    }

    public void Answered(long left, long askedMs) => (_sharedLeft, _answeredMs) = (left, askedMs);

    public void Hold(Place place, long nowMs)
    {
        TouchedMs = nowMs;
        place.IsHeld = _held.Add(place) || place.IsHeld;
    }

    /// <summary>A request is over.</summary>
    /// <param name="share">Of what Redis said was left, one part in so many may lie idle here.</param>
    /// <returns>Whether the place was given up: Redis has to be told.</returns>
    public bool Release(Place place, bool mayKeep, int share, long nowMs)
    {
        TouchedMs = nowMs;
        if (mayKeep && nowMs - _answeredMs < aheadMs && place.IsHeld && _idle.Count < _sharedLeft / share)
        {
            _idle.Push(place);
            return false;
        }

        GiveUp(place);
        return true;
    }

    /// <summary>Gives up what was idle ever since the last call.</summary>
    /// <param name="isAll">Everything idle.</param>
    public void Collect(ref List<Correction>? corrections, long nowMs, bool isAll = false)
    {
        var surplus = isAll || nowMs - _answeredMs >= aheadMs ? _idle.Count : Math.Min(_leastIdle, _idle.Count);
        for (; surplus > 0; surplus--)
        {
            var place = _idle.Pop();
            GiveUp(place);
            (corrections ??= []).Add(new(limit, Slice: 0, Difference: 0, place));
        }

        _leastIdle = _idle.Count;
    }

    private void GiveUp(Place place)
    {
        _held.Remove(place);
        place.IsHeld = false;
    }
}

/// <summary>A place of a concurrency limit.</summary>
/// <param name="id">In Redis' words.</param>
internal sealed class Place(string id)
{
    public string Id => id;

    /// <summary>Redis counts it for this replica, or will when it is back.</summary>
    public bool IsHeld { get; set; }
}
