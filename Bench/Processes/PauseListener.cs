using System.Diagnostics.Tracing;

namespace Orrery.Bench.Processes;

/// <summary>Hears how long the runtime stops all threads for a collection.</summary>
internal sealed class PauseListener : EventListener
{
    private const int GCKeyword = 1;
    private const int SuspendBegin = 9;
    private const int RestartEnd = 3;

    private readonly Lock _lock = new();
    private DateTime _began;
    private TimeSpan _longest;

    public TimeSpan TakeLongest()
    {
        lock (_lock)
        {
            var longest = _longest;
            _longest = TimeSpan.Zero;
            return longest;
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
        {
            EnableEvents(eventSource, EventLevel.Informational, (EventKeywords)GCKeyword);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        lock (_lock)
        {
            if (eventData.EventId == SuspendBegin)
            {
                _began = eventData.TimeStamp;
            }
            else if (eventData.EventId == RestartEnd && _began != default && eventData.TimeStamp - _began > _longest)
            {
                _longest = eventData.TimeStamp - _began;
            }
        }
    }
}
