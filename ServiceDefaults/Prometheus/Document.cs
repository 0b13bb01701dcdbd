using System.Buffers;
using System.Globalization;
using System.Text;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Orrery.ServiceDefaults.Prometheus;

/// <summary>What a scraper reads, in one format. One object writes one document after the other, in the same memory.</summary>
internal sealed class Document(Format format, Labels labels, Action<string> leftOut)
{
    private readonly ArrayBufferWriter<byte> _text = new(32 * 1024);
    private readonly HashSet<string> _series = new(StringComparer.Ordinal);

    /// <summary>Says what is measured: the resource's attributes.</summary>
    public void Begin(Resource resource)
    {
        _text.ResetWrittenCount();
        if (!resource.Attributes.Any())
        {
            return;
        }

        if (format == Format.OpenMetrics)
        {
            Write("# TYPE target info\n# HELP target Target metadata\n");
        }
        else
        {
            Write("# HELP target_info Target metadata\n# TYPE target_info gauge\n");
        }

        Write("target_info{");
        _text.Write(labels.Of(resource.Attributes));
        Write("} 1\n");
    }

    public void Write(Family family)
    {
        _series.Clear();
        var isBegun = false;
        foreach (var metric in family.Metrics)
        {
            foreach (ref readonly var point in metric.GetMetricPoints())
            {
                var text = labels.Of(metric, point);
                if (!_series.Add(Encoding.UTF8.GetString(text)))
                {
                    leftOut($"A point of {metric.Name} of {metric.MeterName} is left out of /metrics: another has the same labels already ({Encoding.UTF8.GetString(text)}).");
                    continue;
                }

                if (!isBegun)
                {
                    isBegun = true;
                    WriteHead(family);
                }

                WritePoint(family, metric, point, text);
            }
        }
    }

    public byte[] End()
    {
        if (format == Format.OpenMetrics)
        {
            Write("# EOF\n");
        }

        return _text.WrittenSpan.ToArray();
    }

    private void WriteHead(Family family)
    {
        var name = format == Format.Text && family.Kind == Kind.Counter ? $"{family.Name}_total" : family.Name;
        if (family.Help is { Length: > 0 } help)
        {
            // OpenMetrics escapes quotes here too; Prometheus' own text does not.
            help = format == Format.OpenMetrics
                ? Labels.Escaped(help)
                : help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            Write($"# HELP {name} {help}\n");
        }

        Write($"# TYPE {name} {family.Kind switch { Kind.Counter => "counter", Kind.Histogram => "histogram", _ => "gauge" }}\n");
        if (format == Format.OpenMetrics && family.Unit.Length > 0)
        {
            Write($"# UNIT {name} {family.Unit}\n");
        }
    }

    private void WritePoint(Family family, Metric metric, in MetricPoint point, ReadOnlySpan<byte> text)
    {
        if (family.Kind == Kind.Histogram)
        {
            WriteHistogram(family, point, text);
            return;
        }

        WriteSeries(family.Name, family.Kind == Kind.Counter ? "_total" : "", text);
        switch (metric.MetricType)
        {
            case MetricType.LongSum or MetricType.LongSumNonMonotonic: WriteValue(point.GetSumLong()); break;
            case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic: WriteValue(point.GetSumDouble()); break;
            case MetricType.LongGauge: WriteValue(point.GetGaugeLastValueLong()); break;
            default: WriteValue(point.GetGaugeLastValueDouble()); break;
        }
    }

    private void WriteHistogram(Family family, in MetricPoint point, ReadOnlySpan<byte> text)
    {
        var count = 0L;
        var isInfinite = false;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            count += bucket.BucketCount;
            isInfinite = double.IsPositiveInfinity(bucket.ExplicitBound);
            WriteBucket(family, text, bucket.ExplicitBound, count);
        }

        // A histogram without bounds has no buckets at all.
        if (!isInfinite)
        {
            WriteBucket(family, text, double.PositiveInfinity, point.GetHistogramCount());
        }

        // A sum that can fall is none that Prometheus could take a rate of.
        if (!(point.TryGetHistogramMinMaxValues(out var min, out _) && min < 0))
        {
            WriteSeries(family.Name, "_sum", text);
            WriteValue(point.GetHistogramSum());
        }

        WriteSeries(family.Name, "_count", text);
        WriteValue(point.GetHistogramCount());
    }

    private void WriteBucket(Family family, ReadOnlySpan<byte> text, double bound, long count)
    {
        Write(family.Name);
        Write("_bucket{");
        _text.Write(text);
        Write(",le=\"");
        var start = _text.WrittenCount;
        WriteNumber(bound);
        if (format == Format.OpenMetrics && double.IsFinite(bound) && _text.WrittenSpan[start..].IndexOfAny(".E"u8) < 0)
        {
            Write(".0"); // As OpenMetrics spells a float; Prometheus' own text has always spelt it without.
        }

        Write("\"} ");
        WriteValue(count);
    }

    private void WriteSeries(string name, string suffix, ReadOnlySpan<byte> text)
    {
        Write(name);
        Write(suffix);
        Write("{");
        _text.Write(text);
        Write("} ");
    }

    private void WriteValue(long value)
    {
        value.TryFormat(_text.GetSpan(20), out var length, default, CultureInfo.InvariantCulture);
        _text.Advance(length);
        Write("\n");
    }

    private void WriteValue(double value)
    {
        WriteNumber(value);
        Write("\n");
    }

    private void WriteNumber(double value)
    {
        if (double.IsFinite(value))
        {
            value.TryFormat(_text.GetSpan(32), out var length, default, CultureInfo.InvariantCulture);
            _text.Advance(length);
        }
        else
        {
            Write(double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        }
    }

    private void Write(string text) => Encoding.UTF8.GetBytes(text, _text);
}
