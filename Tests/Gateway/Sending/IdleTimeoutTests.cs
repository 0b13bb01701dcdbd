using Orrery.Gateway.Sending;

namespace Orrery.Tests.Gateway.Sending;

public sealed class IdleTimeoutTests
{
    /// <remarks>What a timer's thread throws ends the process.</remarks>
    [Fact]
    public async Task A_ring_at_the_very_end_of_an_attempt_throws_nothing()
    {
        var time = new ByHand();
        var pool = new IdleTimeoutPool(time);
        using var together = new Barrier(2);
        const int times = 200_000;
        var ringing = Task.Factory.StartNew(
            () =>
            {
                for (var i = 0; i < times; i++)
                {
                    together.SignalAndWait();
                    time.Ring();
                    together.SignalAndWait();
                }
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        for (var i = 0; i < times && !ringing.IsCompleted; i++)
        {
            var timeout = pool.Rent(CancellationToken.None, long.MaxValue);
            timeout.Set(TimeSpan.Zero);
            together.SignalAndWait(TimeSpan.FromSeconds(10));
            Thread.SpinWait(i % 64);
            pool.Return(timeout);
            together.SignalAndWait(TimeSpan.FromSeconds(10));
        }

        await ringing;
    }

    /// <summary>A clock whose latest timer rings when a test says so.</summary>
    private sealed class ByHand : TimeProvider
    {
        private Timer? _latest;

        public void Ring() => _latest!.Ring();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => _latest = new Timer(() => callback(state));

        private sealed class Timer(Action ring) : ITimer
        {
            public void Ring() => ring();

            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
