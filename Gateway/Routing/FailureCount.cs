namespace Orrery.Gateway.Routing;

/// <summary>Requests that an endpoint failed, in a row and as a share of all: whether they are too many. Its owner locks, but for what successes cost.</summary>
internal sealed class FailureCount(EjectionRules rules, TimeProvider time)
{
    private readonly long _created = time.GetTimestamp();
    private int _inARow;
    private long _successes;
    private ErrorWindow _window;

    /// <summary>The last request failed.</summary>
    public bool HasRow => Volatile.Read(ref _inARow) != 0;

    /// <summary>Needs no lock.</summary>
    public void CountSuccess() => Interlocked.Increment(ref _successes);

    public void EndRow() => _inARow = 0;

    /// <summary>Counts a failure.</summary>
    /// <returns>In which way there are too many now; <c>null</c>: there are not.</returns>
    public string? Add()
    {
        var now = time.GetElapsedTime(_created);
        var successes = Interlocked.Read(ref _successes);
        _inARow++;
        _window.Add(now, rules.Window, successes);
        var (errors, requests) = _window.Read(now, rules.Window, successes);
        return _inARow >= rules.ErrorsInARow ? $"{_inARow} errors in a row"
            : requests >= rules.LeastRequests && errors >= requests * rules.ErrorRate ? $"{errors} of {requests} requests failed"
            : null;
    }

    public void Clear()
    {
        _inARow = 0;
        _window.Clear();
    }
}
