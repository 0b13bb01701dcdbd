using System.Threading.Tasks.Sources;

namespace Orrery.Simulator.Timing;

/// <summary>Wakes the one reader of a request when any of its sequences has moved; pulses that nobody waits for are kept as one.</summary>
internal sealed class ProgressSignal : IValueTaskSource
{
    private readonly Lock _lock = new();
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private bool _isPulsed;
    private bool _isAwaited;

    public ValueTask WaitAsync()
    {
        lock (_lock)
        {
            if (_isPulsed)
            {
                _isPulsed = false;
                return ValueTask.CompletedTask;
            }

            _core.Reset();
            _isAwaited = true;
            return new ValueTask(this, _core.Version);
        }
    }

    public void Pulse()
    {
        lock (_lock)
        {
            if (!_isAwaited)
            {
                _isPulsed = true;
                return;
            }

            _isAwaited = false;
        }

        _core.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
