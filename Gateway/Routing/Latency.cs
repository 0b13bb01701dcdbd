using System.Collections.Concurrent;

namespace Orrery.Gateway.Routing;

/// <summary>How soon one provider began to answer for one model lately: an average that forgets by time, so that an hour-old figure decides nothing.</summary>
/// <remarks>An average orders providers for half a minute; <see cref="LatencyEstimate"/> keeps the next request away from an endpoint that is slow this second. One for both would do neither well.</remarks>
internal sealed class Latency(TimeProvider time)
{
    private static readonly TimeSpan HalfLife = TimeSpan.FromSeconds(30);

    /// <summary>After so long without an answer it is as if nobody had ever asked.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private double _seconds;
    private long _heard;
    private int _samples;

    /// <summary><c>null</c>: not known, so worth a try.</summary>
    public LatencyFigure? Read()
    {
        lock (_lock)
        {
            return _samples > 0 && time.GetElapsedTime(_heard) is var age && age < Memory ? new(_seconds, _samples, age) : null;
        }
    }

    public void Observe(TimeSpan untilAnswer)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            var elapsed = time.GetElapsedTime(_heard, now);
            var isFirst = _samples == 0 || elapsed >= Memory;
            var weight = isFirst ? 1 : Math.Max(0.1, 1 - Math.Pow(0.5, elapsed / HalfLife));
            _seconds += weight * (untilAnswer.TotalSeconds - _seconds);
            (_heard, _samples) = (now, isFirst ? 1 : _samples + 1);
        }
    }
}

/// <summary>A measured latency.</summary>
/// <param name="Samples">Answers since nobody was heard for as long as it is remembered.</param>
/// <param name="Age">Since the last of them.</param>
internal readonly record struct LatencyFigure(double Seconds, int Samples, TimeSpan Age);

/// <summary>Every latency there is, by namespace, model and provider. Outlives snapshots.</summary>
internal sealed class LatencyBook(TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Namespace, string Model, string Provider), Latency> _all = new();

    public Latency Of(string @namespace, string model, string provider) => _all.GetOrAdd((@namespace, model, provider), _ => new Latency(time));

    /// <summary>Forgets those of models that are gone.</summary>
    public void Keep(IReadOnlySet<(string Namespace, string Model, string Provider)> present)
    {
        foreach (var key in _all.Keys.Where(key => !present.Contains(key)))
        {
            _all.TryRemove(key, out _);
        }
    }
}
