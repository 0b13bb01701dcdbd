namespace Orrery.WebConsole.Telemetry;

/// <summary>What kind of number an instrument gives.</summary>
public enum InstrumentKind
{
    /// <summary>The value of the moment.</summary>
    Gauge,

    /// <summary>Only grows; what matters is how fast.</summary>
    Counter,

    /// <summary>A sum that also falls, such as requests in flight.</summary>
    UpDownCounter,

    /// <summary>How often values fell into each bucket.</summary>
    Histogram,
}

/// <summary>An instrument of one process.</summary>
/// <param name="Unit">UCUM, as OpenTelemetry writes it: <c>s</c>, <c>By</c>, <c>{token}</c>.</param>
/// <param name="Bounds">A histogram's upper bounds, ascending, without the last (infinity); empty for other kinds.</param>
public sealed record Instrument(Emitter Emitter, string Name, string Unit, string Description, InstrumentKind Kind, double[] Bounds);

/// <summary>One number of one series at one moment.</summary>
/// <param name="IsDelta">It counts since the point before it, not since the process began.</param>
/// <param name="Value">The gauge's or counter's value; a histogram's sum.</param>
/// <param name="Buckets">A histogram's counts, one more than <see cref="Instrument.Bounds"/>; not cumulative over the buckets.</param>
public readonly record struct Measurement(Instrument Instrument, Tag[] Tags, DateTimeOffset Time, double Value, long Count = 0, long[]? Buckets = null, bool IsDelta = false);
