namespace Orrery.Gateway.Quota;

/// <summary>
/// The places of one concurrency limit that this replica holds in Redis: those of requests under way, and, as long as the limit is far from used up, a few
/// that the next requests take without asking. Its users hold <see cref="Credits"/>' lock.
/// </summary>
internal sealed class PlacePool(Limit limit, long aheadMs)
{
    private readonly HashSet<string> _held = new(StringComparer.Ordinal);
    private readonly Stack<string> _idle = new();
    private int _leastIdle;
    private long _sharedLeft;
    private long _answeredMs = long.MinValue / 2;

    public Limit Limit => limit;

    public bool IsForgotten { get; set; }

    public long TouchedMs { get; private set; }

    public bool IsEmpty => _held.Count == 0;

    public bool HasIdle => _idle.Count > 0;

    /// <summary>All of them: a lease in Redis each, to be renewed.</summary>
    public IReadOnlyCollection<string> Held => _held;

    public string TakeIdle()
    {
        var place = _idle.Pop();
        _leastIdle = Math.Min(_leastIdle, _idle.Count);
        return place;
    }

    public void Answered(long left, long askedMs) => (_sharedLeft, _answeredMs) = (left, askedMs);

    public void Hold(string place, long nowMs)
    {
        TouchedMs = nowMs;
        _held.Add(place);
    }

    /// <summary>A request is over.</summary>
    /// <param name="share">Of what Redis said was left, one part in so many may lie idle here.</param>
    /// <returns>Whether the place was given up: Redis has to be told.</returns>
    public bool Release(string place, bool mayKeep, int share, long nowMs)
    {
        TouchedMs = nowMs;
        if (mayKeep && nowMs - _answeredMs < aheadMs && _idle.Count < _sharedLeft / share && _held.Contains(place))
        {
            _idle.Push(place);
            return false;
        }

        _held.Remove(place);
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
            _held.Remove(place);
            (corrections ??= []).Add(new(limit, Slice: 0, Difference: 0, place));
        }

        _leastIdle = _idle.Count;
    }
}
