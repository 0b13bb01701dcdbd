namespace Orrery.Gateway.Routing;

/// <summary>An endpoint that is checked, and how.</summary>
internal sealed record CheckTarget(Endpoint Endpoint, ActiveCheck Check, ProviderRoute Provider);

/// <summary>When each endpoint is to be checked next. One queue for all, so that a thousand endpoints need neither threads nor timers.</summary>
internal sealed class HealthSchedule(TimeProvider time, Random random)
{
    /// <summary>An interval lasts this share of itself up to the whole, so that gateways and endpoints do not fall into step.</summary>
    private const double ShortestShare = 0.8;

    private readonly Lock _lock = new();
    private readonly PriorityQueue<Endpoint, long> _due = new();
    private readonly long _start = time.GetTimestamp();
    private Dictionary<Endpoint, CheckTarget> _targets = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _targets.Count;
            }
        }
    }

    /// <summary>From now on these are checked and no others. Those that were already keep their turn.</summary>
    public void Follow(IEnumerable<ProviderRoute> providers)
    {
        var next = new Dictionary<Endpoint, CheckTarget>();
        foreach (var provider in providers)
        {
            if (provider.IsUsable && ActiveCheck.Of(provider.Spec) is { } check)
            {
                foreach (var (endpoint, _) in provider.Endpoints)
                {
                    next.TryAdd(endpoint, new CheckTarget(endpoint, check, provider));
                }
            }
        }

        Take(next);
    }

    /// <summary>The next that is due, and its next turn is set; else how long nothing will be.</summary>
    /// <param name="wait">Without end where nothing is checked at all.</param>
    public bool TryNext(out CheckTarget target, out TimeSpan wait, out Task changed)
    {
        lock (_lock)
        {
            changed = _changed.Task;
            while (_due.TryPeek(out var endpoint, out var due))
            {
                if (!_targets.TryGetValue(endpoint, out target!))
                {
                    _due.Dequeue();
                    continue;
                }

                wait = TimeSpan.FromTicks(due) - Now;
                if (wait > TimeSpan.Zero)
                {
                    return false;
                }

                _due.DequeueEnqueue(endpoint, (Now + (target.Check.Interval * (ShortestShare + ((1 - ShortestShare) * random.NextDouble())))).Ticks);
                return true;
            }
        }

        (target, wait) = (null!, Timeout.InfiniteTimeSpan);
        return false;
    }

    private TimeSpan Now => time.GetElapsedTime(_start);

    private void Take(Dictionary<Endpoint, CheckTarget> next)
    {
        List<Endpoint> gone;
        lock (_lock)
        {
            gone = [.. _targets.Keys.Where(endpoint => !next.ContainsKey(endpoint))];
            var before = _targets;
            _targets = next;
            var isOther = false;
            foreach (var (endpoint, target) in next)
            {
                var isKnown = before.TryGetValue(endpoint, out var was);
                if (!isKnown || was!.Check != target.Check)
                {
                    if (isKnown)
                    {
                        _due.Remove(endpoint, out _, out _);
                    }

                    // Somewhere within the first interval: a gateway's start must not strike all engines at once.
                    _due.Enqueue(endpoint, (Now + (target.Check.Interval * random.NextDouble())).Ticks);
                    isOther = true;
                }
            }

            foreach (var endpoint in gone)
            {
                _due.Remove(endpoint, out _, out _);
            }

            if (isOther)
            {
                _changed.SetResult();
                _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        foreach (var endpoint in gone)
        {
            endpoint.Health.Unchecked();
        }
    }
}
