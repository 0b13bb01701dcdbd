namespace Orrery.WebConsole.Stores;

/// <summary>What charts draw, on an even grid of time; <c>null</c> where nothing is known. The value at a time speaks for the step that ends then.</summary>
/// <remarks>
/// Between two points a counter is taken to grow evenly, so that steps shorter than the exporters' interval show no comb, and what grew in all is
/// kept whatever the step. Before a series' first point and after its last nothing is known of it; a step that is known in part speaks for that part.
/// </remarks>
internal static class SeriesMath
{
    /// <summary>A gauge without a point for this many steps, or this many of its own intervals, has nothing to say.</summary>
    private const int Patience = 3;

    /// <summary>Growth a second of counters, summed over <paramref name="series"/>.</summary>
    public static IReadOnlyList<(DateTimeOffset Time, double? Value)> Rate(IReadOnlyList<Series> series, DateTimeOffset from, DateTimeOffset to, TimeSpan step) =>
        Growth(series, from, to, step, point => point.Value);

    /// <summary>How often a second a histogram was recorded into, summed.</summary>
    public static IReadOnlyList<(DateTimeOffset Time, double? Value)> CountRate(IReadOnlyList<Series> series, DateTimeOffset from, DateTimeOffset to, TimeSpan step) =>
        Growth(series, from, to, step, point => point.Count);

    /// <summary>The mean of what histograms recorded in each step.</summary>
    public static IReadOnlyList<(DateTimeOffset Time, double? Value)> Mean(IReadOnlyList<Series> series, DateTimeOffset from, DateTimeOffset to, TimeSpan step) =>
    [
        .. Rate(series, from, to, step).Zip(CountRate(series, from, to, step), (sum, count) => (sum.Time, count.Value > 0 ? sum.Value / count.Value : null)),
    ];

    /// <summary>The sum of gauges.</summary>
    public static IReadOnlyList<(DateTimeOffset Time, double? Value)> Sum(IReadOnlyList<Series> series, DateTimeOffset from, DateTimeOffset to, TimeSpan step)
    {
        var sums = new double?[Steps(from, to, step)];
        foreach (var one in series)
        {
            var patience = PatienceWith(one, step);
            var next = 0;
            for (var i = 0; i < sums.Length; i++)
            {
                var time = from + (i * step);
                while (next < one.Points.Count && one.Points[next].Time <= time)
                {
                    next++;
                }

                if (next > 0 && time - one.Points[next - 1].Time <= patience)
                {
                    sums[i] = (sums[i] ?? 0) + one.Points[next - 1].Value;
                }
            }
        }

        return Grid(from, step, sums);
    }

    /// <summary>The value below which <paramref name="q"/> (0 to 1) of what was recorded in each step lies, as Prometheus' histogram_quantile estimates it.</summary>
    /// <remarks>Series with other bounds than the first's are left out: their buckets cannot be added.</remarks>
    public static IReadOnlyList<(DateTimeOffset Time, double? Value)> Quantile(IReadOnlyList<Series> series, double q, DateTimeOffset from, DateTimeOffset to, TimeSpan step)
    {
        var values = new double?[Steps(from, to, step)];
        if (series.Count > 0)
        {
            var bounds = series[0].Instrument.Bounds;
            var counts = new double[values.Length, bounds.Length + 1];
            foreach (var one in series.Where(one => one.Instrument.Bounds.AsSpan().SequenceEqual(bounds)))
            {
                Spread(one, from, step, values.Length, (i, before, after, part, _) =>
                {
                    for (var bucket = 0; bucket <= bounds.Length; bucket++)
                    {
                        counts[i, bucket] += (after.Buckets![bucket] - before.Buckets![bucket]) * part;
                    }
                });
            }

            var inStep = new double[bounds.Length + 1];
            for (var i = 0; i < values.Length; i++)
            {
                Buffer.BlockCopy(counts, i * inStep.Length * sizeof(double), inStep, 0, inStep.Length * sizeof(double));
                values[i] = Quantile(bounds, inStep, q);
            }
        }

        return Grid(from, step, values);
    }

    /// <summary>The estimate within one set of buckets; <c>null</c> when they are empty.</summary>
    public static double? Quantile(double[] bounds, ReadOnlySpan<double> counts, double q)
    {
        var total = 0.0;
        foreach (var count in counts)
        {
            total += count;
        }

        if (total <= 0 || bounds.Length == 0)
        {
            return null;
        }

        var (rank, below) = (q * total, 0.0);
        for (var i = 0; i < bounds.Length; i++)
        {
            if (below + counts[i] >= rank && counts[i] > 0)
            {
                var least = i == 0 ? Math.Min(0, bounds[0]) : bounds[i - 1];
                return least + ((bounds[i] - least) * Math.Max(0, rank - below) / counts[i]);
            }

            below += counts[i];
        }

        return bounds[^1]; // Above the last bound nothing more is known.
    }

    private static List<(DateTimeOffset, double?)> Growth(
        IReadOnlyList<Series> series, DateTimeOffset from, DateTimeOffset to, TimeSpan step, Func<MetricPoint, double> of)
    {
        var rates = new double?[Steps(from, to, step)];
        foreach (var one in series)
        {
            var grown = new double[rates.Length];
            var known = new TimeSpan[rates.Length];
            Spread(one, from, step, rates.Length, (i, before, after, part, time) =>
            {
                grown[i] += (of(after) - of(before)) * part;
                known[i] += time;
            });
            for (var i = 0; i < rates.Length; i++)
            {
                if (known[i] > TimeSpan.Zero)
                {
                    rates[i] = (rates[i] ?? 0) + (grown[i] / known[i].TotalSeconds);
                }
            }
        }

        return Grid(from, step, rates);
    }

    /// <summary>Tells each step which part (0 to 1) of the way from a point to the next falls into it, and how long that is.</summary>
    private static void Spread(Series series, DateTimeOffset from, TimeSpan step, int steps, Action<int, MetricPoint, MetricPoint, double, TimeSpan> tell)
    {
        for (var next = 1; next < series.Points.Count; next++)
        {
            var (before, after) = (series.Points[next - 1], series.Points[next]);
            var whole = after.Time - before.Time;

            // Step i ends at from + i steps.
            var first = (int)Math.Clamp(Math.Floor((before.Time - from) / step) + 1, 0, steps);
            for (var i = first; i < steps && from + ((i - 1) * step) < after.Time; i++)
            {
                var end = from + (i * step);
                var time = (after.Time < end ? after.Time : end) - (before.Time > end - step ? before.Time : end - step);
                if (time > TimeSpan.Zero)
                {
                    tell(i, before, after, time / whole, time);
                }
            }
        }
    }

    private static TimeSpan PatienceWith(Series series, TimeSpan step)
    {
        var interval = series.Points.Count < 2 ? TimeSpan.Zero : (series.Points[^1].Time - series.Points[0].Time) / (series.Points.Count - 1);
        return Patience * (interval > step ? interval : step);
    }

    private static int Steps(DateTimeOffset from, DateTimeOffset to, TimeSpan step) => to < from ? 0 : (int)((to - from).Ticks / step.Ticks) + 1;

    private static List<(DateTimeOffset, double?)> Grid(DateTimeOffset from, TimeSpan step, double?[] values)
    {
        var grid = new List<(DateTimeOffset, double?)>(values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            grid.Add((from + (i * step), values[i]));
        }

        return grid;
    }
}
