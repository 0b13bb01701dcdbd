using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Otlp;

/// <summary>Reads <c>ExportMetricsServiceRequest</c>. Field numbers: opentelemetry-proto 1.x, metrics.proto.</summary>
internal sealed class MetricReader(OtlpReader otlp)
{
    private const ulong Delta = 1;
    private const ulong NoRecordedValue = 1;
    private readonly Decoded<Measurement> _found = new();

    /// <exception cref="MalformedOtlpException">It is not what OTLP says.</exception>
    public static Decoded<Measurement> Read(OtlpReader otlp, ReadOnlySpan<byte> body)
    {
        var reader = new MetricReader(otlp);
        otlp.Walk(body, (emitter, _, item) => reader.ReadMetric(emitter, item));
        return reader._found;
    }

    private void ReadMetric(Emitter emitter, ProtoReader metric)
    {
        // Name and unit may come after the data.
        var (name, description, unit) = ("", "", "");
        var head = metric;
        while (head.Next())
        {
            switch (head.Field)
            {
                case 1: name = otlp.Tags.Names.Get(head.ReadBytes()); break;
                case 2: description = otlp.Tags.Names.Get(head.ReadBytes()); break;
                case 3: unit = otlp.Tags.Names.Get(head.ReadBytes()); break;
                default: head.Skip(); break;
            }
        }

        var instrument = new Instrument(emitter, name, unit, description, InstrumentKind.Gauge, []);
        while (metric.Next())
        {
            switch (metric.Field)
            {
                case 5: ReadNumbers(metric.ReadMessage(), instrument, isSum: false); break;
                case 7: ReadNumbers(metric.ReadMessage(), instrument, isSum: true); break;
                case 9: ReadHistograms(metric.ReadMessage(), instrument, isExponential: false); break;
                case 10: ReadHistograms(metric.ReadMessage(), instrument, isExponential: true); break;
                case 11: ReadSummaries(metric.ReadMessage(), instrument); break;
                default: metric.Skip(); break;
            }
        }
    }

    private void ReadNumbers(ProtoReader data, Instrument instrument, bool isSum)
    {
        var (isDelta, isMonotonic) = (false, false);
        var head = data;
        while (head.Next())
        {
            switch (head.Field)
            {
                case 2 when isSum: isDelta = head.ReadVarint() == Delta; break;
                case 3 when isSum: isMonotonic = head.ReadVarint() != 0; break;
                default: head.Skip(); break;
            }
        }

        instrument = instrument with { Kind = !isSum ? InstrumentKind.Gauge : isMonotonic ? InstrumentKind.Counter : InstrumentKind.UpDownCounter };
        while (data.Next())
        {
            if (data.Field == 1)
            {
                ReadNumber(data.ReadMessage(), instrument, isDelta);
            }
            else
            {
                data.Skip();
            }
        }
    }

    private void ReadNumber(ProtoReader point, Instrument instrument, bool isDelta)
    {
        List<Tag> tags = [];
        var (time, flags) = (0UL, 0UL);
        double? value = null;
        while (point.Next())
        {
            switch (point.Field)
            {
                case 3: time = point.ReadFixed64(); break;
                case 4: value = point.ReadDouble(); break;
                case 6: value = (long)point.ReadFixed64(); break;
                case 7: otlp.Tags.Read(point.ReadMessage(), tags); break;
                case 8: flags = point.ReadVarint(); break;
                default: point.Skip(); break;
            }
        }

        if ((flags & NoRecordedValue) == 0 && value is { } number)
        {
            Add(new(instrument, TagReader.Sorted(tags), OtlpReader.Time(time), number, IsDelta: isDelta));
        }
    }

    private void ReadHistograms(ProtoReader data, Instrument instrument, bool isExponential)
    {
        var isDelta = false;
        var head = data;
        while (head.Next())
        {
            if (head.Field == 2)
            {
                isDelta = head.ReadVarint() == Delta;
            }
            else
            {
                head.Skip();
            }
        }

        instrument = instrument with { Kind = InstrumentKind.Histogram };
        while (data.Next())
        {
            if (data.Field != 1)
            {
                data.Skip();
            }
            else if (isExponential)
            {
                if (ExponentialHistogram.Read(otlp, data.ReadMessage(), instrument, isDelta) is { } point)
                {
                    Add(point);
                }
            }
            else
            {
                ReadHistogram(data.ReadMessage(), instrument, isDelta);
            }
        }
    }

    private void ReadHistogram(ProtoReader point, Instrument instrument, bool isDelta)
    {
        List<Tag> tags = [];
        List<ulong> counts = [], bounds = [];
        var (time, count, sum, flags) = (0UL, 0UL, 0.0, 0UL);
        while (point.Next())
        {
            switch (point.Field)
            {
                case 3: time = point.ReadFixed64(); break;
                case 4: count = point.ReadFixed64(); break;
                case 5: sum = point.ReadDouble(); break;
                case 6: point.ReadFixed64s(counts); break;
                case 7: point.ReadFixed64s(bounds); break;
                case 9: otlp.Tags.Read(point.ReadMessage(), tags); break;
                case 10: flags = point.ReadVarint(); break;
                default: point.Skip(); break;
            }
        }

        if ((flags & NoRecordedValue) != 0)
        {
            return;
        }

        if (counts.Count > 0 && counts.Count != bounds.Count + 1)
        {
            _found.Reject($"histogram '{instrument.Name}' has {counts.Count} buckets and {bounds.Count} bounds; expected one bucket more than bounds");
            return;
        }

        // A histogram without buckets tells count and sum only.
        long[] buckets = counts.Count == 0 ? [(long)count] : [.. counts.Select(one => (long)one)];
        var limits = counts.Count == 0 ? [] : bounds.Select(BitConverter.UInt64BitsToDouble).ToArray();
        if (limits.Where((limit, i) => !double.IsFinite(limit) || (i > 0 && limit <= limits[i - 1])).Any())
        {
            _found.Reject($"histogram '{instrument.Name}' has bounds that are not finite and ascending");
            return;
        }

        Add(new(instrument with { Bounds = limits }, TagReader.Sorted(tags), OtlpReader.Time(time), sum, (long)count, buckets, isDelta));
    }

    /// <summary>Prometheus' summaries: each quantile as a gauge of its own.</summary>
    private void ReadSummaries(ProtoReader data, Instrument instrument)
    {
        while (data.Next())
        {
            if (data.Field != 1)
            {
                data.Skip();
                continue;
            }

            var point = data.ReadMessage();
            List<Tag> tags = [];
            List<(double Quantile, double Value)> values = [];
            var time = 0UL;
            while (point.Next())
            {
                switch (point.Field)
                {
                    case 3: time = point.ReadFixed64(); break;
                    case 6: values.Add(ReadQuantile(point.ReadMessage())); break;
                    case 7: otlp.Tags.Read(point.ReadMessage(), tags); break;
                    default: point.Skip(); break;
                }
            }

            foreach (var (quantile, value) in values.Where(one => double.IsFinite(one.Value))) // A quantile of nothing is no number.
            {
                List<Tag> all = [.. tags, new("quantile", quantile.ToString(System.Globalization.CultureInfo.InvariantCulture))];
                Add(new(instrument, TagReader.Sorted(all), OtlpReader.Time(time), value));
            }
        }
    }

    private static (double Quantile, double Value) ReadQuantile(ProtoReader reader)
    {
        var (quantile, value) = (0.0, 0.0);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: quantile = reader.ReadDouble(); break;
                case 2: value = reader.ReadDouble(); break;
                default: reader.Skip(); break;
            }
        }

        return (quantile, value);
    }

    private void Add(Measurement point)
    {
        if (point.Instrument.Name.Length == 0 || point.Time == DateTimeOffset.UnixEpoch)
        {
            _found.Reject($"a point of '{point.Instrument.Name}' has no name or no time");
        }
        else if (!double.IsFinite(point.Value) || point.Count < 0 || point.Buckets?.Any(count => count < 0) is true)
        {
            _found.Reject($"a point of '{point.Instrument.Name}' is not finite");
        }
        else
        {
            _found.Add(point);
        }
    }
}
