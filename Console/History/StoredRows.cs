using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.History;

/// <summary>A row of <c>traces</c> as it is read.</summary>
internal sealed class StoredTrace
{
    public Guid Id { get; init; }

    public string Name { get; init; } = "";

    public string Service { get; init; } = "";

    public short Kind { get; init; }

    public DateTime StartTime { get; init; }

    public DateTime EndTime { get; init; }

    public int Spans { get; init; }

    public int FailedSpans { get; init; }

    public string Services { get; init; } = "";

    public bool IsWhole { get; init; }

    public string? Model { get; init; }

    public string[] Models { get; init; } = [];

    public string? RequestId { get; init; }

    public long? InputTokens { get; init; }

    public long? OutputTokens { get; init; }

    public double? FirstChunkMs { get; init; }

    public TraceSummary ToSummary() => new()
    {
        Id = Id.TraceId(),
        Name = Name,
        Service = Service,
        Kind = (SpanKind)Kind,
        Start = StartTime,
        Duration = EndTime - StartTime,
        Spans = Spans,
        FailedSpans = FailedSpans,
        Services = [.. HistoryText.Counts(Services).OrderByDescending(one => one.Key == Service).ThenByDescending(one => one.Value)],
        IsWhole = IsWhole,
        Model = Model,
        Models = Models,
        RequestId = RequestId,
        InputTokens = InputTokens,
        OutputTokens = OutputTokens,
        TimeToFirstChunk = FirstChunkMs is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null,
    };
}

/// <summary>The columns of a row that say who sent it.</summary>
internal abstract class StoredRow
{
    public string Service { get; init; } = "";

    public string Instance { get; init; } = "";

    public string EmitterTags { get; init; } = "";

    public string Tags { get; init; } = "";

    protected Emitter ToEmitter() => new(Service, Instance, HistoryText.Tags(EmitterTags));
}

/// <summary>A row of <c>spans</c> with its sender.</summary>
internal sealed class StoredSpan : StoredRow
{
    public long SpanId { get; init; }

    public long ParentId { get; init; }

    public string Scope { get; init; } = "";

    public string Name { get; init; } = "";

    public short Kind { get; init; }

    public DateTime StartTime { get; init; }

    public long DurationNs { get; init; }

    public short Status { get; init; }

    public string StatusMessage { get; init; } = "";

    public string Events { get; init; } = "";

    public Span ToSpan(TraceId trace) => new()
    {
        TraceId = trace,
        Id = new(unchecked((ulong)SpanId)),
        ParentId = new(unchecked((ulong)ParentId)),
        Emitter = ToEmitter(),
        Scope = Scope,
        Name = Name,
        Kind = (SpanKind)Kind,
        Start = StartTime,
        Duration = new TimeSpan(DurationNs / TimeSpan.NanosecondsPerTick),
        Status = (SpanStatus)Status,
        StatusMessage = StatusMessage,
        Tags = HistoryText.Tags(Tags),
        Events = HistoryText.Events(Events),
    };
}

/// <summary>A row of <c>logs</c> with its sender.</summary>
internal sealed class StoredLog : StoredRow
{
    public long Number { get; init; }

    public DateTime Time { get; init; }

    public string Category { get; init; } = "";

    public short Severity { get; init; }

    public string Body { get; init; } = "";

    public string EventName { get; init; } = "";

    public Guid? TraceId { get; init; }

    public long SpanId { get; init; }

    public LogRecord ToLog() => new()
    {
        Number = Number,
        Time = Time,
        Emitter = ToEmitter(),
        Category = Category,
        Severity = (LogSeverity)Severity,
        Body = Body,
        EventName = EventName,
        TraceId = TraceId?.TraceId() ?? default,
        SpanId = new(unchecked((ulong)SpanId)),
        Tags = HistoryText.Tags(Tags),
    };
}

/// <summary>A row of <c>points</c> with its series and its sender.</summary>
internal sealed class StoredPoint : StoredRow
{
    public long SeriesId { get; init; }

    public DateTime Time { get; init; }

    public double Value { get; init; }

    public long Count { get; init; }

    public long[]? Buckets { get; init; }

    public string Unit { get; init; } = "";

    public string Description { get; init; } = "";

    public short Kind { get; init; }

    public double[] Bounds { get; init; } = [];

    /// <summary>Cumulative over the whole time, also where the Console began anew in between and counted from nothing.</summary>
    public static Series ToSeries(string name, IReadOnlyList<StoredPoint> points)
    {
        var first = points[0];
        var instrument = new Instrument(first.ToEmitter(), name, first.Unit, first.Description, (InstrumentKind)first.Kind, first.Bounds);
        var state = new SeriesState(instrument, HistoryText.Tags(first.Tags), beganAfter: null);
        foreach (var point in points)
        {
            state.Add(new Measurement(instrument, [], point.Time, point.Value, point.Count, point.Buckets), TimeSpan.FromTicks(1), DateTimeOffset.MinValue);
        }

        return state.Since(DateTimeOffset.MinValue);
    }
}
