using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Stores;

/// <summary>Which traces to list, newest first. What is absent restricts nothing.</summary>
public sealed record TraceFilter
{
    /// <summary>A service that takes part.</summary>
    public string? Service { get; init; }

    /// <summary>The model asked for or answering.</summary>
    public string? Model { get; init; }

    /// <summary>Only traces with a failed span (<c>true</c>), or only those without (<c>false</c>).</summary>
    public bool? Failed { get; init; }

    public TimeSpan? AtLeast { get; init; }

    public TimeSpan? AtMost { get; init; }

    public DateTimeOffset? From { get; init; }

    public DateTimeOffset? To { get; init; }

    /// <summary>Part of the trace's name, of its id or of its request id; any case.</summary>
    public string? Text { get; init; }

    public TraceScope Scope { get; init; } = TraceScope.Everything;

    /// <summary>How many of the newest matches to leave out, for pages.</summary>
    public int Skip { get; init; }

    public int Limit { get; init; } = 50;
}

/// <summary>What kind of traces.</summary>
public enum TraceScope
{
    /// <summary>Those that began with a request from outside.</summary>
    Requests,

    /// <summary>Those that ask a model.</summary>
    Models,

    /// <summary>Also what services do by themselves: polls, migrations, scrapes.</summary>
    Everything,
}

/// <param name="Traces">Newest first.</param>
/// <param name="Matches">How many there are in all.</param>
public sealed record TraceList(IReadOnlyList<TraceSummary> Traces, int Matches)
{
    /// <summary>There are more than <see cref="Matches"/>; nobody counted them all.</summary>
    public bool AreMore { get; init; }
}

/// <summary>A trace in one line.</summary>
public sealed record TraceSummary
{
    public required TraceId Id { get; init; }

    /// <summary>The first span's name; until that has arrived, the earliest span's.</summary>
    public required string Name { get; init; }

    /// <summary>The first span's service.</summary>
    public required string Service { get; init; }

    public required DateTimeOffset Start { get; init; }

    /// <summary>From the earliest start to the latest end.</summary>
    public required TimeSpan Duration { get; init; }

    public required int Spans { get; init; }

    public required int FailedSpans { get; init; }

    /// <summary>Spans by service, the first span's service first.</summary>
    public required IReadOnlyList<KeyValuePair<string, int>> Services { get; init; }

    /// <summary>The first span's parent is none, and it is here.</summary>
    public required bool IsWhole { get; init; }

    /// <summary>The first span's kind: a request from outside where it is a server's.</summary>
    public required SpanKind Kind { get; init; }

    /// <summary><c>gen_ai.request.model</c>; <c>null</c> where no model was asked.</summary>
    public string? Model { get; init; }

    /// <summary>Every model asked for or answering.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary><c>orrery.request_id</c>.</summary>
    public string? RequestId { get; init; }

    public long? InputTokens { get; init; }

    public long? OutputTokens { get; init; }

    public TimeSpan? TimeToFirstChunk { get; init; }
}

/// <param name="Spans">By start, a parent before its children where both start at once.</param>
public sealed record Trace(TraceSummary Summary, IReadOnlyList<Span> Spans);
