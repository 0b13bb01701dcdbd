namespace Orrery.Builder.Reconciling;

/// <summary>Which deployments are to be looked at, each by one at a time; what is added while it is looked at comes again.</summary>
internal sealed class WorkQueue(TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, DateTimeOffset> _due = new(StringComparer.Ordinal);
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _news = new(0, 1);

    /// <summary>How many wait, those that are not due included.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _due.Count;
            }
        }
    }

    public void Add(string key) => Add(key, TimeSpan.Zero);

    /// <summary>Not before <paramref name="pause"/> has passed; an earlier time that is set stays.</summary>
    public void Add(string key, TimeSpan pause)
    {
        var at = time.GetUtcNow() + pause;
        lock (_lock)
        {
            if (_due.TryGetValue(key, out var known) && known <= at)
            {
                return;
            }

            _due[key] = at;
        }

        Wake();
    }

    /// <summary>The next that is due; it belongs to the caller until <see cref="Done"/>.</summary>
    public async Task<string> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var (key, wait) = TryTake();
            if (key is not null)
            {
                Wake(); // There may be more for others who wait.
                return key;
            }

            using var awake = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var news = _news.WaitAsync(awake.Token);
            await Task.WhenAny(news, Task.Delay(wait ?? Timeout.InfiniteTimeSpan, time, awake.Token));
            await awake.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public void Done(string key)
    {
        lock (_lock)
        {
            _taken.Remove(key);
        }

        Wake();
    }

    public void Dispose() => _news.Dispose();

    private (string? Key, TimeSpan? Wait) TryTake()
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            KeyValuePair<string, DateTimeOffset>? first = null;
            foreach (var entry in _due)
            {
                if (!_taken.Contains(entry.Key) && (first is null || entry.Value < first.Value.Value))
                {
                    first = entry;
                }
            }

            if (first is not { } found)
            {
                return (null, null);
            }

            if (found.Value > now)
            {
                return (null, found.Value - now);
            }

            _due.Remove(found.Key);
            _taken.Add(found.Key);
            return (found.Key, null);
        }
    }

    private void Wake()
    {
        lock (_lock)
        {
            if (_news.CurrentCount == 0)
            {
                _news.Release();
            }
        }
    }
}
