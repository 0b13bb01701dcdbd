using System.Globalization;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Routing;

/// <summary>Whether requests are sent to an endpoint, from best to worst.</summary>
internal enum EndpointState
{
    InService,

    /// <summary>Its ejection is over: one request may go there, and decides.</summary>
    Probing,

    /// <summary>Requests failed: it gets none for a while.</summary>
    Ejected,

    /// <summary>Its engine asked for a pause (429).</summary>
    Cooling,

    /// <summary>Its health checks fail: it gets none until one succeeds.</summary>
    Down,
}

/// <summary>What a request was let in with; its end is reported with it, so that what began before a change is not taken for news.</summary>
internal readonly record struct HealthTicket(int Epoch, bool IsProbe);

/// <summary>
/// Judges an endpoint by what happens to requests and to health checks. A dead connection ejects it at once, server errors
/// when three come in a row or half of many fail. An ejection is short, grows while failures go on, and always ends with a
/// single request that probes. A client's cancel and the caller's own faults say nothing.
/// </summary>
internal sealed class EndpointHealth(EndpointName name, HealthJournal journal, EjectionRules rules, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly long _created = time.GetTimestamp();
    private volatile bool _isOut;
    private int _epoch;
    private int _errors;
    private long _successes;
    private ErrorWindow _window;

    private bool _isEjected;
    private int _ejections;
    private long _ejectedTimestamp;
    private TimeSpan _ejection;
    private SendErrorKind _cause;
    private bool _isProbed;
    private long _probedTimestamp;

    private bool _isForgotten;
    private bool _isDown;
    private int _failedChecks;
    private string _downReason = "";
    private long _inServiceSince = time.GetTimestamp();

    /// <summary>When it last began to serve: at its creation, or when it came back.</summary>
    public long InServiceSince => Volatile.Read(ref _inServiceSince);

    public EndpointState State
    {
        get
        {
            if (!_isOut)
            {
                return EndpointState.InService;
            }

            lock (_lock)
            {
                return State_NeedsLock();
            }
        }
    }

    /// <summary>A request may go there now; another may be faster where it would be the probe.</summary>
    public bool MayEnter
    {
        get
        {
            if (!_isOut)
            {
                return true;
            }

            lock (_lock)
            {
                return !_isOut || IsDue_NeedsLock();
            }
        }
    }

    /// <summary>It waits for one request to probe it.</summary>
    public bool IsDue => _isOut && MayEnter;

    /// <summary>How long the ejection still lasts; zero or less when it has ended or there is none.</summary>
    public TimeSpan Remaining
    {
        get
        {
            if (!_isOut)
            {
                return TimeSpan.Zero;
            }

            lock (_lock)
            {
                return Remaining_NeedsLock();
            }
        }
    }

    /// <summary>How little hope there is for a request that goes there all the same; 0: all is well.</summary>
    public int Badness
    {
        get
        {
            if (!_isOut)
            {
                return 0;
            }

            lock (_lock)
            {
                // What cannot be reached is worse than what fails some requests or asks for a pause.
                return State_NeedsLock() switch
                {
                    EndpointState.InService => 0,
                    EndpointState.Probing => 1,
                    EndpointState.Down => 5,
                    EndpointState.Cooling => 3,
                    _ => _cause is SendErrorKind.ConnectFailed or SendErrorKind.ConnectTimeout ? 4 : 2,
                };
            }
        }
    }

    public static string Text(EndpointState state) => state switch
    {
        EndpointState.InService => "in_service",
        EndpointState.Probing => "probing",
        EndpointState.Ejected => "ejected",
        EndpointState.Cooling => "cooling",
        _ => "down",
    };

    /// <summary>Lets a request in, if one may go there now. At the end of an ejection one may, and is the probe.</summary>
    public bool TryEnter(out HealthTicket ticket)
    {
        ticket = new(Volatile.Read(ref _epoch), IsProbe: false);
        if (!_isOut)
        {
            return true;
        }

        lock (_lock)
        {
            if (_isOut)
            {
                if (!IsDue_NeedsLock())
                {
                    return false;
                }

                (_isProbed, _probedTimestamp) = (true, time.GetTimestamp());
            }

            ticket = new(_epoch, _isOut);
            return true;
        }
    }

    /// <summary>Lets a request in whatever the state: the least bad is better than nothing.</summary>
    public HealthTicket Enter() => new(Volatile.Read(ref _epoch), IsProbe: false);

    /// <summary>The request is over, whatever it found; after a probe that found nothing the next may probe.</summary>
    public void Leave(HealthTicket ticket)
    {
        if (!ticket.IsProbe)
        {
            return;
        }

        lock (_lock)
        {
            _isProbed &= ticket.Epoch != _epoch;
        }
    }

    /// <summary>The engine has begun to answer with 200: a probe need not last as long as its stream.</summary>
    public void Answers(HealthTicket ticket)
    {
        if (ticket.IsProbe)
        {
            Tell(Answered(ticket));
        }
    }

    /// <summary>Tells how an attempt went; <c>null</c>: well.</summary>
    public void Report(SendError? error, HealthTicket ticket)
    {
        if (error is null)
        {
            Succeeded(ticket);
        }
        else if (error.Kind == SendErrorKind.Throttled)
        {
            Tell(Cool(error, ticket));
        }
        else if (error.Blame != Blame.Nobody)
        {
            Tell(Failed(error, ticket));
        }
    }

    /// <summary>Tells how a health check went; <c>null</c>: well.</summary>
    /// <param name="threshold">Failures in a row that take the endpoint out.</param>
    public void Checked(string? fault, int threshold) => Tell(fault is null ? CheckSucceeded() : CheckFailed(fault, threshold));

    /// <summary>Nobody checks it any more: what checks found is no longer held against it.</summary>
    public void Unchecked()
    {
        lock (_lock)
        {
            _failedChecks = 0;
            if (!_isDown)
            {
                return;
            }
        }

        Tell(CheckSucceeded("it is no longer checked"));
    }

    /// <summary>No snapshot names it any more.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            SetOut_NeedsLock(false);
            (_isDown, _isEjected, _isForgotten) = (false, false, true);
        }
    }

    /// <summary>In words, for explanations.</summary>
    public string Describe()
    {
        lock (_lock)
        {
            return State_NeedsLock() switch
            {
                EndpointState.InService => "healthy",
                EndpointState.Down => $"down ({_downReason})",
                EndpointState.Probing => $"to be probed ({_cause})",
                var state => string.Create(CultureInfo.InvariantCulture, $"{Text(state)} for {Remaining_NeedsLock().TotalSeconds:0.0} s more ({_cause})"),
            };
        }
    }

    private void Succeeded(HealthTicket ticket)
    {
        Interlocked.Increment(ref _successes);
        if (_isOut)
        {
            Tell(Answered(ticket));
        }
        else if (Volatile.Read(ref _errors) != 0)
        {
            lock (_lock)
            {
                _errors = ticket.Epoch == _epoch ? 0 : _errors;
            }
        }
    }

    private HealthChange Failed(SendError error, HealthTicket ticket)
    {
        lock (_lock)
        {
            // Requests that were under way when it was ejected report late, and those sent for want of a better one are no probe.
            if (ticket.Epoch != _epoch || (_isOut && !ticket.IsProbe))
            {
                return default;
            }

            var now = time.GetElapsedTime(_created);
            var successes = Interlocked.Read(ref _successes);
            _errors++;
            _window.Add(now, rules.Window, successes);
            var (errors, requests) = _window.Read(now, rules.Window, successes);

            // An engine's own words may repeat what a caller wrote; ours may not.
            var why = error.Blame == Blame.Endpoint ? error.Detail
                : ticket.IsProbe ? "the request that probed it failed"
                : _errors >= rules.ErrorsInARow ? $"{_errors} errors in a row"
                : requests >= rules.LeastRequests && errors >= requests * rules.ErrorRate ? $"{errors} of {requests} requests failed"
                : null;
            return why is null ? default : Eject_NeedsLock(error.Kind, error.RetryAfter, why);
        }
    }

    private HealthChange Cool(SendError error, HealthTicket ticket)
    {
        lock (_lock)
        {
            if (error.RetryAfter is { } wait && wait <= TimeSpan.Zero)
            {
                return default;
            }

            return ticket.Epoch != _epoch || (_isOut && !ticket.IsProbe) ? default : Eject_NeedsLock(SendErrorKind.Throttled, error.RetryAfter, "it takes no more requests now");
        }
    }

    private HealthChange CheckSucceeded(string why = "its health check succeeded")
    {
        lock (_lock)
        {
            _failedChecks = 0;
            if (!_isOut)
            {
                return default;
            }

            // A health check says that the server can be reached, and not that it answers requests well.
            _isEjected &= _cause is not (SendErrorKind.ConnectFailed or SendErrorKind.ConnectTimeout);
            _isDown = false;
            return _isEjected ? default : Serve_NeedsLock(why);
        }
    }

    private HealthChange CheckFailed(string fault, int threshold)
    {
        lock (_lock)
        {
            _failedChecks++;
            if (_isDown || _failedChecks < threshold)
            {
                return default;
            }

            (_isDown, _downReason) = (true, fault);
            SetOut_NeedsLock(true);
            _epoch++;
            return new(HealthChangeKind.Down, $"{_failedChecks} health checks in a row failed, the last because it {fault}");
        }
    }

    /// <summary>An answer ends an ejection if its request began after it; what health checks found only they can end.</summary>
    private HealthChange Answered(HealthTicket ticket)
    {
        lock (_lock)
        {
            if (!_isOut || _isDown || ticket.Epoch != _epoch)
            {
                return default;
            }

            _isEjected = false;
            return Serve_NeedsLock("a request was answered");
        }
    }

    private HealthChange Serve_NeedsLock(string why)
    {
        SetOut_NeedsLock(false);
        _epoch++;
        _errors = 0;
        _isProbed = false;
        _window.Clear();
        Volatile.Write(ref _inServiceSince, time.GetTimestamp());
        return new(HealthChangeKind.Back, why);
    }

    private HealthChange Eject_NeedsLock(SendErrorKind cause, TimeSpan? atLeast, string why)
    {
        if (!_isOut && time.GetElapsedTime(_inServiceSince) >= rules.Forgiven)
        {
            _ejections = 0;
        }

        var wasOut = _isOut;
        var grown = Min(rules.FirstEjection * (1 << Math.Min(_ejections, 20)), rules.LongestEjection);
        _ejection = atLeast is { } asked ? cause == SendErrorKind.Throttled ? Min(asked, rules.LongestCooling) : Max(grown, Min(asked, rules.LongestCooling)) : grown;
        _ejections++;
        _epoch++;
        _errors = 0;
        _isProbed = false;
        _window.Clear();
        _ejectedTimestamp = time.GetTimestamp();
        _cause = cause;
        _isEjected = true;
        SetOut_NeedsLock(true);
        return new(HealthChangeKind.Ejected, why, cause, _ejection, wasOut);
    }

    private void SetOut_NeedsLock(bool isOut)
    {
        if (isOut != _isOut)
        {
            _isOut = isOut;
            journal.Count(_isForgotten ? 0 : isOut ? 1 : -1);
        }
    }

    private EndpointState State_NeedsLock() =>
        !_isOut ? EndpointState.InService
        : _isDown ? EndpointState.Down
        : Remaining_NeedsLock() <= TimeSpan.Zero ? EndpointState.Probing
        : _cause == SendErrorKind.Throttled ? EndpointState.Cooling
        : EndpointState.Ejected;

    /// <remarks>A probe that hangs does not keep others from probing for ever.</remarks>
    private bool IsDue_NeedsLock() =>
        !_isDown && Remaining_NeedsLock() <= TimeSpan.Zero && (!_isProbed || time.GetElapsedTime(_probedTimestamp) >= rules.LongestEjection);

    private TimeSpan Remaining_NeedsLock() => _isEjected ? _ejection - time.GetElapsedTime(_ejectedTimestamp) : TimeSpan.Zero;

    private void Tell(in HealthChange change)
    {
        if (change.Kind != HealthChangeKind.None)
        {
            journal.Tell(name, change);
        }
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
