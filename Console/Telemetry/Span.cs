namespace Orrery.WebConsole.Telemetry;

/// <summary>One operation of one process.</summary>
public sealed class Span
{
    public required TraceId TraceId { get; init; }

    public required SpanId Id { get; init; }

    /// <summary>Empty for the first span of a trace.</summary>
    public required SpanId ParentId { get; init; }

    public required Emitter Emitter { get; init; }

    /// <summary>The instrumentation that made it, such as <c>Orrery.Gateway</c>.</summary>
    public required string Scope { get; init; }

    public required string Name { get; init; }

    public required SpanKind Kind { get; init; }

    public required DateTimeOffset Start { get; init; }

    public required TimeSpan Duration { get; init; }

    public required SpanStatus Status { get; init; }

    public string StatusMessage { get; init; } = "";

    public Tag[] Tags { get; init; } = [];

    public SpanEvent[] Events { get; init; } = [];

    public DateTimeOffset End => Start + Duration;
}

/// <summary>Something that happened at one moment of a span.</summary>
public sealed record SpanEvent(DateTimeOffset Time, string Name, Tag[] Tags);

/// <summary>OpenTelemetry's numbers.</summary>
public enum SpanKind
{
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

/// <summary>OpenTelemetry's numbers.</summary>
public enum SpanStatus
{
    Unset,
    Ok,
    Error,
}
