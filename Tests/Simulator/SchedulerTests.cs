using System.Diagnostics;
using Orrery.Simulator.Timing;

namespace Orrery.Tests.Simulator;

public sealed class SchedulerTests
{
    private static readonly Profile Even = Profile.Default with { JitterPercent = 0 };

    [Fact]
    public void An_idle_engine_answers_at_its_floor_and_then_at_its_pace()
    {
        using var engine = new VirtualEngine(Even);
        var sequence = engine.Run(() => engine.AnswerAsync(Plan(100, 11)));
        Assert.Equal(60, sequence.FirstTokenAt.TotalMilliseconds, 2);
        Assert.Equal(12.03, (sequence.LastTokenAt - sequence.FirstTokenAt).TotalMilliseconds / 10, 1);
    }

    [Fact]
    public void A_long_prompt_takes_its_prefill_in_chunks()
    {
        using var engine = new VirtualEngine(Even);
        var sequence = engine.Run(() => engine.AnswerAsync(Plan(20_480, 1)));
        var expected = (10 * 12) + (1_000 * 20_480 / Even.PrefillTokensPerSecond);
        Assert.InRange(sequence.FirstTokenAt.TotalMilliseconds, expected, expected * 1.1);
    }

    [Fact]
    public void Time_to_first_token_and_between_tokens_grows_with_load()
    {
        TimeSpan previousFirst = default, previousPace = default;
        foreach (var load in (int[])[1, 16, 128, 512])
        {
            using var engine = new VirtualEngine(Even);
            var sequences = engine.Run(() => Task.WhenAll(Enumerable.Range(0, load).Select(i => engine.AnswerAsync(Plan(800, 50, seed: (ulong)i)))));
            var first = TimeSpan.FromTicks((long)sequences.Average(sequence => (sequence.FirstTokenAt - sequence.ArrivedAt).Ticks));
            var pace = TimeSpan.FromTicks((long)sequences.Average(sequence => (sequence.LastTokenAt - sequence.FirstTokenAt).Ticks / 49));
            Assert.True(first > previousFirst && pace > previousPace, $"{load} sequences: {first} and {pace} after {previousFirst} and {previousPace}");
            (previousFirst, previousPace) = (first, pace);
        }
    }

    [Fact]
    public void No_more_sequences_run_than_the_batch_may_hold()
    {
        using var engine = new VirtualEngine(Even with { MaxSequences = 4 });
        engine.Run(async () =>
        {
            var answers = Task.WhenAll(Enumerable.Range(0, 20).Select(i => engine.AnswerAsync(Plan(64, 30, seed: (ulong)i))));
            while (!answers.IsCompleted)
            {
                var state = engine.Scheduler.State;
                Assert.InRange(state.Running, 0, 4);
                Assert.InRange(state.Running + state.Waiting, 0, 20);
                await Task.Delay(TimeSpan.FromMilliseconds(7), engine.Time);
            }
        });
        Assert.Equal(20, engine.Scheduler.State.Metrics.Stopped);
    }

    [Fact]
    public void A_shared_prefix_shortens_the_prefill_and_is_counted()
    {
        using var engine = new VirtualEngine(Even);
        var (first, second, other) = engine.Run(async () =>
            (await engine.AnswerAsync(Plan(8_000, 10)), await engine.AnswerAsync(Plan(8_000, 10)), await engine.AnswerAsync(Plan(8_000, 10, seed: 99))));
        Assert.Equal((0, 7_984, 0), (first.CachedTokens, second.CachedTokens, other.CachedTokens));
        Assert.InRange((second.FirstTokenAt - second.ArrivedAt).TotalMilliseconds, 60, 61);
        Assert.True(first.FirstTokenAt - first.ArrivedAt > TimeSpan.FromMilliseconds(550));
        Assert.Equal((24_000, 7_984), (engine.Scheduler.State.Metrics.PrefixQueries, engine.Scheduler.State.Metrics.PrefixHits));
    }

    [Fact]
    public void The_least_recently_used_prefix_is_evicted_first()
    {
        using var engine = new VirtualEngine(Even with { KvBlocks = 100 });
        var (a, b) = engine.Run(async () =>
        {
            await engine.AnswerAsync(Plan(640, 1, seed: 1));
            await engine.AnswerAsync(Plan(640, 1, seed: 2));
            await engine.AnswerAsync(Plan(640, 1, seed: 1));
            await engine.AnswerAsync(Plan(640, 1, seed: 3));
            return (await engine.AnswerAsync(Plan(640, 1, seed: 1)), await engine.AnswerAsync(Plan(640, 1, seed: 2)));
        });
        Assert.Equal(624, a.CachedTokens);
        Assert.InRange(b.CachedTokens, 0, 320);
    }

    [Fact]
    public void When_blocks_run_out_the_youngest_is_preempted_and_everyone_still_finishes()
    {
        using var engine = new VirtualEngine(Even with { KvBlocks = 40 });
        var sequences = engine.Run(() => Task.WhenAll(Enumerable.Range(0, 4).Select(i => engine.AnswerAsync(Plan(100, 200, seed: (ulong)i)))));
        Assert.All(sequences, sequence => Assert.Equal((SequencePhase.Finished, 200), (sequence.Phase, sequence.Generated)));
        Assert.Equal(0, sequences[0].Preemptions);
        Assert.True(sequences[^1].Preemptions > 0);
        var state = engine.Scheduler.State;
        Assert.Equal((0, 0, 0), (state.Running, state.Waiting, state.UsedBlocks));
        Assert.Equal(sequences.Sum(sequence => sequence.Preemptions), state.Metrics.Preemptions);
        Assert.Equal(800, state.Metrics.GenerationTokens);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(70)]
    [InlineData(500)]
    public void A_cancelled_sequence_frees_slot_and_blocks_at_once(int afterMilliseconds)
    {
        using var engine = new VirtualEngine(Even with { MaxSequences = 1 });
        var cancelled = engine.Scheduler.Submit(Plan(1_600, 10_000), new ProgressSignal());
        var waiting = engine.Scheduler.Submit(Plan(160, 3, seed: 5), new ProgressSignal());
        engine.Time.Advance(TimeSpan.FromMilliseconds(afterMilliseconds));
        engine.Scheduler.Cancel(cancelled);
        var state = engine.Scheduler.State;
        Assert.Equal(SequencePhase.Cancelled, cancelled.Phase);
        Assert.Equal((1, 1), (state.Running + state.Waiting, state.Metrics.Aborted));
        Assert.InRange(state.UsedBlocks, 0, 11);

        engine.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((SequencePhase.Finished, 0), (waiting.Phase, engine.Scheduler.State.UsedBlocks));
    }

    [Fact]
    public void The_same_seed_gives_the_same_schedule_to_the_tick_and_another_seed_another()
    {
        List<(TimeSpan, TimeSpan)> Schedule(int seed)
        {
            using var engine = new VirtualEngine(Profile.Default with { Seed = seed, JitterPercent = 10 });
            var sequences = engine.Run(() => Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
            {
                await Task.Delay(TimeSpan.FromMilliseconds(i * 17 % 400), engine.Time);
                return await engine.AnswerAsync(Plan(50 + (i * 37 % 900), 5 + (i * 13 % 80), seed: (ulong)i % 7));
            })));
            return [.. sequences.Select(sequence => (sequence.FirstTokenAt, sequence.LastTokenAt))];
        }

        Assert.Equal(Schedule(1), Schedule(1));
        Assert.NotEqual(Schedule(1), Schedule(2));
    }

    [Fact]
    public void A_late_clock_makes_a_burst_and_no_drift()
    {
        using var engine = new VirtualEngine(Even);
        var late = engine.Scheduler.Submit(Plan(100, 1_000), new ProgressSignal());
        engine.Time.Advance(TimeSpan.FromSeconds(3));
        using var punctual = new VirtualEngine(Even);
        var expected = punctual.Scheduler.Submit(Plan(100, 1_000), new ProgressSignal());
        for (var i = 0; i < 3_000; i++)
        {
            punctual.Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.InRange(late.Generated, 240, 250);
        Assert.Equal(expected.Generated, late.Generated);
        Assert.Equal(expected.LastTokenAt, late.LastTokenAt);
    }

    [Fact]
    public void Ten_thousand_requests_take_seconds_in_virtual_time()
    {
        using var engine = new VirtualEngine(Profile.Default);
        var clock = Stopwatch.StartNew();
        engine.Run(() => Task.WhenAll(Enumerable.Range(0, 10_000).Select(async i =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(i * 60), engine.Time);
            return await engine.AnswerAsync(Plan(400, 150, seed: (ulong)i % 50));
        })));
        Assert.Equal(10_000, engine.Scheduler.State.Metrics.Stopped);
        Assert.True(engine.Time.GetUtcNow() > new DateTimeOffset(2026, 1, 1, 0, 10, 0, TimeSpan.Zero));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), clock.Elapsed.ToString());
    }

    [Fact]
    public void Work_that_nothing_can_wake_is_reported_and_not_waited_for()
    {
        var error = Assert.Throws<InvalidOperationException>(() => new VirtualTime().Run(() => new TaskCompletionSource().Task));
        Assert.Contains("virtual time", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A prompt whose content is decided by <paramref name="seed"/>.</summary>
    private static SequencePlan Plan(int prompt, int output, ulong seed = 0)
    {
        var tokens = Enumerable.Repeat((int)seed, prompt).ToArray();
        return new SequencePlan(prompt, output, BlockHashes.Of(tokens, Enumerable.Repeat(7, output).ToArray()));
    }

    private sealed class VirtualEngine : IDisposable
    {
        public VirtualEngine(Profile profile) => Scheduler = new Scheduler(profile, Time);

        public VirtualTime Time { get; } = new();

        public Scheduler Scheduler { get; }

        public async Task<Sequence> AnswerAsync(SequencePlan plan)
        {
            var signal = new ProgressSignal();
            var sequence = Scheduler.Submit(plan, signal);
            while (!sequence.IsOver)
            {
                await signal.WaitAsync();
            }

            return sequence;
        }

        public T Run<T>(Func<Task<T>> work)
        {
            T result = default!;
            Time.Run(async () => result = await work());
            return result;
        }

        public void Run(Func<Task> work) => Time.Run(work);

        public void Dispose() => Scheduler.Dispose();
    }
}
