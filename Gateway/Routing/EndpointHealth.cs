using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Routing;

/// <summary>
/// Judges an endpoint by what happens to requests and to health checks. A dead connection ejects it at once, server errors
/// when three come in a row or half of many fail. An ejection is short, grows while failures go on, and always ends with a
/// single request that probes. An engine that says for how long it wants to be left alone is left alone for so long. A
/// client's cancel and the caller's own faults say nothing.
/// </summary>
internal sealed class EndpointHealth(EndpointName name, HealthJournal journal, EjectionRules rules, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly FailureCount _failures = new(rules, time);
    private readonly Ejection _ejection = new(rules, time);
    private readonly FailedChecks _checks = new();
    private volatile bool _isOut;
    private bool _isForgotten;
    private int _epoch;
    private long _inServiceSince = time.GetTimestamp();

    /// <summary>When it last began to serve: at its creation, or when it came back.</summary>
    public long InServiceSince => Volatile.Read(ref _inServiceSince);

    public EndpointState State => _isOut ? View().State : EndpointState.InService;

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
    public TimeSpan Remaining => _isOut ? View().Remaining : TimeSpan.Zero;

    /// <summary>See <see cref="HealthView.Badness"/>.</summary>
    public int Badness => _isOut ? View().Badness : 0;

    /// <summary>How long its engine still wants to be left alone, in its own words; zero or less: it does not.</summary>
    /// <param name="cause">With which error it said so.</param>
    public TimeSpan PauseFor(out SendErrorKind cause)
    {
        var view = _isOut ? View() : default;
        cause = view.PauseCause;
        return view.Pause;
    }

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

                _ejection.BeginProbe();
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
            if (ticket.Epoch == _epoch)
            {
                _ejection.EndProbe();
            }
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
        else if (error.Kind == SendErrorKind.Throttled || error is { Kind: SendErrorKind.Unavailable, RetryAfter.Ticks: > 0 })
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
            if (!_checks.IsDown)
            {
                _checks.Clear();
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
            _checks.Clear();
            _ejection.End();
            _isForgotten = true;
        }
    }

    /// <summary>In words, for explanations.</summary>
    public string Describe() => View().ToString();

    private HealthView View()
    {
        lock (_lock)
        {
            return new(State_NeedsLock(), _ejection.Remaining, _ejection.Cause, _ejection.Pause, _ejection.PauseCause, _checks.Reason);
        }
    }

    private void Succeeded(HealthTicket ticket)
    {
        _failures.CountSuccess();
        if (_isOut)
        {
            Tell(Answered(ticket));
        }
        else if (_failures.HasRow)
        {
            lock (_lock)
            {
                if (ticket.Epoch == _epoch)
                {
                    _failures.EndRow();
                }
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

            // An engine's own words may repeat what a caller wrote; ours may not.
            var many = _failures.Add();
            var why = error.Blame == Blame.Endpoint ? error.Detail : ticket.IsProbe ? "the request that probed it failed" : many;
            return why is null ? default : Eject_NeedsLock(error.Kind, error.RetryAfter, why);
        }
    }

    private HealthChange Cool(SendError error, HealthTicket ticket)
    {
        lock (_lock)
        {
            if (error.RetryAfter is { Ticks: <= 0 })
            {
                return default;
            }

            if (!_isOut ? error.RetryAfter is not null || ticket.Epoch == _epoch : ticket.IsProbe && ticket.Epoch == _epoch)
            {
                return Eject_NeedsLock(error.Kind, error.RetryAfter, "it takes no more requests now");
            }

            // Of an endpoint that is out this is no news, but how long it wants to be left alone is; an answer to an earlier request does not end that.
            if (error.RetryAfter is { } wait && _ejection.TryExtend(error.Kind, wait))
            {
                _epoch++;
            }

            return default;
        }
    }

    private HealthChange CheckSucceeded(string why = "its health check succeeded")
    {
        lock (_lock)
        {
            _checks.Clear();
            if (!_isOut)
            {
                return default;
            }

            // A health check says that the server can be reached, and not that it answers requests well or wants any.
            return _ejection.IsOn && (!_ejection.IsByConnection || _ejection.Pause > TimeSpan.Zero) ? default : Serve_NeedsLock(why);
        }
    }

    private HealthChange CheckFailed(string fault, int threshold)
    {
        lock (_lock)
        {
            if (!_checks.Add(fault, threshold))
            {
                return default;
            }

            SetOut_NeedsLock(true);
            _epoch++;
            return new(HealthChangeKind.Down, $"{_checks.Count} health checks in a row failed, the last because it {fault}");
        }
    }

    /// <summary>An answer ends an ejection if its request began after it; what health checks found only they can end.</summary>
    private HealthChange Answered(HealthTicket ticket)
    {
        lock (_lock)
        {
            return !_isOut || _checks.IsDown || ticket.Epoch != _epoch ? default : Serve_NeedsLock("a request was answered");
        }
    }

    private HealthChange Serve_NeedsLock(string why)
    {
        SetOut_NeedsLock(false);
        _epoch++;
        _ejection.End();
        _failures.Clear();
        Volatile.Write(ref _inServiceSince, time.GetTimestamp());
        return new(HealthChangeKind.Back, why);
    }

    private HealthChange Eject_NeedsLock(SendErrorKind cause, TimeSpan? asked, string why)
    {
        if (!_isOut && time.GetElapsedTime(_inServiceSince) >= rules.Forgiven)
        {
            _ejection.Forgive();
        }

        var wasOut = _isOut;
        var length = _ejection.Begin(cause, asked);
        _epoch++;
        _failures.Clear();
        SetOut_NeedsLock(true);
        return new(HealthChangeKind.Ejected, why, cause, length, wasOut);
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
        : _checks.IsDown ? EndpointState.Down
        : _ejection.Remaining <= TimeSpan.Zero ? EndpointState.Probing
        : _ejection.Cause == SendErrorKind.Throttled || _ejection.Pause > TimeSpan.Zero ? EndpointState.Cooling
        : EndpointState.Ejected;

    private bool IsDue_NeedsLock() => !_checks.IsDown && _ejection.IsDue;

    private void Tell(in HealthChange change)
    {
        if (change.Kind != HealthChangeKind.None)
        {
            journal.Tell(name, change);
        }
    }
}
