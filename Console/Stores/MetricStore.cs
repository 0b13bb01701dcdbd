using Microsoft.Extensions.Options;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Stores;

/// <summary>The series of the last while, in memory.</summary>
internal sealed class MetricStore(IOptions<StoreLimits> limits, TimeProvider time)
{
    private static readonly TimeSpan CleanEvery = TimeSpan.FromMinutes(1);

    private const int MostSenders = 5_000;

    /// <summary>Buckets of a histogram; one with more is dropped.</summary>
    private const int MostBuckets = 500;

    /// <summary>A point further in the future would keep all that follow it out.</summary>
    private static readonly TimeSpan MostAhead = TimeSpan.FromHours(1);

    private readonly StoreLimits _limits = limits.Value;
    private readonly Lock _lock = new();
    private readonly Dictionary<SeriesKey, SeriesState> _series = [];
    private readonly Dictionary<(string Service, string Instance), (Emitter Emitter, DateTimeOffset Last)> _heard = [];
    private DateTimeOffset _cleaned = time.GetUtcNow();
    private long _received;
    private long _arrivals;
    private long _bytes;
    private long _forgotten;
    private long _dropped;

    public ChangeSignal Changes { get; } = new();

    /// <summary>How far back it reaches.</summary>
    public TimeSpan KeptFor => _limits.MetricsFor;

    /// <summary>Series, not points.</summary>
    public StoreCounts Counts
    {
        get
        {
            lock (_lock)
            {
                Clean_NeedsLock();
                return new(_series.Count, _limits.MaxSeries, _bytes, _received, _forgotten, _dropped, null);
            }
        }
    }

    /// <returns>How many could not be kept: there are too many series, or their time is more than <see cref="MostAhead"/> to come.</returns>
    public int Add(IReadOnlyList<Measurement> measurements)
    {
        var tooMany = 0;
        lock (_lock)
        {
            foreach (var measurement in measurements)
            {
                tooMany += Add_NeedsLock(measurement) ? 0 : 1;
            }

            foreach (var measurement in measurements)
            {
                var sender = (measurement.Instrument.Emitter.Service, measurement.Instrument.Emitter.Instance);
                if (measurement.Time > time.GetUtcNow() + MostAhead || (_heard.Count >= MostSenders && !_heard.ContainsKey(sender)))
                {
                    continue;
                }

                _heard[(measurement.Instrument.Emitter.Service, measurement.Instrument.Emitter.Instance)] = (measurement.Instrument.Emitter, measurement.Time);
            }

            _received += measurements.Count;
            _dropped += tooMany;
            Clean_NeedsLock();
        }

        if (measurements.Count > 0)
        {
            Changes.Set();
        }

        return tooMany;
    }

    /// <summary>One for each name and service that is here, by name.</summary>
    public IReadOnlyList<Instrument> Instruments()
    {
        lock (_lock)
        {
            Clean_NeedsLock();
            return [.. _series.Values.Select(series => series.Instrument).DistinctBy(one => (one.Name, one.Emitter.Service)).OrderBy(one => one.Name, StringComparer.Ordinal)];
        }
    }

    /// <summary>Every series of an instrument with at least one point since <paramref name="from"/>; the point before it comes too, for rates.</summary>
    public IReadOnlyList<Series> Find(string name, DateTimeOffset from, string? service = null)
    {
        lock (_lock)
        {
            Clean_NeedsLock();
            return
            [
                .. _series.Values
                    .Where(series => series.Instrument.Name == name && (service is null || series.Instrument.Emitter.Service == service) && series.LastTime >= from)
                    .Select(series => series.Since(from)),
            ];
        }
    }

    /// <summary>Each series that something has come for since <paramref name="since"/>, its last point alone; and what to say the next time. By arrival: senders' clocks differ.</summary>
    public (IReadOnlyList<Series> Series, long Version) Latest(long since)
    {
        lock (_lock)
        {
            Clean_NeedsLock();
            return ([.. _series.Values.Where(series => series.Arrival > since).Select(series => series.Last())], _arrivals);
        }
    }

    /// <summary>Every process that has sent metrics lately, and when last; by name.</summary>
    public IReadOnlyList<(Emitter Emitter, DateTimeOffset Last)> Emitters()
    {
        lock (_lock)
        {
            return [.. _heard.Values.OrderBy(one => one.Emitter.Instance, StringComparer.Ordinal)];
        }
    }

    private bool Add_NeedsLock(in Measurement measurement)
    {
        if (measurement.Time > time.GetUtcNow() + MostAhead)
        {
            return false;
        }

        var key = new SeriesKey(measurement.Instrument.Emitter, measurement.Instrument.Name, measurement.Tags);
        var isKnown = _series.TryGetValue(key, out var series);
        if (!isKnown || !series!.IsLike(measurement.Instrument)) // Other buckets cannot be added to those before.
        {
            if ((!isKnown && (_series.Count >= _limits.MaxSeries || _bytes >= _limits.MaxMetricBytes)) || measurement.Instrument.Bounds.Length > MostBuckets)
            {
                return false;
            }

            _bytes -= series?.Bytes ?? 0;

            // Its process was heard before without it, so it began at nothing then: else its first request would never be counted.
            DateTimeOffset? beganAfter = _heard.TryGetValue((measurement.Instrument.Emitter.Service, measurement.Instrument.Emitter.Instance), out var heard) && heard.Last < measurement.Time ? heard.Last : null;
            _series[key] = series = new(measurement.Instrument, measurement.Tags, beganAfter);
            _bytes += series.Bytes;
        }

        _bytes -= series.Bytes;
        series.Add(measurement, _limits.MetricsStep, measurement.Time - _limits.MetricsFor);
        series.Arrival = ++_arrivals;
        if (_bytes + series.Bytes > _limits.MaxMetricBytes)
        {
            series.Thin(); // Rather fewer points of all than none of some.
        }

        _bytes += series.Bytes;
        return true;
    }

    private void Clean_NeedsLock()
    {
        var now = time.GetUtcNow();
        if (now - _cleaned < CleanEvery)
        {
            return;
        }

        _cleaned = now;
        foreach (var (key, series) in _series)
        {
            if (series.LastTime < now - _limits.MetricsFor)
            {
                _series.Remove(key);
                _bytes -= series.Bytes;
                _forgotten++;
            }
        }

        foreach (var (sender, heard) in _heard)
        {
            if (heard.Last < now - _limits.MetricsFor)
            {
                _heard.Remove(sender);
            }
        }
    }
}
