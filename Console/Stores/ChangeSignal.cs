namespace Orrery.WebConsole.Stores;

/// <summary>Tells readers that something has changed since they last looked.</summary>
internal sealed class ChangeSignal
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _version;

    /// <summary>Counts up with each change.</summary>
    public long Version => Volatile.Read(ref _version);

    public void Set()
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _version++;
            changed = _next;
            _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    /// <summary>Ends as soon as the version is above <paramref name="seen"/>.</summary>
    public Task WaitAsync(long seen, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _version > seen ? Task.CompletedTask : _next.Task.WaitAsync(cancellationToken);
        }
    }
}
