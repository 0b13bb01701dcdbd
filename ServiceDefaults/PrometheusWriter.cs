using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Orrery.ServiceDefaults;

/// <summary>Writes metrics as Prometheus text 0.0.4 or OpenMetrics 1.0.</summary>
/// <remarks>Names, units and types by opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics.</remarks>
internal sealed class PrometheusWriter(bool isOpenMetrics)
{
    private readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);

    /// <summary>Takes a metric. Another instrument of the same name and type, as two meters may have, joins its family; of another type it is left out.</summary>
    public void Add(Metric metric)
    {
        var type = TypeOf(metric.MetricType);
        var name = NameOf(metric.Name, metric.Unit, type);
        if (!_families.TryGetValue(name, out var family))
        {
            _families[name] = family = new(type, UnitOf(metric.Unit), metric.Description);
        }
        else if (family.Type != type)
        {
            return;
        }

        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            AddPoint(family.Samples, name, metric, type, point);
        }
    }

    public string Write(Resource? resource)
    {
        var text = new StringBuilder();
        WriteTarget(text, resource);
        foreach (var (name, family) in _families)
        {
            // A counter's family is called without _total in OpenMetrics, and with it in the older format.
            var head = isOpenMetrics && family.Type == "counter" ? name[..^"_total".Length] : name;
            if (family.Help.Length > 0)
            {
                text.Append("# HELP ").Append(head).Append(' ').Append(Escape(family.Help, quotes: isOpenMetrics)).Append('\n');
            }

            text.Append("# TYPE ").Append(head).Append(' ').Append(family.Type).Append('\n');
            if (isOpenMetrics && family.Unit.Length > 0 && head.EndsWith("_" + family.Unit, StringComparison.Ordinal))
            {
                text.Append("# UNIT ").Append(head).Append(' ').Append(family.Unit).Append('\n');
            }

            text.Append(family.Samples);
        }

        return text.Append(isOpenMetrics ? "# EOF\n" : "").ToString();
    }

    private static string TypeOf(MetricType type) => type switch
    {
        MetricType.LongSum or MetricType.DoubleSum => "counter",
        MetricType.Histogram => "histogram",
        _ => "gauge",
    };

    /// <summary><c>gen_ai.client.token.usage</c> in <c>{token}</c> becomes <c>gen_ai_client_token_usage</c>; a unit is a suffix; a counter ends in <c>_total</c>.</summary>
    private static string NameOf(string name, string unit, string type)
    {
        var plain = new StringBuilder(name.Length + 16);
        foreach (var c in name)
        {
            // What is not allowed becomes one underscore, also where several follow each other.
            var isAllowed = char.IsAsciiLetterOrDigit(c) || c is ':' or '_';
            if (isAllowed && c != '_')
            {
                plain.Append(plain.Length == 0 && char.IsAsciiDigit(c) ? "_" : "").Append(c);
            }
            else if (plain.Length == 0 || plain[^1] != '_')
            {
                plain.Append('_');
            }
        }

        var suffix = unit == "1" && type == "gauge" ? "ratio" : UnitOf(unit);
        var named = plain.ToString();
        if (type == "counter" && named.EndsWith("_total", StringComparison.Ordinal))
        {
            named = named[..^"_total".Length];
        }

        if (suffix.Length > 0 && !named.EndsWith("_" + suffix, StringComparison.Ordinal))
        {
            named += "_" + suffix;
        }

        return type == "counter" ? named + "_total" : named;
    }

    private static string UnitOf(string unit)
    {
        // Annotations in braces say what is counted, and are no unit.
        var open = unit.IndexOf('{', StringComparison.Ordinal);
        var plain = open < 0 ? unit : unit[..open];
        return plain.Split('/') is [var one, var per] ? $"{Word(one)}{(Word(one).Length > 0 ? "_" : "")}per_{Per(per)}" : Word(plain);
    }

    private static string Per(string unit) => unit switch { "s" => "second", "m" or "min" => "minute", "h" => "hour", "d" => "day", _ => Word(unit) };

    private static string Word(string unit) => unit switch
    {
        "" or "1" => "",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "min" => "minutes",
        "h" => "hours",
        "d" => "days",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "%" => "percent",
        "Cel" => "celsius",
        "Hz" => "hertz",
        _ => string.Concat(unit.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_')).Trim('_'),
    };

    private static void AddPoint(StringBuilder samples, string name, Metric metric, string type, in MetricPoint point)
    {
        var labels = LabelsOf(metric, point.Tags);
        if (type == "histogram")
        {
            var below = 0L;
            foreach (var bucket in point.GetHistogramBuckets())
            {
                below += bucket.BucketCount;
                Sample(samples, name + "_bucket", labels, $"le=\"{Number(bucket.ExplicitBound)}\"", below);
            }

            Sample(samples, name + "_sum", labels, "", point.GetHistogramSum());
            Sample(samples, name + "_count", labels, "", point.GetHistogramCount());
            return;
        }

        Sample(samples, name, labels, "", metric.MetricType switch
        {
            MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
            MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => point.GetSumDouble(),
            MetricType.LongGauge => point.GetGaugeLastValueLong(),
            _ => point.GetGaugeLastValueDouble(),
        });
    }

    private static void Sample(StringBuilder samples, string name, string labels, string more, double value)
    {
        samples.Append(name).Append('{').Append(labels);
        if (more.Length > 0)
        {
            samples.Append(',').Append(more);
        }

        samples.Append("} ").Append(Number(value)).Append('\n');
    }

    /// <summary>Sorted, so that a series is always written alike; values of keys that become one name are joined.</summary>
    private static string LabelsOf(Metric metric, ReadOnlyTagCollection tags)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["otel_scope_name"] = metric.MeterName };
        if (metric.MeterVersion.Length > 0)
        {
            labels["otel_scope_version"] = metric.MeterVersion;
        }

        foreach (var (key, value) in tags)
        {
            Put(labels, key, value);
        }

        return Join(labels);
    }

    private void WriteTarget(StringBuilder text, Resource? resource)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in resource?.Attributes ?? [])
        {
            Put(labels, key, value);
        }

        text.Append(isOpenMetrics ? "# HELP target Who this is\n# TYPE target info\n" : "# HELP target_info Who this is\n# TYPE target_info gauge\n")
            .Append("target_info{").Append(Join(labels)).Append("} 1\n");
    }

    private static void Put(SortedDictionary<string, string> labels, string key, object? value)
    {
        var name = string.Concat(key.Select((c, i) => char.IsAsciiLetter(c) || (i > 0 && char.IsAsciiDigit(c)) ? c : '_'));
        var text = value switch { null => "", bool truth => truth ? "true" : "false", _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "" };
        labels[name] = labels.TryGetValue(name, out var other) ? $"{other};{text}" : text;
    }

    private static string Join(SortedDictionary<string, string> labels) => string.Join(',', labels.Select(label => $"{label.Key}=\"{Escape(label.Value, quotes: true)}\""));

    private static string Escape(string text, bool quotes)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString(CultureInfo.InvariantCulture),
    };

    private sealed record Family(string Type, string Unit, string Help)
    {
        public StringBuilder Samples { get; } = new();
    }
}
