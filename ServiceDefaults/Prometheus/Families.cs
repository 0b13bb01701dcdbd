using System.Runtime.CompilerServices;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Orrery.ServiceDefaults.Prometheus;

internal enum Kind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>All metrics of one name: Prometheus wants their samples together, under one type.</summary>
/// <param name="Name">Without a counter's <c>_total</c>.</param>
/// <param name="Unit">A word, or <c>""</c>.</param>
internal sealed record Family(string Name, Kind Kind, string Unit)
{
    public List<Metric> Metrics { get; } = [];

    /// <summary>The first description that says something; no second HELP is allowed.</summary>
    public string Help => Metrics.Select(metric => metric.Description).FirstOrDefault(text => !string.IsNullOrWhiteSpace(text)) ?? "";

    /// <summary>What its samples may be called; no other family's may be called the same.</summary>
    public IEnumerable<string> SampleNames => Kind switch
    {
        Kind.Counter => [Name, $"{Name}_total"],
        Kind.Histogram => [Name, $"{Name}_bucket", $"{Name}_sum", $"{Name}_count"],
        _ => [Name],
    };
}

/// <summary>Sorts metrics into families. What cannot stand beside another is left out, and said once.</summary>
internal sealed class Families(Action<string> leftOut)
{
    private readonly ConditionalWeakTable<Metric, Family> _known = [];

    public IReadOnlyCollection<Family> Of(in Batch<Metric> metrics)
    {
        var families = new Dictionary<string, Family>(StringComparer.Ordinal);
        var taken = new HashSet<string>(StringComparer.Ordinal) { "target", "target_info" };
        foreach (var metric in metrics)
        {
            if (Described(metric) is not { } one)
            {
                leftOut($"{metric.Name} of {metric.MeterName} is left out of /metrics: the text formats have no {metric.MetricType}.");
            }
            else if (families.TryGetValue(one.Name, out var family))
            {
                // Descriptions may differ; units cannot, where names are the same, unless one name spells its unit out.
                if (family.Kind == one.Kind)
                {
                    family.Metrics.Add(metric);
                }
                else
                {
                    leftOut($"{metric.Name} of {metric.MeterName} is left out of /metrics: {one.Name} is a {family.Kind} already, of {family.Metrics[0].MeterName}.");
                }
            }
            else if (one.SampleNames.FirstOrDefault(taken.Contains) is { } clash)
            {
                leftOut($"{metric.Name} of {metric.MeterName} is left out of /metrics: another metric has the name {clash} already.");
            }
            else
            {
                taken.UnionWith(one.SampleNames);
                family = new Family(one.Name, one.Kind, one.Unit);
                family.Metrics.Add(metric);
                families.Add(one.Name, family);
            }
        }

        return families.Values;
    }

    private Family? Described(Metric metric)
    {
        if (_known.TryGetValue(metric, out var known))
        {
            return known;
        }

        Kind? kind = metric.MetricType switch
        {
            MetricType.LongSum or MetricType.DoubleSum => Kind.Counter,
            MetricType.LongSumNonMonotonic or MetricType.DoubleSumNonMonotonic or MetricType.LongGauge or MetricType.DoubleGauge => Kind.Gauge,
            MetricType.Histogram => Kind.Histogram,
            _ => null,
        };
        if (kind is null)
        {
            return null;
        }

        var unit = Names.Unit(metric.Unit, metric.MetricType is MetricType.LongGauge or MetricType.DoubleGauge);
        var described = new Family(Names.Family(metric.Name, unit, kind == Kind.Counter), kind.Value, unit);
        _known.Add(metric, described);
        return described;
    }
}
