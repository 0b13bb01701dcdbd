using System.Globalization;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Scraping;

/// <summary>Reads what engines say of themselves at <c>/metrics</c>: Prometheus' text format 0.0.4.</summary>
/// <remarks>https://prometheus.io/docs/instrumenting/exposition_formats. Summaries and samples without a type become gauges; what cannot be read is left out and counted.</remarks>
internal static class PrometheusText
{
    /// <summary>The measurements in <paramref name="text"/>, at <paramref name="time"/> where a sample says nothing else.</summary>
    public static (List<Measurement> Measurements, int Unreadable) Read(string text, Emitter emitter, DateTimeOffset time)
    {
        var families = new Dictionary<string, Family>(StringComparer.Ordinal);
        var histograms = new Dictionary<string, HistogramSample>(StringComparer.Ordinal);
        var measurements = new List<Measurement>();
        var unreadable = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.IsWhiteSpace())
            {
                continue;
            }

            if (line[0] == '#')
            {
                ReadComment(line, families);
            }
            else if (!TryReadSample(line, out var name, out var tags, out var value))
            {
                unreadable++;
            }
            else if (HistogramOf(name, families) is { } histogram)
            {
                AddTo(histograms, histogram, name, tags, value);
            }
            else
            {
                var kind = families.GetValueOrDefault(name)?.Type == "counter" ? InstrumentKind.Counter : InstrumentKind.Gauge;
                measurements.Add(new(new(emitter, name, "", families.GetValueOrDefault(name)?.Help ?? "", kind, []), tags, time, value));
            }
        }

        measurements.AddRange(histograms.Values.Select(sample => sample.ToMeasurement(emitter, families[sample.Name].Help, time)));
        return (measurements, unreadable);
    }

    private static void ReadComment(ReadOnlySpan<char> line, Dictionary<string, Family> families)
    {
        var words = line.ToString().Split(' ', 4, StringSplitOptions.RemoveEmptyEntries);
        if (words is not ["#", "HELP" or "TYPE", var name, var said])
        {
            return;
        }

        var family = families.GetValueOrDefault(name) ?? new Family("", "");
        families[name] = words[1] == "TYPE" ? family with { Type = said.Trim() } : family with { Help = said };
    }

    /// <summary>The histogram that a sample is part of; <c>null</c> for other samples.</summary>
    private static string? HistogramOf(string name, Dictionary<string, Family> families)
    {
        foreach (var suffix in (ReadOnlySpan<string>)["_bucket", "_sum", "_count"])
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal) && families.GetValueOrDefault(name[..^suffix.Length])?.Type == "histogram")
            {
                return name[..^suffix.Length];
            }
        }

        return null;
    }

    private static void AddTo(Dictionary<string, HistogramSample> histograms, string histogram, string name, Tag[] tags, double value)
    {
        var own = tags.Where(tag => tag.Key != "le").ToArray();
        var key = $"{histogram}\0{string.Join('\0', own.Select(tag => $"{tag.Key}={tag.Value}"))}";
        if (!histograms.TryGetValue(key, out var sample))
        {
            histograms[key] = sample = new(histogram, own);
        }

        if (name.EndsWith("_sum", StringComparison.Ordinal))
        {
            sample.Sum = value;
        }
        else if (name.EndsWith("_count", StringComparison.Ordinal))
        {
            sample.Count = (long)value;
        }
        else if (TryNumber(tags.Find("le"), out var bound))
        {
            sample.Cumulative[bound] = (long)value;
        }
    }

    private static bool TryReadSample(ReadOnlySpan<char> line, out string name, out Tag[] tags, out double value)
    {
        (name, tags, value) = ("", [], 0);
        var end = line.IndexOfAny('{', ' ', '\t');
        if (end <= 0)
        {
            return false;
        }

        name = line[..end].ToString();
        var rest = line[end..];
        if (rest[0] == '{')
        {
            if (!TryReadLabels(ref rest, out tags))
            {
                return false;
            }
        }

        rest = rest.Trim();
        var space = rest.IndexOfAny(' ', '\t'); // A timestamp may follow; engines send none.
        return TryNumber((space < 0 ? rest : rest[..space]).ToString(), out value) && !double.IsNaN(value);
    }

    private static bool TryReadLabels(ref ReadOnlySpan<char> rest, out Tag[] tags)
    {
        var read = new List<Tag>();
        tags = [];
        rest = rest[1..];
        while (true)
        {
            rest = rest.TrimStart(", \t");
            if (rest.IsEmpty)
            {
                return false;
            }

            if (rest[0] == '}')
            {
                rest = rest[1..];
                tags = [.. read];
                return true;
            }

            var equals = rest.IndexOf('=');
            if (equals <= 0 || equals + 1 >= rest.Length || rest[equals + 1] != '"')
            {
                return false;
            }

            var key = rest[..equals].Trim().ToString();
            rest = rest[(equals + 2)..];
            if (!TryReadValue(ref rest, out var value))
            {
                return false;
            }

            read.Add(new(key, value));
        }
    }

    private static bool TryReadValue(ref ReadOnlySpan<char> rest, out string value)
    {
        var text = new System.Text.StringBuilder();
        for (var i = 0; i < rest.Length; i++)
        {
            if (rest[i] == '"')
            {
                value = text.ToString();
                rest = rest[(i + 1)..];
                return true;
            }

            text.Append(rest[i] == '\\' && i + 1 < rest.Length ? rest[++i] switch { 'n' => '\n', var other => other } : rest[i]);
        }

        value = "";
        return false;
    }

    private static bool TryNumber(string? text, out double value)
    {
        value = text switch { "+Inf" => double.PositiveInfinity, "-Inf" => double.NegativeInfinity, _ => double.NaN };
        return text is "NaN" || !double.IsNaN(value) || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    private sealed record Family(string Type, string Help);

    private sealed class HistogramSample(string name, Tag[] tags)
    {
        public string Name { get; } = name;

        public SortedDictionary<double, long> Cumulative { get; } = [];

        public double Sum { get; set; }

        public long Count { get; set; }

        public Measurement ToMeasurement(Emitter emitter, string help, DateTimeOffset time)
        {
            var bounds = Cumulative.Keys.Where(double.IsFinite).ToArray();
            var buckets = new long[bounds.Length + 1];
            var below = 0L;
            for (var i = 0; i < bounds.Length; i++)
            {
                buckets[i] = Math.Max(0, Cumulative[bounds[i]] - below);
                below = Cumulative[bounds[i]];
            }

            buckets[^1] = Math.Max(0, Count - below);
            return new(new(emitter, Name, Name.EndsWith("_seconds", StringComparison.Ordinal) ? "s" : "", help, InstrumentKind.Histogram, bounds), tags, time, Sum, Count, buckets);
        }
    }
}
