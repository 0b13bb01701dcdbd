using System.Buffers;
using System.Collections.Concurrent;
using Orrery.Gateway;

namespace Orrery.Tests.Gateway;

/// <summary>What the server reads into: nobody shares a block, and what nobody needs is given up.</summary>
public sealed class ServerMemoryTests
{
    [Fact]
    public void A_block_has_one_owner_at_a_time_and_the_last_one_given_back_is_the_next()
    {
        using var pool = (ServerMemory.Pool)new ServerMemory(TimeProvider.System).Create();
        var first = pool.Rent(4_096);
        var second = pool.Rent();
        Assert.Equal(ServerMemory.Pool.BlockSize, first.Memory.Length);
        Assert.False(first.Memory.Span.Overlaps(second.Memory.Span));
        first.Dispose();
        second.Dispose();
        second.Dispose();
        Assert.Equal(2, pool.Free);
        Assert.Same(second, pool.Rent());
        Assert.Same(first, pool.Rent());
        Assert.NotSame(first, pool.Rent());
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(ServerMemory.Pool.BlockSize + 1));
    }

    [Fact]
    public void Whoever_comes_at_once_never_writes_into_anothers_block()
    {
        using var pool = new ServerMemory(TimeProvider.System).Create();
        var torn = new ConcurrentBag<int>();
        Parallel.For(0, 20_000, i =>
        {
            using var block = pool.Rent();
            block.Memory.Span[..64].Fill((byte)i);
            Thread.Yield();
            if (block.Memory.Span[..64].IndexOfAnyExcept((byte)i) >= 0)
            {
                torn.Add(i);
            }
        });
        Assert.Empty(torn);
    }

    [Fact]
    public void What_nobody_needed_for_ten_seconds_is_given_up()
    {
        var time = new Ticks();
        using var pool = (ServerMemory.Pool)new ServerMemory(time).Create();
        IMemoryOwner<byte>[] all = [.. Enumerable.Range(0, 100).Select(_ => pool.Rent())];
        Array.ForEach(all, block => block.Dispose());
        time.Tick(); // Until now they were needed.
        Assert.Equal(100, pool.Free);
        IMemoryOwner<byte>[] few = [.. Enumerable.Range(0, 10).Select(_ => pool.Rent())];
        Array.ForEach(few, block => block.Dispose());
        time.Tick();
        Assert.Equal(10, pool.Free);
        time.Tick();
        Assert.Equal(0, pool.Free);
    }

    /// <summary>A clock whose one timer rings when a test says so.</summary>
    private sealed class Ticks : TimeProvider
    {
        private Action _ring = () => throw new InvalidOperationException("No timer was made.");

        public void Tick() => _ring();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Assert.Equal((TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10)), (dueTime, period));
            _ring = () => callback(state);
            return System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
