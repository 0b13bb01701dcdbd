using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Stores;

/// <summary>What makes a series: whose, which instrument, which tags.</summary>
internal readonly struct SeriesKey(Emitter emitter, string name, Tag[] tags) : IEquatable<SeriesKey>
{
    private readonly string _service = emitter.Service;
    private readonly string _instance = emitter.Instance;
    private readonly string _name = name;
    private readonly Tag[] _tags = tags;

    public bool Equals(SeriesKey other) => _name == other._name && _instance == other._instance && _service == other._service && _tags.AsSpan().SequenceEqual(other._tags);

    public override bool Equals(object? obj) => obj is SeriesKey other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(_instance);
        hash.Add(_name);
        foreach (var tag in _tags)
        {
            hash.Add(tag);
        }

        return hash.ToHashCode();
    }
}

/// <summary>A series as it grows, always cumulative. The store's lock guards it.</summary>
/// <param name="beganAfter">It was at 0 then; <c>null</c> when nobody knows.</param>
internal sealed class SeriesState(Instrument instrument, Tag[] tags, DateTimeOffset? beganAfter)
{
    private readonly List<MetricPoint> _points = [];
    private MetricPoint _lastRaw;
    private MetricPoint _offset;

    public Instrument Instrument { get; } = instrument;

    public DateTimeOffset LastTime => _points.Count == 0 ? DateTimeOffset.MinValue : _points[^1].Time;

    /// <summary>Counts up over all series with each point that comes.</summary>
    public long Arrival { get; set; }

    /// <summary>Gives up the older half of its points.</summary>
    public void Thin() => _points.RemoveRange(0, _points.Count / 2);

    public long Bytes => 400 + TextSize.OfName(Instrument.Name) + TextSize.Of(tags) + 8L * Instrument.Bounds.Length + _points.Count * (48L + (Instrument.Kind == InstrumentKind.Histogram ? 24 + 8 * (Instrument.Bounds.Length + 1) : 0));

    /// <summary>Points of <paramref name="other"/> can go on where this one is.</summary>
    public bool IsLike(Instrument other) => Instrument.Kind == other.Kind && Instrument.Bounds.AsSpan().SequenceEqual(other.Bounds);

    private bool Grows => Instrument.Kind is InstrumentKind.Counter or InstrumentKind.Histogram;

    public void Add(in Measurement measurement, TimeSpan step, DateTimeOffset oldest)
    {
        if (measurement.Time <= LastTime)
        {
            return; // A retry, or out of order.
        }

        var raw = new MetricPoint(measurement.Time, measurement.Value, measurement.Count, measurement.Buckets);
        if (_points.Count == 0 && Grows && beganAfter is { } began)
        {
            _points.Add(new(began, 0, 0, raw.Buckets is { } buckets ? new long[buckets.Length] : null));
        }

        var point = measurement.IsDelta ? Sum(raw, _points.Count == 0 ? default : _points[^1]) : Grows ? Cumulative(raw) : raw;
        if (_points.Count >= 2 && point.Time.Ticks / step.Ticks == _points[^1].Time.Ticks / step.Ticks) // The last of each step stays.
        {
            _points[^1] = point;
        }
        else
        {
            _points.Add(point);
        }

        if (_points[0].Time < oldest)
        {
            _points.RemoveAll(one => one.Time < oldest);
        }
    }

    /// <summary>The points since <paramref name="from"/> and the one before it.</summary>
    public Series Since(DateTimeOffset from)
    {
        var first = _points.FindIndex(point => point.Time >= from);
        return new(Instrument, tags, [.. _points.Skip(Math.Max(0, first - 1))]);
    }

    public Series Last() => new(Instrument, tags, [_points[^1]]);

    private MetricPoint Cumulative(in MetricPoint raw)
    {
        if (Fell(raw))
        {
            _offset = Sum(_offset, _lastRaw);
        }

        _lastRaw = raw;
        return Sum(raw, _offset);
    }

    /// <summary>A process that began anew counts from nothing.</summary>
    private bool Fell(in MetricPoint raw) => Instrument.Kind == InstrumentKind.Histogram ? raw.Count < _lastRaw.Count : raw.Value < _lastRaw.Value;

    /// <summary>At the time of <paramref name="one"/>.</summary>
    private static MetricPoint Sum(in MetricPoint one, in MetricPoint other)
    {
        var buckets = one.Buckets;
        if (buckets is not null && other.Buckets is { } more && more.Length == buckets.Length)
        {
            buckets = [.. buckets.Zip(more, (a, b) => a + b)];
        }

        return new(one.Time, one.Value + other.Value, one.Count + other.Count, buckets);
    }
}
