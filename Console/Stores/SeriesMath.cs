namespace Orrery.WebConsole.Stores;

/// <summary>What charts draw, on an even grid of time; <c>null</c> where nothing is known.</summary>
internal static class SeriesMath
{
    /// <summary>A series without a point for this many steps has nothing to say.</summary>
    private const int Patience = 6;

    /// <summary>Growth a second of counters, summed over <paramref name="series"/>.</summary>
    public static IReadOnlyList<(DateTimeOffset Time, double? Value)> Rate(IReadOnlyList<Series> series, DateTimeOffset from, DateTimeOffset to, TimeSpan step) =>
        Growth(series, from, to, step, point => point.Value / step.TotalSeconds);

    /// <summary>How often a second a histogram was recorded into, summed.</summary>
    public static IReadOnlyList<(DateTimeOffset Time, double? Value)> CountRate(IReadOnlyList<Series> series, DateTimeOffset from, DateTimeOffset to, TimeSpan step) =>
        Growth(series, from, to, step, point => point.Count / step.TotalSeconds);

    /// <summary>The sum of gauges.</summary>
    public static IReadOnlyList<(DateTimeOffset Time, double? Value)> Sum(IReadOnlyList<Series> series, DateTimeOffset from, DateTimeOffset to, TimeSpan step) =>
        Grid(from, to, step, time =>
        {
            var values = series.Select(one => At(one, time, step)).Where(point => point is not null).ToList();
            return values.Count == 0 ? null : values.Sum(point => point!.Value.Value);
        });

    /// <summary>The value below which <paramref name="q"/> (0 to 1) of what was recorded in each step lies, as Prometheus' histogram_quantile estimates it.</summary>
    /// <remarks>Series with other bounds than the first's are left out: their buckets cannot be added.</remarks>
    public static IReadOnlyList<(DateTimeOffset Time, double? Value)> Quantile(IReadOnlyList<Series> series, double q, DateTimeOffset from, DateTimeOffset to, TimeSpan step)
    {
        if (series.Count == 0)
        {
            return Grid(from, to, step, _ => null);
        }

        var bounds = series[0].Instrument.Bounds;
        var alike = series.Where(one => one.Instrument.Bounds.AsSpan().SequenceEqual(bounds)).ToList();
        return Grid(from, to, step, time =>
        {
            var counts = new long[bounds.Length + 1];
            foreach (var one in alike)
            {
                if (At(one, time, step)?.Buckets is { } now && now.Length == counts.Length && At(one, time - step, step)?.Buckets is { } before)
                {
                    for (var i = 0; i < counts.Length; i++)
                    {
                        counts[i] += now[i] - before[i];
                    }
                }
            }

            return Quantile(bounds, counts, q);
        });
    }

    /// <summary>The estimate within one set of buckets; <c>null</c> when they are empty.</summary>
    public static double? Quantile(double[] bounds, long[] counts, double q)
    {
        var total = counts.Sum();
        if (total == 0 || bounds.Length == 0)
        {
            return null;
        }

        var (rank, below) = (q * total, 0L);
        for (var i = 0; i < bounds.Length; i++)
        {
            if (below + counts[i] >= rank && counts[i] > 0)
            {
                var least = i == 0 ? Math.Min(0, bounds[0]) : bounds[i - 1];
                return least + (bounds[i] - least) * Math.Max(0, rank - below) / counts[i];
            }

            below += counts[i];
        }

        return bounds[^1]; // Above the last bound nothing more is known.
    }

    private static IReadOnlyList<(DateTimeOffset Time, double? Value)> Growth(
        IReadOnlyList<Series> series, DateTimeOffset from, DateTimeOffset to, TimeSpan step, Func<MetricPoint, double> of) =>
        Grid(from, to, step, time =>
        {
            double? sum = null;
            foreach (var one in series)
            {
                if (At(one, time, step) is { } now && At(one, time - step, step) is { } before)
                {
                    sum = (sum ?? 0) + of(now) - of(before);
                }
            }

            return sum;
        });

    private static List<(DateTimeOffset, double?)> Grid(DateTimeOffset from, DateTimeOffset to, TimeSpan step, Func<DateTimeOffset, double?> value)
    {
        var grid = new List<(DateTimeOffset, double?)>();
        for (var time = from; time <= to; time += step)
        {
            grid.Add((time, value(time)));
        }

        return grid;
    }

    /// <summary>The newest point at or before <paramref name="time"/> that is not too old to speak for it.</summary>
    private static MetricPoint? At(Series series, DateTimeOffset time, TimeSpan step)
    {
        var (low, high) = (0, series.Points.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = series.Points[middle].Time <= time ? (middle + 1, high) : (low, middle);
        }

        return low > 0 && time - series.Points[low - 1].Time <= step * Patience ? series.Points[low - 1] : null;
    }
}
