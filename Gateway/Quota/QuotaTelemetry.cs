using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Orrery.Gateway.Quota;

/// <summary>The instruments of limits, on the gateway's meter.</summary>
internal sealed class QuotaTelemetry : IDisposable
{
    private readonly Meter _meter = new(GatewayTelemetry.Name);
    private readonly Counter<long> _refused;
    private readonly Histogram<double> _wait;

    public QuotaTelemetry()
    {
        _refused = _meter.CreateCounter<long>("orrery.gateway.limits.refused", "{request}", "Requests and attempts that a limit refused, by whose it is and what it counts");
        _wait = _meter.CreateHistogram(
            "orrery.gateway.limits.wait", "s", "In line for a saturated model or provider", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] });
        _meter.CreateObservableGauge("orrery.gateway.limits.waiting", () => Queues.Values.Sum(queue => queue.Length), "{request}", "Requests in line for saturated models and providers");
    }

    /// <summary>Every queue by its limit's id.</summary>
    public ConcurrentDictionary<string, AdmissionQueue> Queues { get; } = new(StringComparer.Ordinal);

    public void Refused(Limit limit) => _refused.Add(1, new TagList
    {
        { "orrery.limit.scope", limit.ScopeName },
        { "orrery.limit.unit", limit.UnitName },
    });

    public void Waited(Limit limit, TimeSpan elapsed) => _wait.Record(elapsed.TotalSeconds, new TagList { { "orrery.limit.scope", limit.ScopeName } });

    public void Dispose() => _meter.Dispose();
}
