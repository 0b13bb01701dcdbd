using Orrery.Simulator.Timing;

namespace Orrery.Tests.Simulator;

public sealed class VirtualTimeTests
{
    [Fact]
    public void Timers_fire_in_order_each_at_its_own_time()
    {
        var time = new VirtualTime();
        var fired = new List<(string Name, long Milliseconds)>();
        ITimer Timer(string name, int due, int period) => time.CreateTimer(
            _ => fired.Add((name, time.GetTimestamp() / TimeSpan.TicksPerMillisecond)), null, TimeSpan.FromMilliseconds(due), TimeSpan.FromMilliseconds(period));

        using var late = Timer("late", 30, Timeout.Infinite);
        using var early = Timer("early", 10, 10);
        using var never = Timer("never", Timeout.Infinite, Timeout.Infinite);
        time.Advance(TimeSpan.FromMilliseconds(25));
        Assert.Equal([("early", 10), ("early", 20)], fired);
        early.Change(TimeSpan.FromMilliseconds(100), Timeout.InfiniteTimeSpan);
        time.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal([("early", 10), ("early", 20), ("late", 30), ("early", 125)], fired);
        Assert.False(time.AdvanceToNextTimer());
    }

    [Fact]
    public void Work_runs_to_its_end_without_anyone_moving_the_clock()
    {
        var time = new VirtualTime();
        var seen = new List<int>();
        time.Run(() => Task.WhenAll(Enumerable.Range(1, 3).Select(async i =>
        {
            await Task.Delay(TimeSpan.FromHours(4 - i), time);
            seen.Add(i);
        })));
        Assert.Equal([3, 2, 1], seen);
        Assert.Equal(TimeSpan.FromHours(3), time.GetElapsedTime(0));
    }

    [Fact]
    public void A_cancelled_delay_leaves_no_timer()
    {
        var time = new VirtualTime();
        using var source = new CancellationTokenSource();
        var delay = Task.Delay(TimeSpan.FromHours(1), time, source.Token);
        source.Cancel();
        Assert.True(delay.IsCanceled);
        Assert.False(time.AdvanceToNextTimer());
    }
}
