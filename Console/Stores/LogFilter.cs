using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Stores;

/// <summary>Which log entries to list. What is absent restricts nothing.</summary>
public sealed record LogFilter
{
    /// <summary>A service's name or an instance of it.</summary>
    public string? Service { get; init; }

    public LogSeverity AtLeast { get; init; }

    /// <summary>Part of the text, of the category or of a tag's value; any case.</summary>
    public string? Text { get; init; }

    public TraceId? TraceId { get; init; }

    public DateTimeOffset? From { get; init; }

    public DateTimeOffset? To { get; init; }

    /// <summary>Only entries that came after this one, for a tail.</summary>
    public long After { get; init; }

    /// <summary>Only entries that came before this one, for older pages; 0 restricts nothing.</summary>
    public long Before { get; init; }

    /// <summary>The newest so many.</summary>
    public int Limit { get; init; } = 200;
}
