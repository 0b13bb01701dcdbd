namespace Orrery.Simulator.Timing;

/// <summary>What an engine does at this moment.</summary>
internal sealed record SchedulerState(int Running, int Waiting, int UsedBlocks, int Capacity, SchedulerMetrics Metrics)
{
    public double KvUsage => (double)UsedBlocks / Capacity;
}

/// <summary>
/// Continuous batching as vLLM's V1 scheduler does it: every step serves the running sequences first, lets waiting ones in while slots, blocks
/// and the token budget last, and preempts the youngest when a running one finds no block.
/// </summary>
/// <remarks>
/// Steps follow each other in model time, each starting where the last one ended. A late timer finds several of them due and works them off at
/// once, so that tokens come in a burst and the pace stays right; nothing drifts, nothing spins.
/// </remarks>
internal sealed partial class Scheduler : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly long _epoch;
    private readonly TimeSpan _resolution;
    private readonly ITimer _timer;
    private readonly Random _jitter;
    private readonly Lazy<KvCache> _lazyCache;
    private readonly SchedulerMetrics _metrics = new();
    private readonly PriorityQueue<Sequence, (TimeSpan At, long Order)> _arriving = new();
    private readonly LinkedList<Sequence> _waiting = new();
    private readonly List<Sequence> _running = [];
    private readonly List<(Sequence Sequence, int Tokens)> _step = [];
    private readonly List<ProgressSignal> _moved = [];
    private Profile _profile;
    private TimeSpan? _stepEnds;
    private long _order;

    public Scheduler(Profile profile, TimeProvider time)
    {
        _profile = profile;
        _time = time;
        _epoch = time.GetTimestamp();
        _jitter = new Random(profile.Seed);

        // Nearly a megabyte, which an engine that nobody asks does not need: there may be a thousand of them.
        _lazyCache = new Lazy<KvCache>(() => new KvCache(profile.KvBlocks, profile.PrefixCaching), isThreadSafe: false);

        // The system's timers cut to whole milliseconds: asked for 0.4 ms they would fire at once, and again, and again.
        _resolution = ReferenceEquals(time, TimeProvider.System) ? TimeSpan.FromMilliseconds(1) : TimeSpan.FromTicks(1);
        _timer = time.CreateTimer(static scheduler => ((Scheduler)scheduler!).CatchUp(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private KvCache Cache => _lazyCache.Value;

    /// <summary>The speed from the next step on. The number of blocks and the prefix cache stay as they were made.</summary>
    public Profile Profile
    {
        get
        {
            lock (_lock)
            {
                return _profile;
            }
        }

        set
        {
            lock (_lock)
            {
                _profile = value with { KvBlocks = _profile.KvBlocks, PrefixCaching = _profile.PrefixCaching };
            }
        }
    }

    public SchedulerState State
    {
        get
        {
            CatchUp();
            lock (_lock)
            {
                return new SchedulerState(_running.Count, _waiting.Count + _arriving.Count, _lazyCache.IsValueCreated ? Cache.Used : 0, _profile.KvBlocks, _metrics.Copy());
            }
        }
    }

    /// <summary>Queues a sequence; its progress pulses <paramref name="signal"/>.</summary>
    public Sequence Submit(SequencePlan plan, ProgressSignal signal)
    {
        if (KvCache.BlocksFor(plan.PromptTokens + plan.OutputTokens) > _profile.KvBlocks)
        {
            throw new ArgumentOutOfRangeException(nameof(plan), plan, "The sequence is longer than the whole KV cache.");
        }

        Sequence sequence;
        lock (_lock)
        {
            var now = Now;
            Advance_NeedsLock(now);
            sequence = new Sequence(plan, signal, now);
            var (hits, _) = Cache.Match(ReusableHashes(sequence));
            var least = _profile.StepTime(1, 0, plan.PromptTokens - (hits * KvCache.TokensPerBlock));
            var delay = TimeSpan.FromMilliseconds(_profile.TimeToFirstTokenMs) - least;
            _arriving.Enqueue(sequence, (delay > TimeSpan.Zero ? now + delay : now, _order++));
            Advance_NeedsLock(now);
            SetTimer_NeedsLock(now);
        }

        PulseMoved();
        return sequence;
    }

    /// <summary>Ends a sequence whose reader has left; its slot and blocks are free on return. Does nothing once it is over.</summary>
    public void Cancel(Sequence sequence)
    {
        lock (_lock)
        {
            var now = Now;
            Advance_NeedsLock(now);
            if (!sequence.IsOver)
            {
                Cancel_NeedsLock(sequence);
                Advance_NeedsLock(now);
            }

            SetTimer_NeedsLock(now);
        }

        PulseMoved();
    }

    public void Dispose() => _timer.Dispose();

    private TimeSpan Now => _time.GetElapsedTime(_epoch);

    private void CatchUp()
    {
        lock (_lock)
        {
            var now = Now;
            Advance_NeedsLock(now);
            SetTimer_NeedsLock(now);
        }

        PulseMoved();
    }

    private void PulseMoved()
    {
        ProgressSignal[] moved;
        lock (_lock)
        {
            moved = [.. _moved];
            _moved.Clear();
        }

        foreach (var signal in moved)
        {
            signal.Pulse();
        }
    }

    private void Cancel_NeedsLock(Sequence sequence)
    {
        switch (sequence.Phase)
        {
            case SequencePhase.Arriving:
                _arriving.Remove(sequence, out _, out _);
                break;
            case SequencePhase.Waiting:
                _waiting.Remove(sequence);
                break;
            default:
                _running.Remove(sequence);
                break;
        }

        Cache.Release(sequence.Blocks);
        sequence.Phase = SequencePhase.Cancelled;
        _metrics.Aborted++;
        _moved.Add(sequence.Signal);
    }

    /// <summary>Plays every step and arrival that is due, each at its own time.</summary>
    private void Advance_NeedsLock(TimeSpan now)
    {
        while (NextEvent_NeedsLock() is { } at && at <= now)
        {
            if (_stepEnds == at)
            {
                FinishStep_NeedsLock(at);
            }

            while (_arriving.TryPeek(out var sequence, out var key) && key.At <= at)
            {
                _arriving.Dequeue();
                sequence.Phase = SequencePhase.Waiting;
                _waiting.AddLast(sequence);
            }

            if (_stepEnds is null)
            {
                StartStep_NeedsLock(at);
            }
        }
    }

    private TimeSpan? NextEvent_NeedsLock()
    {
        if (_stepEnds is { } end)
        {
            return end;
        }

        return _arriving.TryPeek(out _, out var key) ? key.At : null;
    }

    private void SetTimer_NeedsLock(TimeSpan now)
    {
        if (NextEvent_NeedsLock() is not { } next)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        var steps = Math.Max(1, ((next - now).Ticks + _resolution.Ticks - 1) / _resolution.Ticks);
        _timer.Change(_resolution * steps, Timeout.InfiniteTimeSpan);
    }
}
