using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Stores;

/// <summary>One line of a metric: an instrument with one set of tags, its points oldest first. A copy, which nobody changes.</summary>
/// <remarks>Counters and histograms are cumulative here whatever was sent, and never fall: a process that began anew goes on from where it was.</remarks>
public sealed record Series(Instrument Instrument, Tag[] Tags, IReadOnlyList<MetricPoint> Points);

/// <param name="Value">A gauge's or counter's value; a histogram's sum.</param>
/// <param name="Count">A histogram's count.</param>
/// <param name="Buckets">A histogram's counts by bucket, not cumulative over the buckets; <c>null</c> for other kinds.</param>
public readonly record struct MetricPoint(DateTimeOffset Time, double Value, long Count, long[]? Buckets);
