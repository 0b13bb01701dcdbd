using Microsoft.Extensions.ObjectPool;

namespace Orrery.Gateway.Sending;

/// <summary>
/// A cancellation source for one attempt: set anew by every progress, bounded by the whole exchange's end, cancelled by the
/// client's leaving too, and it knows which of them it was.
/// </summary>
/// <remarks>
/// Setting it writes a deadline; the timer is touched only when it would ring too late. A ring before the deadline goes
/// back to sleep for the rest. So a stream of thousands of reads, and a pooled source's next request, cost no timer calls.
/// </remarks>
internal sealed class IdleTimeout : IDisposable
{
    private const long Never = long.MaxValue;
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _source = new();
    private CancellationTokenRegistration _clientRegistration;
    private CancellationToken _client;
    private long _deadline = Never;
    private long _timerDue = Never;
    private long _end;
    private volatile bool _rang;

    public IdleTimeout(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(static self => ((IdleTimeout)self!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>The client left, whatever else happened meanwhile.</summary>
    public bool ClientLeft => _client.IsCancellationRequested;

    public bool HasExpired => _rang && !ClientLeft;

    /// <summary>What expired was the whole exchange's time.</summary>
    public bool HasReachedEnd => _time.GetTimestamp() >= _end;

    /// <param name="end">The timestamp at which the whole exchange must be over.</param>
    public void Begin(CancellationToken client, long end)
    {
        _client = client;
        _end = end;
        _clientRegistration = client.UnsafeRegister(static self => ((IdleTimeout)self!)._source.Cancel(), this);
    }

    /// <summary>From now on <paramref name="span"/> without progress is too long.</summary>
    public void Set(TimeSpan span)
    {
        var deadline = Math.Min(_end, _time.GetTimestamp() + Ticks(span));
        Interlocked.Exchange(ref _deadline, deadline);
        if (deadline < Interlocked.Read(ref _timerDue))
        {
            Schedule(deadline);
        }
    }

    /// <summary>Waiting for the client is not the engine's fault.</summary>
    public void Clear() => Interlocked.Exchange(ref _deadline, Never);

    /// <summary>What still goes on in its name is given up.</summary>
    public void Cancel() => _source.Cancel();

    /// <summary>Whether it can serve another attempt.</summary>
    public bool TryEnd()
    {
        _clientRegistration.Dispose();
        lock (_lock)
        {
            Clear();
            _client = CancellationToken.None;
            return !_rang && _source.TryReset();
        }
    }

    /// <remarks>The source holds nothing to give back, and a ring that came at the very end may be about to cancel it: on a disposed one that throws, on the timer's thread.</remarks>
    public void Dispose() => _timer.Dispose();

    private void Schedule(long due)
    {
        Interlocked.Exchange(ref _timerDue, due);
        var wait = _time.GetElapsedTime(_time.GetTimestamp(), due);
        _timer.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    /// <remarks>Forgets its due time before it looks at the deadline; <see cref="Set"/> does the reverse, so one of them sees the other.</remarks>
    private void Ring()
    {
        Interlocked.Exchange(ref _timerDue, Never);
        var deadline = Interlocked.Read(ref _deadline);
        if (deadline == Never)
        {
            return;
        }

        if (_time.GetTimestamp() < deadline)
        {
            Schedule(deadline);
            return;
        }

        lock (_lock)
        {
            if (Interlocked.Read(ref _deadline) != deadline)
            {
                return; // Ended meanwhile: the source may already serve another request.
            }

            _rang = true;
        }

        _source.Cancel();
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);
}

/// <summary>Sources that were not cancelled are used again.</summary>
internal sealed class IdleTimeoutPool(TimeProvider time)
{
    private const int MostKept = 1_024;
    private readonly ObjectPool<IdleTimeout> _pool = new DefaultObjectPool<IdleTimeout>(new Policy(time), MostKept);

    /// <param name="end">The timestamp at which the whole exchange must be over.</param>
    public IdleTimeout Rent(CancellationToken client, long end)
    {
        var timeout = _pool.Get();
        timeout.Begin(client, end);
        return timeout;
    }

    public void Return(IdleTimeout timeout)
    {
        if (timeout.TryEnd())
        {
            _pool.Return(timeout);
        }
        else
        {
            timeout.Dispose();
        }
    }

    private sealed class Policy(TimeProvider time) : PooledObjectPolicy<IdleTimeout>
    {
        public override IdleTimeout Create() => new(time);

        public override bool Return(IdleTimeout timeout) => true;
    }
}
