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
internal sealed class Scheduler : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly long _epoch;
    private readonly TimeSpan _resolution;
    private readonly ITimer _timer;
    private readonly Random _jitter;
    private readonly KvCache _cache;
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
        _cache = new KvCache(profile.KvBlocks, profile.PrefixCaching);

        // The system's timers cut to whole milliseconds: asked for 0.4 ms they would fire at once, and again, and again.
        _resolution = ReferenceEquals(time, TimeProvider.System) ? TimeSpan.FromMilliseconds(1) : TimeSpan.FromTicks(1);
        _timer = time.CreateTimer(static scheduler => ((Scheduler)scheduler!).CatchUp(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

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
                _profile = value with { KvBlocks = _cache.Capacity, PrefixCaching = _profile.PrefixCaching };
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
                return new SchedulerState(_running.Count, _waiting.Count + _arriving.Count, _cache.Used, _cache.Capacity, _metrics.Copy());
            }
        }
    }

    /// <summary>Queues a sequence; its progress pulses <paramref name="signal"/>.</summary>
    public Sequence Submit(SequencePlan plan, ProgressSignal signal)
    {
        if (KvCache.BlocksFor(plan.PromptTokens + plan.OutputTokens) > _cache.Capacity)
        {
            throw new ArgumentOutOfRangeException(nameof(plan), plan, "The sequence is longer than the whole KV cache.");
        }

        Sequence sequence;
        lock (_lock)
        {
            var now = Now;
            Advance_NeedsLock(now);
            sequence = new Sequence(plan, signal, now);
            var (hits, _) = _cache.Match(ReusableHashes(sequence));
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

        _cache.Release(sequence.Blocks);
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

    private void StartStep_NeedsLock(TimeSpan now)
    {
        var budget = _profile.MaxBatchedTokens;
        var preempted = ServeRunning_NeedsLock(ref budget);
        if (!preempted)
        {
            LetIn_NeedsLock(ref budget);
        }

        if (_step.Count == 0)
        {
            return;
        }

        long context = 0;
        var prefill = 0;
        foreach (var (sequence, tokens) in _step)
        {
            context += sequence.Computed;
            prefill += tokens > 1 || sequence.Generated == 0 ? tokens : 0;
        }

        var jitter = 1 + (_profile.JitterPercent / 100 * ((2 * _jitter.NextDouble()) - 1));
        _stepEnds = now + (_profile.StepTime(_step.Count, context, prefill) * jitter);
    }

    private bool ServeRunning_NeedsLock(ref int budget)
    {
        var preempted = false;
        for (var i = 0; i < _running.Count && budget > 0; i++)
        {
            var sequence = _running[i];
            var tokens = Math.Min(sequence.Missing, budget);
            var needed = KvCache.BlocksFor(sequence.Computed + tokens) - sequence.Blocks.Count;
            while (needed > 0 && !_cache.TryTake(needed, sequence.Blocks))
            {
                preempted = true;
                var youngest = _running[^1];
                Preempt_NeedsLock(youngest);
                if (ReferenceEquals(youngest, sequence))
                {
                    return true;
                }
            }

            _step.Add((sequence, tokens));
            budget -= tokens;
        }

        return preempted;
    }

    /// <summary>A preempted sequence loses its blocks, keeps what it has said, and goes to the head of the queue to be computed anew.</summary>
    private void Preempt_NeedsLock(Sequence sequence)
    {
        _running.RemoveAt(_running.Count - 1);
        _cache.Release(sequence.Blocks);
        sequence.Computed = 0;
        sequence.Preemptions++;
        sequence.Phase = SequencePhase.Waiting;
        _waiting.AddFirst(sequence);
        _metrics.Preemptions++;
    }

    private void LetIn_NeedsLock(ref int budget)
    {
        while (budget > 0 && _running.Count < _profile.MaxSequences && _waiting.First is { Value: var sequence })
        {
            var hashes = ReusableHashes(sequence);
            var (hits, idle) = _cache.Match(hashes);
            var cached = hits * KvCache.TokensPerBlock;
            var tokens = Math.Min(sequence.Missing - cached, budget);
            var needed = KvCache.BlocksFor(cached + tokens) - hits;
            if (needed > _cache.Free - idle)
            {
                return;
            }

            _cache.Share(hashes[..hits], sequence.Blocks);
            _cache.TryTake(needed, sequence.Blocks);
            _waiting.RemoveFirst();
            _running.Add(sequence);
            _step.Add((sequence, tokens));
            budget -= tokens;
            sequence.Computed = cached;
            sequence.Phase = SequencePhase.Running;
            CountPrompt_NeedsLock(sequence, cached);
        }
    }

    private void CountPrompt_NeedsLock(Sequence sequence, int cached)
    {
        if (sequence.Preemptions == 0)
        {
            sequence.CachedTokens = cached;
            _metrics.PrefixQueries += sequence.Plan.PromptTokens;
            _metrics.PrefixHits += cached;
        }
    }

    /// <summary>The blocks a sequence may find: never its last known token, which must be computed to yield the next one.</summary>
    private static ReadOnlySpan<ulong> ReusableHashes(Sequence sequence)
    {
        var known = sequence.Plan.PromptTokens + sequence.Generated;
        var hashes = sequence.Plan.BlockHashes.Span;
        return hashes[..Math.Min(hashes.Length, (known - 1) / KvCache.TokensPerBlock)];
    }

    private void FinishStep_NeedsLock(TimeSpan now)
    {
        _stepEnds = null;
        foreach (var (sequence, tokens) in _step)
        {
            if (sequence.Phase != SequencePhase.Running)
            {
                continue;
            }

            RememberBlocks_NeedsLock(sequence, tokens);
            if (sequence.Missing == 0)
            {
                Emit_NeedsLock(sequence, now);
            }
        }

        _step.Clear();
    }

    private void RememberBlocks_NeedsLock(Sequence sequence, int tokens)
    {
        var first = sequence.Computed / KvCache.TokensPerBlock;
        sequence.Computed += tokens;
        var hashes = sequence.Plan.BlockHashes.Span;
        for (var block = first; block < Math.Min(hashes.Length, sequence.Computed / KvCache.TokensPerBlock); block++)
        {
            _cache.Remember(sequence.Blocks[block], hashes[block]);
        }
    }

    private void Emit_NeedsLock(Sequence sequence, TimeSpan now)
    {
        var plan = sequence.Plan;
        if (sequence.Generated == 0)
        {
            _metrics.PromptTokens += plan.PromptTokens;
            _metrics.TimeToFirstToken.Observe(now - sequence.ArrivedAt);
            sequence.FirstTokenAt = now;
        }
        else
        {
            _metrics.InterToken.Observe(now - sequence.LastTokenAt);
        }

        sequence.LastTokenAt = now;
        _moved.Add(sequence.Signal);
        if (plan.OutputTokens > 0)
        {
            _metrics.GenerationTokens++;
            sequence.Generated++;
        }

        if (sequence.Generated < plan.OutputTokens)
        {
            return;
        }

        _running.Remove(sequence);
        _cache.Release(sequence.Blocks);
        sequence.Phase = SequencePhase.Finished;
        _metrics.EndToEnd.Observe(now - sequence.ArrivedAt);
        _metrics.Stopped += plan.EndsByLength ? 0 : 1;
        _metrics.EndedByLength += plan.EndsByLength ? 1 : 0;
    }
}
