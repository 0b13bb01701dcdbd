namespace Orrery.Gateway.Quota;

/// <summary>
/// Requests that wait for one saturated model or provider, admitted fairly across keys: each request gets a finish tag on its key's own clock, which runs
/// slower the higher the key's priority, and the smallest tag is next (weighted fair queueing: Demers, Keshav, Shenker 1989). Nobody starves.
/// </summary>
/// <remarks>Only the first in line tries; when it has been admitted or has left, the next one is woken. So a place that becomes free wakes one request.</remarks>
internal sealed class AdmissionQueue(int most)
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<Waiter, (double Tag, long Number)> _waiting = new();
    private readonly Dictionary<string, (double Tag, int Waiting)> _keys = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _freed = new(0, 1);
    private Waiter? _first;
    private double _now;
    private long _number;
    private int _length;

    /// <summary>Requests that wait.</summary>
    public int Length => Volatile.Read(ref _length);

    /// <summary>Whose turn it is.</summary>
    public Waiter? First => Volatile.Read(ref _first);

    /// <returns><c>null</c>: as many wait as may.</returns>
    public Waiter? TryEnter(string key, int priority)
    {
        lock (_lock)
        {
            if (_length >= most)
            {
                return null;
            }

            var (last, waiting) = _keys.GetValueOrDefault(key);
            var tag = Math.Max(_now, last) + (1.0 / priority);
            _keys[key] = (tag, waiting + 1);
            var waiter = new Waiter(key, tag);
            _waiting.Enqueue(waiter, (tag, _number++));
            _length++;
            Next_NeedsLock();
            return waiter;
        }
    }

    /// <summary>Admitted or gone: the next one's turn.</summary>
    public void Leave(Waiter waiter)
    {
        lock (_lock)
        {
            if (waiter.HasLeft)
            {
                return;
            }

            waiter.HasLeft = true;
            _length--;
            var (tag, waiting) = _keys[waiter.Key];
            if (waiting == 1)
            {
                _keys.Remove(waiter.Key); // Its clock would start at the queue's anyway, and who has left the queue owes it nothing.
            }
            else
            {
                _keys[waiter.Key] = (tag, waiting - 1);
            }

            if (ReferenceEquals(waiter, _first))
            {
                _first = null;
                _now = Math.Max(_now, waiter.Tag);
                Next_NeedsLock();
            }
        }
    }

    /// <summary>A place has become free here.</summary>
    public void Freed()
    {
        if (Length == 0)
        {
            return;
        }

        lock (_lock)
        {
            if (_freed.CurrentCount == 0)
            {
                _freed.Release();
            }
        }
    }

    /// <summary>For the first in line: until a place may be free, here or at another replica.</summary>
    public Task FreedAsync(TimeSpan atLatest, CancellationToken cancellationToken) => _freed.WaitAsync(atLatest, cancellationToken);

    private void Next_NeedsLock()
    {
        while (_first is null && _waiting.TryDequeue(out var next, out _))
        {
            if (!next.HasLeft)
            {
                _first = next;
                next.Turn.TrySetResult();
            }
        }
    }

    internal sealed class Waiter(string key, double tag)
    {
        public string Key => key;

        public double Tag => tag;

        public bool HasLeft { get; set; }

        /// <summary>Ends when it is the first in line.</summary>
        public TaskCompletionSource Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
