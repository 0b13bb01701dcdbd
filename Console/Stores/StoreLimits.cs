namespace Orrery.WebConsole.Stores;

/// <summary>The section <c>Console:Stores</c>: how much telemetry is kept in memory. What is beyond a limit drives out the oldest, and is counted.</summary>
internal sealed class StoreLimits
{
    public const string Section = "Console:Stores";

    /// <summary>1,000 to 10 million. Default 250,000, some 300 MB of ordinary spans.</summary>
    public int MaxSpans { get; set; } = 250_000;

    /// <summary>Spans of one trace: 10 to 100,000; further ones are dropped and counted. Default 5,000.</summary>
    public int MaxSpansPerTrace { get; set; } = 5_000;

    /// <summary>1,000 to 10 million. Default 100,000.</summary>
    public int MaxLogs { get; set; } = 100_000;

    /// <summary>Series of metrics: 100 to 1 million; further ones are dropped and counted. Default 10,000.</summary>
    public int MaxSeries { get; set; } = 10_000;

    /// <summary>How long a metric's points are kept: 1 minute to 1 day. Default 1 hour.</summary>
    public TimeSpan MetricsFor { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Points of a series nearer to each other than this replace each other: 1 s to 1 min. Default 5 s.</summary>
    public TimeSpan MetricsStep { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What spans, log entries and metrics may take together, in bytes, estimated: 16 MB to 64 GB. Default 512 MB.</summary>
    public long MaxBytes { get; set; } = 512L << 20;

    /// <summary>The spans' part of <see cref="MaxBytes"/>: three quarters.</summary>
    public long MaxTraceBytes => MaxBytes / 4 * 3;

    /// <summary>The log entries' part: an eighth.</summary>
    public long MaxLogBytes => MaxBytes / 8;

    /// <summary>The metrics' part: the rest. Beyond it series give up their older points.</summary>
    public long MaxMetricBytes => MaxBytes - MaxTraceBytes - MaxLogBytes;
}
