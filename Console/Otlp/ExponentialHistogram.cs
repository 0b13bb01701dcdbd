using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Otlp;

/// <summary>Reads histograms whose buckets grow by a constant factor, into fixed ones that points of different scales share.</summary>
/// <remarks>
/// opentelemetry.io/docs/specs/otel/metrics/data-model, ExponentialHistogram: bucket i of scale s holds what is above base^i and at most base^(i+1),
/// with base = 2^(2^-s). The fixed bounds are powers of two, so that each bucket of scale 0 or finer falls into exactly one.
/// </remarks>
internal static class ExponentialHistogram
{
    private const int LeastPower = -20; // About a microsecond, in seconds.
    private const int MostPower = 30;
    private static readonly double[] Bounds = [.. Enumerable.Range(LeastPower, MostPower - LeastPower + 1).Select(power => Math.Pow(2, power))];

    /// <returns><c>null</c> for a point that says it has no value.</returns>
    public static Measurement? Read(OtlpReader otlp, ProtoReader point, Instrument instrument, bool isDelta)
    {
        List<Tag> tags = [];
        List<ulong> counts = [], below = [];
        var (time, count, sum, scale, zeros, offset, flags) = (0UL, 0UL, 0.0, 0, 0UL, 0, 0UL);
        while (point.Next())
        {
            switch (point.Field)
            {
                case 1: otlp.Tags.Read(point.ReadMessage(), tags); break;
                case 3: time = point.ReadFixed64(); break;
                case 4: count = point.ReadFixed64(); break;
                case 5: sum = point.ReadDouble(); break;
                case 6: scale = point.ReadZigZag(); break;
                case 7: zeros = point.ReadFixed64(); break;
                case 8: offset = ReadBuckets(point.ReadMessage(), counts); break;
                case 9: ReadBuckets(point.ReadMessage(), below); break;
                case 10: flags = point.ReadVarint(); break;
                default: point.Skip(); break;
            }
        }

        if ((flags & 1) != 0)
        {
            return null;
        }

        var buckets = new long[Bounds.Length + 1];
        buckets[0] = (long)zeros; // And all that is below 0.
        foreach (var negative in below)
        {
            buckets[0] += (long)negative;
        }

        var factor = Math.Pow(2, -scale);
        for (var i = 0; i < counts.Count; i++)
        {
            var power = Math.Ceiling((offset + (double)i + 1) * factor - 1e-9); // The upper bound as a power of two, rounded up.
            buckets[(int)Math.Clamp(power - LeastPower, 0, Bounds.Length)] += (long)counts[i];
        }

        return new Measurement(instrument with { Bounds = Bounds }, TagReader.Sorted(tags), OtlpReader.Time(time), sum, (long)count, buckets, isDelta);
    }

    /// <returns>The first bucket's index.</returns>
    private static int ReadBuckets(ProtoReader reader, List<ulong> counts)
    {
        var offset = 0;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: offset = reader.ReadZigZag(); break;
                case 2: reader.ReadVarints(counts); break;
                default: reader.Skip(); break;
            }
        }

        return offset;
    }
}
