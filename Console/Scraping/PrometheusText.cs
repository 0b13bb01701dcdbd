using System.Globalization;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Scraping;

/// <summary>Reads what engines say of themselves at <c>/metrics</c>: Prometheus' text format 0.0.4.</summary>
/// <remarks>https://prometheus.io/docs/instrumenting/exposition_formats. Summaries and samples without a type become gauges; what cannot be read is left out and counted.</remarks>
internal static class PrometheusText
{
    /// <summary>The measurements in <paramref name="text"/>, all of them of <paramref name="time"/>. A sample without a finite number cannot be drawn and is no fault.</summary>
    public static (List<Measurement> Measurements, int Unreadable) Read(string text, Emitter emitter, DateTimeOffset time)
    {
        var families = new Dictionary<string, Family>(StringComparer.Ordinal);
        var histograms = new Dictionary<string, HistogramSample>(StringComparer.Ordinal);
        var measurements = new List<Measurement>();
        var unreadable = 0;
        foreach (var range in text.AsSpan().Split('\n')) // Not at other line breaks: they may stand in a label's value.
        {
            var line = text.AsSpan(range).Trim();
            if (line.IsEmpty)
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
                unreadable += !double.IsFinite(value) || TryAddTo(histograms, histogram, name, tags, value) ? 0 : 1;
            }
            else if (double.IsFinite(value))
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
        var words = line.ToString().Split([' ', '\t'], 4, StringSplitOptions.RemoveEmptyEntries);
        if (words is not ["#", "HELP" or "TYPE", var name, var said])
        {
            return;
        }

        var family = families.GetValueOrDefault(name) ?? new Family("", "");
        families[name] = words[1] == "TYPE" ? family with { Type = said } : family with { Help = Unescaped(said) };
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

    /// <returns>Whether it can be placed: a bucket needs a bound.</returns>
    private static bool TryAddTo(Dictionary<string, HistogramSample> histograms, string histogram, string name, Tag[] tags, double value)
    {
        var bound = 0.0;
        if (name.EndsWith("_bucket", StringComparison.Ordinal) && (!TryNumber(tags.Find("le"), out bound) || double.IsNaN(bound)))
        {
            return false;
        }

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
        else
        {
            sample.Cumulative[bound] = (long)value;
        }

        return true;
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
        var rest = line[end..].TrimStart();
        if (rest.StartsWith('{') && !TryReadLabels(ref rest, out tags))
        {
            return false;
        }

        rest = rest.TrimStart();
        var space = rest.IndexOfAny(' ', '\t'); // A timestamp may follow; engines send none.
        return TryNumber(space < 0 ? rest : rest[..space], out value);
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
            if (equals <= 0)
            {
                return false;
            }

            var key = rest[..equals].Trim().ToString();
            rest = rest[(equals + 1)..].TrimStart();
            if (!TryReadValue(ref rest, out var value))
            {
                return false;
            }

            read.Add(new(key, value));
        }
    }

    private static bool TryReadValue(ref ReadOnlySpan<char> rest, out string value)
    {
        value = "";
        for (var i = 1; i < rest.Length && rest[0] == '"'; i++)
        {
            if (rest[i] == '"')
            {
                value = Unescaped(rest[1..i]);
                rest = rest[(i + 1)..];
                return true;
            }

            i += rest[i] == '\\' ? 1 : 0;
        }

        return false;
    }

    private static string Unescaped(ReadOnlySpan<char> written)
    {
        if (!written.Contains('\\'))
        {
            return written.ToString();
        }

        var text = new System.Text.StringBuilder(written.Length);
        for (var i = 0; i < written.Length; i++)
        {
            text.Append(written[i] == '\\' && i + 1 < written.Length ? written[++i] switch { 'n' => '\n', var other => other } : written[i]);
        }

        return text.ToString();
    }

    /// <summary>As Go reads one: in any case, and infinity by its short name too.</summary>
    private static bool TryNumber(ReadOnlySpan<char> text, out double value)
    {
        var name = text.TrimStart("+-");
        if (text.Length - name.Length <= 1 && name.Equals("inf", StringComparison.OrdinalIgnoreCase))
        {
            value = text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
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
