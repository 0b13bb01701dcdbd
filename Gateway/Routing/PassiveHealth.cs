using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Routing;

/// <summary>
/// Judges an endpoint by what happens to requests. A dead connection ejects it at once, a server's error after three in a
/// row (one may be the request's own fault). An ejection is short, grows while failures go on, and always ends with a
/// single request that probes.
/// </summary>
internal sealed class PassiveHealth(TimeProvider time)
{
    private const int ErrorsInARow = 3;
    private static readonly TimeSpan FirstEjection = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestEjection = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private volatile bool _isEjected;
    private int _errors;
    private int _ejections;
    private long _ejectedTimestamp;
    private TimeSpan _ejection;
    private bool _isProbed;
    private SendErrorKind _cause;

    /// <summary>Whether a request may go there now. At the end of an ejection one may, and is the probe.</summary>
    public bool TryEnter(out bool isProbe)
    {
        isProbe = false;
        if (!_isEjected)
        {
            return true;
        }

        lock (_lock)
        {
            if (!_isEjected)
            {
                return true;
            }

            if (_isProbed || Remaining_NeedsLock() > TimeSpan.Zero)
            {
                return false;
            }

            _isProbed = true;
            isProbe = true;
            return true;
        }
    }

    /// <summary>The probe is over, whatever it found; the next request may probe again.</summary>
    public void EndProbe()
    {
        lock (_lock)
        {
            _isProbed = false;
        }
    }

    /// <summary>Tells how an attempt went; <c>null</c>: well.</summary>
    public void Report(SendError? error)
    {
        var blame = error?.Blame ?? Blame.Nobody;
        if (error is not null && blame == Blame.Nobody)
        {
            return; // The caller's own fault says nothing about the endpoint.
        }

        if (error is null && !_isEjected && Volatile.Read(ref _errors) == 0)
        {
            return;
        }

        lock (_lock)
        {
            if (error is null)
            {
                (_errors, _ejections, _isEjected) = (0, 0, false);
                return;
            }

            _errors++;
            if (blame == Blame.Endpoint || _errors >= ErrorsInARow || _isProbed)
            {
                Eject_NeedsLock(error.Kind);
            }
        }
    }

    /// <summary>How long the ejection still lasts; zero or less when it has ended or there is none.</summary>
    public TimeSpan Remaining
    {
        get
        {
            if (!_isEjected)
            {
                return TimeSpan.Zero;
            }

            lock (_lock)
            {
                return Remaining_NeedsLock();
            }
        }
    }

    /// <summary>In words, for explanations.</summary>
    public string Describe()
    {
        lock (_lock)
        {
            return !_isEjected ? "healthy"
                : Remaining_NeedsLock() is var rest && rest > TimeSpan.Zero ? string.Create(
                    System.Globalization.CultureInfo.InvariantCulture, $"ejected for {rest.TotalSeconds:0.0} s more ({_cause})")
                : $"to be probed ({_cause})";
        }
    }

    private void Eject_NeedsLock(SendErrorKind cause)
    {
        // Requests that were under way when the endpoint died report late: they do not lengthen its ejection.
        if (_isEjected && !_isProbed && Remaining_NeedsLock() > TimeSpan.Zero)
        {
            return;
        }

        _ejection = TimeSpan.FromTicks(Math.Min(FirstEjection.Ticks << Math.Min(_ejections, 10), LongestEjection.Ticks));
        _ejections++;
        _ejectedTimestamp = time.GetTimestamp();
        _cause = cause;
        _isEjected = true;
    }

    private TimeSpan Remaining_NeedsLock() => _isEjected ? _ejection - time.GetElapsedTime(_ejectedTimestamp) : TimeSpan.Zero;
}
