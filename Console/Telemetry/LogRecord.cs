namespace Orrery.WebConsole.Telemetry;

/// <summary>One structured log entry.</summary>
public sealed class LogRecord
{
    /// <summary>Counts up in the order of arrival; given by the store.</summary>
    public long Number { get; set; }

    public required DateTimeOffset Time { get; init; }

    public required Emitter Emitter { get; init; }

    /// <summary>The logger's category.</summary>
    public required string Category { get; init; }

    public required LogSeverity Severity { get; init; }

    public required string Body { get; init; }

    /// <summary>The event's name, such as <c>RoutePlanned</c>; empty where it has none.</summary>
    public string EventName { get; init; } = "";

    public TraceId TraceId { get; init; }

    public SpanId SpanId { get; init; }

    public Tag[] Tags { get; init; } = [];
}

/// <summary>The lowest of OpenTelemetry's four numbers of each range.</summary>
public enum LogSeverity
{
    Unspecified = 0,
    Trace = 1,
    Debug = 5,
    Information = 9,
    Warning = 13,
    Error = 17,
    Critical = 21,
}
