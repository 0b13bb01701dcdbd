namespace Orrery.Simulator.Timing;

/// <summary>What a step holds and what it leads to.</summary>
internal sealed partial class Scheduler
{
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
            while (needed > 0 && !Cache.TryTake(needed, sequence.Blocks))
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
        Cache.Release(sequence.Blocks);
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
            var (hits, idle) = Cache.Match(hashes);
            var cached = hits * KvCache.TokensPerBlock;
            var tokens = Math.Min(sequence.Missing - cached, budget);
            var needed = KvCache.BlocksFor(cached + tokens) - hits;
            if (needed > Cache.Free - idle)
            {
                return;
            }

            Cache.Share(hashes[..hits], sequence.Blocks);
            Cache.TryTake(needed, sequence.Blocks);
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
            Cache.Remember(sequence.Blocks[block], hashes[block]);
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
        Cache.Release(sequence.Blocks);
        sequence.Phase = SequencePhase.Finished;
        _metrics.EndToEnd.Observe(now - sequence.ArrivedAt);
        _metrics.Stopped += plan.EndsByLength ? 0 : 1;
        _metrics.EndedByLength += plan.EndsByLength ? 1 : 0;
    }
}
