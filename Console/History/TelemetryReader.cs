using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.History;

/// <summary>What the pages ask: memory answers where it reaches, the history beyond, where there is one.</summary>
/// <remarks>Every method may throw <see cref="HistoryAwayException"/> where the history is asked.</remarks>
internal sealed class TelemetryReader(TraceStore traces, LogStore logs, MetricStore metrics, TimeProvider time, HistoryReader? history = null)
{
    private readonly DateTimeOffset _began = time.GetUtcNow();

    public bool HasHistory => history is not null;

    /// <summary>Memory cannot answer all of it: it begins before what is in memory, or asks for a time that is over.</summary>
    public bool IsBeyondMemory(TraceFilter filter) => IsBeyondMemory(filter.From, filter.To, traces.Counts);

    /// <inheritdoc cref="IsBeyondMemory(TraceFilter)"/>
    public bool IsBeyondMemory(LogFilter filter) => IsBeyondMemory(filter.From, filter.To, logs.Counts);

    public ValueTask<TraceList> TracesAsync(TraceFilter filter, CancellationToken cancellationToken) =>
        IsBeyondMemory(filter) ? new(history!.ListAsync(filter, cancellationToken)) : new(traces.List(filter));

    public ValueTask<Trace?> TraceAsync(TraceId id, CancellationToken cancellationToken) =>
        traces.Find(id) is { } found ? new(found) : history is null ? new(default(Trace)) : new(history.FindAsync(id, cancellationToken));

    public ValueTask<TraceId?> TraceOfRequestAsync(string requestId, CancellationToken cancellationToken) =>
        traces.FindByRequest(requestId) is { } found ? new(found) : history is null ? new(default(TraceId?)) : new(history.FindByRequestAsync(requestId, cancellationToken));

    public async ValueTask<IReadOnlyList<LogRecord>> LogsAsync(LogFilter filter, CancellationToken cancellationToken)
    {
        if (IsBeyondMemory(filter))
        {
            return await history!.ListAsync(filter, cancellationToken);
        }

        var found = logs.List(filter);
        return found.Count == 0 && filter.TraceId is not null && history is not null ? await history.ListAsync(filter, cancellationToken) : found;
    }

    /// <summary>The series of an instrument over a time; with the point before it where that is at hand, for rates.</summary>
    public ValueTask<IReadOnlyList<Series>> SeriesAsync(string name, DateTimeOffset from, DateTimeOffset to, TimeSpan step, CancellationToken cancellationToken) =>
        IsBeyondMemory(from, to) ? new(history!.FindAsync(name, from, to, step, cancellationToken)) : new(metrics.Find(name, from));

    public bool IsBeyondMemory(DateTimeOffset from, DateTimeOffset to) => history is not null && (to < time.GetUtcNow() - TimeSpan.FromSeconds(1) || from < Max(_began, time.GetUtcNow() - metrics.KeptFor));

    private bool IsBeyondMemory(DateTimeOffset? from, DateTimeOffset? to, StoreCounts counts) =>
        history is not null && (to is not null || from < (counts.Evicted > 0 ? counts.Oldest : _began));

    private static DateTimeOffset Max(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
