namespace Orrery.Builder.Targets;

/// <summary>One look at a target for all who ask within a moment: a round over hundreds of deployments asks once, not once for each.</summary>
internal sealed class SharedLook<T>(Func<CancellationToken, Task<T>> look, TimeSpan lasts, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _lock = new();
    private Task<T>? _last;
    private long _at;

    /// <summary>What was seen last, or what is seen now.</summary>
    public Task<T> AskAsync(CancellationToken cancellationToken)
    {
        Task<T> answer;
        lock (_lock)
        {
            if (_last is null || _last.IsFaulted || _last.IsCanceled || time.GetElapsedTime(_at) > lasts)
            {
                _at = time.GetTimestamp();
                // Not the asker's token: others wait for the same look.
                _last = look(_ended.Token);
            }

            answer = _last;
        }

        return answer.WaitAsync(cancellationToken);
    }

    /// <summary>Something was changed: what was seen before counts no more.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _last = null;
        }
    }

    public void Dispose()
    {
        _ended.Cancel();
        _ended.Dispose();
    }
}
