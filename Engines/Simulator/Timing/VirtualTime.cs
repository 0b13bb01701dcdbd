namespace Orrery.Simulator.Timing;

/// <summary>A clock that moves only when told. Timers fire in order of their time, then of their creation, on the thread that moves the clock.</summary>
public sealed class VirtualTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<(VirtualTimer Timer, long Version), (long Due, long Order)> _timers = new();
    private long _now;
    private long _order;

    /// <summary>Starts at 2026-01-01T00:00:00Z.</summary>
    public VirtualTime() : this(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => start.AddTicks(GetTimestamp());

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock on by <paramref name="span"/> and fires every timer that falls due on the way, each at its own time.</summary>
    public void Advance(TimeSpan span)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(span, TimeSpan.Zero);
        var until = GetTimestamp() + span.Ticks;
        while (FireNext(until))
        {
        }

        Volatile.Write(ref _now, until);
    }

    /// <summary>Jumps to the next timer and fires it.</summary>
    /// <returns><c>false</c> when no timer is set.</returns>
    public bool AdvanceToNextTimer() => FireNext(long.MaxValue);

    /// <summary>
    /// Runs <paramref name="work"/> to its end on this thread: continuations first, and when there are none the clock jumps to the next timer.
    /// Two runs of the same work are identical. The work must wait for nothing but virtual time: no sockets, no other threads.
    /// </summary>
    /// <exception cref="InvalidOperationException">The work waits, and no timer is set that could wake it.</exception>
    public void Run(Func<Task> work)
    {
        var previous = SynchronizationContext.Current;
        var continuations = new ContinuationQueue();
        SynchronizationContext.SetSynchronizationContext(continuations);
        try
        {
            var task = work();
            while (!task.IsCompleted)
            {
                if (!continuations.RunOne() && !AdvanceToNextTimer())
                {
                    throw new InvalidOperationException("The work waits for something that virtual time does not drive: no timer is set.");
                }
            }

            task.GetAwaiter().GetResult();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(previous);
        }
    }

    private bool FireNext(long until)
    {
        VirtualTimer timer;
        lock (_lock)
        {
            while (true)
            {
                if (!_timers.TryPeek(out var next, out var key) || key.Due > until)
                {
                    return false;
                }

                _timers.Dequeue();
                timer = next.Timer;
                if (timer.Version == next.Version)
                {
                    Volatile.Write(ref _now, Math.Max(_now, key.Due));
                    Set_NeedsLock(timer, timer.Period, timer.Period);
                    break;
                }
            }
        }

        timer.Fire();
        return true;
    }

    private void Set_NeedsLock(VirtualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        timer.Version++;
        timer.Period = period;
        if (dueTime >= TimeSpan.Zero && dueTime != Timeout.InfiniteTimeSpan)
        {
            _timers.Enqueue((timer, timer.Version), (_now + dueTime.Ticks, _order++));
        }
    }

    private sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state) : ITimer
    {
        public long Version { get; set; }

        public TimeSpan Period { get; set; } = Timeout.InfiniteTimeSpan;

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                // A period of zero means "once", as with the system's timers.
                time.Set_NeedsLock(this, dueTime, period == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : period);
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class ContinuationQueue : SynchronizationContext
    {
        private readonly Queue<(SendOrPostCallback Callback, object? State)> _queue = new();

        public override void Post(SendOrPostCallback d, object? state)
        {
            lock (_queue)
            {
                _queue.Enqueue((d, state));
            }
        }

        public bool RunOne()
        {
            (SendOrPostCallback Callback, object? State) next;
            lock (_queue)
            {
                if (!_queue.TryDequeue(out next))
                {
                    return false;
                }
            }

            next.Callback(next.State);
            return true;
        }
    }
}
