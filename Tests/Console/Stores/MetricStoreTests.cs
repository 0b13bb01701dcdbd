using FsCheck;
using FsCheck.Fluent;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;
using static Orrery.Tests.WebConsole.Stores.Made;

namespace Orrery.Tests.WebConsole.Stores;

/// <summary>Metrics as they are kept, and the arithmetic of charts.</summary>
public sealed class MetricStoreTests
{
    private static readonly Instrument Counter = Instrument(InstrumentKind.Counter);
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(5);

    private readonly ManualTime _time = new();

    [Fact]
    public void A_counter_never_falls_when_its_process_begins_anew()
    {
        var store = Store();
        Assert.Equal([10, 15, 18, 25], Feed(store, Counter, isDelta: false, 10, 15, 3, 10));
    }

    [Fact]
    public void Deltas_are_summed_and_a_retry_is_not()
    {
        var store = Store();
        Assert.Equal([1, 3, 6], Feed(store, Counter, isDelta: true, 1, 2, 3));
        store.Add([new(Counter, [], Start.AddSeconds(30), 3, IsDelta: true)]);
        Assert.Equal(6, Assert.Single(store.Find("one", Start)).Points[^1].Value);
        Assert.Equal([4, 3], Feed(Store(), Instrument(InstrumentKind.UpDownCounter), isDelta: true, 4, -1));
        Assert.Equal([4, -1], Feed(Store(), Instrument(InstrumentKind.UpDownCounter), isDelta: false, 4, -1));
    }

    [Fact]
    public void Bytes_bound_series_and_points_and_what_is_known_goes_on()
    {
        var limits = Limits(set =>
        {
            set.MaxBytes = 16 << 20;
            set.MaxSeries = 1_000_000;
            set.MetricsStep = TimeSpan.FromSeconds(1);
        });
        var store = new MetricStore(limits, _time);
        for (var second = 0; second < 120; second++)
        {
            store.Add([.. Enumerable.Range(0, 1_000).Select(i => new Measurement(Counter, [new("path", $"/{i}/{new string('x', 500)}")], Start.AddSeconds(second), second, IsDelta: false))]);
            Assert.InRange(store.Counts.Bytes, 1, limits.Value.MaxMetricBytes + (64 << 10));
        }

        Assert.InRange(store.Counts.Held, 100, 1_000);
        var held = store.Find("one", Start);
        Assert.Equal(store.Counts.Held, held.Count);
        Assert.All(held, series => Assert.Equal(Start.AddSeconds(119), series.Points[^1].Time)); // Fewer points, and the last of each.

        store.Add([.. Enumerable.Range(0, 20_000).Select(i => new Measurement(Counter, [new("path", $"/further/{i}/{new string('x', 500)}")], Start.AddSeconds(120), 1, IsDelta: false))]);
        Assert.InRange(store.Counts.Bytes, 1, limits.Value.MaxMetricBytes + (64 << 10));
        Assert.InRange(store.Counts.Dropped, 1, long.MaxValue);
    }

    [Fact]
    public void Any_counts_of_any_lives_grow_to_their_sum()
    {
        var lives = Gen.Choose(0, 50).NonEmptyListOf().NonEmptyListOf();
        Prop.ForAll(lives.ToArbitrary(), counts =>
        {
            // Each life counts from 0 upwards; a new one is seen because it begins below where the last one ended.
            var (raw, sum) = (new List<double>(), 0.0);
            foreach (var life in counts)
            {
                var value = 0.0;
                foreach (var more in life)
                {
                    value += more;
                    if (raw.Count > 0 && value == more && value >= raw[^1] && raw[^1] > 0)
                    {
                        return;
                    }

                    raw.Add(value);
                    sum += more;
                }
            }

            var found = Feed(Store(), Counter, isDelta: false, [.. raw]);
            Assert.Equal(sum, found[^1]);
            Assert.Equal(found.Order(), found);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Points_are_thinned_to_the_step_and_the_last_is_always_there()
    {
        var store = Store();
        for (var second = 1; second <= 600; second++)
        {
            store.Add([new(Counter, [], Start.AddSeconds(second), second)]);
        }

        var points = Assert.Single(store.Find("one", Start)).Points;
        Assert.Equal(600, points[^1].Value);
        Assert.InRange(points.Count, 115, 125);
    }

    [Fact]
    public void What_nobody_feeds_is_forgotten_and_so_are_old_points()
    {
        var store = Store();
        for (var minute = 0; minute <= 90; minute++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            store.Add([new(Counter, [], _time.GetUtcNow(), minute)]);
        }

        Assert.InRange(Assert.Single(store.Find("one", DateTimeOffset.MinValue)).Points.Count, 60, 62);
        _time.Advance(TimeSpan.FromMinutes(62));
        Assert.Empty(store.Instruments());
        Assert.Empty(store.Find("one", DateTimeOffset.MinValue));
        Assert.Equal((0L, 1L), (store.Counts.Held, store.Counts.Evicted));
    }

    [Fact]
    public void Series_are_told_apart_by_process_and_tags_and_bounded()
    {
        var store = new MetricStore(Limits(limits => limits.MaxSeries = 100), _time);
        var twin = new Emitter("other", "gateway-1", []);
        store.Add([new(Counter, [new("a", "1")], Start, 1), new(Counter, [new("a", "2")], Start, 2), new(Instrument(InstrumentKind.Counter, twin), [new("a", "1")], Start, 3)]);
        Assert.Equal(3, store.Find("one", Start).Count);
        Assert.Equal(3, Assert.Single(store.Find("one", Start, "other")).Points[0].Value);
        Assert.Equal(53, store.Add([.. Enumerable.Range(0, 150).Select(i => new Measurement(Counter, [new("b", $"{i}")], Start, 1))]));
        Assert.Equal(53, store.Counts.Dropped);
        Assert.Equal(1, store.Add([new(Counter, [new("a", "1")], Start.AddYears(1), 1)])); // It would keep out all that follows.
    }

    [Fact]
    public void A_histogram_with_other_buckets_begins_anew()
    {
        var store = Store();
        store.Add([new(Instrument(InstrumentKind.Histogram, null, 1, 2), [], Start.AddSeconds(10), 5, 3, [1, 1, 1])]);
        store.Add([new(Instrument(InstrumentKind.Histogram, null, 1), [], Start.AddSeconds(20), 9, 5, [2, 3])]);
        store.Add([new(Instrument(InstrumentKind.Histogram, null, 1), [], Start.AddSeconds(30), 10, 6, [3, 3])]);
        var series = store.Find("one", Start);
        Assert.Equal([1.0], series[0].Instrument.Bounds);
        Assert.All(series[0].Points, point => Assert.Equal(2, point.Buckets!.Length));
        Assert.NotNull(SeriesMath.Quantile(series, 0.5, Start, Start.AddMinutes(1), Step)[6].Value);
    }

    [Fact]
    public void What_grew_in_all_is_kept_whatever_the_step()
    {
        var growths = from points in Gen.Choose(1, 40).NonEmptyListOf()
                      from more in Gen.Choose(0, 9).ListOf(points.Count)
                      from step in Gen.Choose(1, 60)
                      select (points, more, step);
        Prop.ForAll(growths.ToArbitrary(), made =>
        {
            var points = new List<MetricPoint> { new(Start.AddSeconds(3), 100, 0, null) };
            foreach (var (seconds, more) in made.points.Zip(made.more))
            {
                points.Add(new(points[^1].Time.AddSeconds(seconds), points[^1].Value + more, 0, null));
            }

            // A step that is known in part speaks for its part: two at the ends.
            var step = TimeSpan.FromSeconds(made.step);
            var (first, last) = (points[0].Time, points[^1].Time);
            var grown = SeriesMath.Rate([new(Counter, [], points)], Start, last + step, step)
                .Sum(rate => rate.Value is not { } value ? 0 : value * (Min(rate.Time, last) - Max(rate.Time - step, first)).TotalSeconds);
            Assert.Equal(made.more.Sum(), grown, 6);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Rates_are_null_where_nothing_is_known_and_even_between_points()
    {
        MetricPoint[] points = [new(Start.AddSeconds(10), 0, 0, null), new(Start.AddSeconds(40), 60, 0, null)];
        var rates = SeriesMath.Rate([new(Counter, [], points)], Start, Start.AddSeconds(50), Step);
        Assert.Equal([null, null, null, 2, 2, 2, 2, 2, 2, null, null], rates.Select(rate => rate.Value));
        Assert.All(SeriesMath.Rate([], Start, Start.AddSeconds(50), Step), rate => Assert.Null(rate.Value));
        var gauges = SeriesMath.Sum([new(Instrument(InstrumentKind.Gauge), [], [new(Start.AddSeconds(1), 4, 0, null)]), new(Counter, [], [new(Start.AddSeconds(6), 3, 0, null)])], Start, Start.AddSeconds(30), Step);
        Assert.Equal([null, 4, 7, 7, 3, null, null], gauges.Select(gauge => gauge.Value));
    }

    [Fact]
    public void A_quantile_lies_in_the_bucket_of_the_value_that_has_that_rank()
    {
        double[] bounds = [1, 2, 4, 8, 16];
        var samples = from values in Gen.Choose(1, 1_600).Select(value => value / 100.0).NonEmptyListOf()
                      from q in Gen.Choose(1, 100)
                      select (values, q / 100.0);
        Prop.ForAll(samples.ToArbitrary(), made =>
        {
            var (values, q) = made;
            var counts = new double[bounds.Length + 1];
            foreach (var value in values)
            {
                counts[bounds.TakeWhile(bound => bound < value).Count()]++;
            }

            var exact = values.Order().ElementAt(Math.Max(0, (int)Math.Ceiling((q * values.Count) - 1e-9) - 1));
            var bucket = bounds.TakeWhile(bound => bound < exact).Count();
            var estimate = SeriesMath.Quantile(bounds, counts, q)!.Value;
            Assert.InRange(estimate, bucket == 0 ? 0 : bounds[bucket - 1], bounds[bucket]);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Quantiles_and_means_are_of_each_step_and_over_all_series()
    {
        // histogram_quantile(0.5, …) of Prometheus: 8 values in (1, 2], rank 4 of them lies half way.
        Assert.Equal(1.5, SeriesMath.Quantile([1, 2], [0, 8, 0], 0.5));
        Assert.Equal(2, SeriesMath.Quantile([1, 2], [0, 0, 8], 0.5));
        Assert.Null(SeriesMath.Quantile([1, 2], [0, 0, 0], 0.5));
        Assert.Null(SeriesMath.Quantile([], [5], 0.5));
        Series[] series = [Histogram(4, 6), Histogram(4, 2)];
        Assert.Equal([null, 1.5, null], SeriesMath.Quantile(series, 0.5, Start, Start.AddSeconds(10), Step).Select(one => one.Value));
        Assert.Equal([null, 1, null], SeriesMath.Mean(series, Start, Start.AddSeconds(10), Step).Select(one => one.Value));

        static Series Histogram(long count, double sum) =>
            new(Instrument(InstrumentKind.Histogram, null, 1, 2), [], [new(Start, 7, 1, [1, 0, 0]), new(Start.AddSeconds(5), 7 + sum, 1 + count, [1, count, 0])]);
    }

    private static DateTimeOffset Min(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static DateTimeOffset Max(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private MetricStore Store() => new(Limits(), _time);

    /// <summary>A point each 10 s; gives what the store made of them.</summary>
    private List<double> Feed(MetricStore store, Instrument instrument, bool isDelta, params double[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            store.Add([new(instrument, [], Start.AddSeconds((i + 1) * 10), values[i], IsDelta: isDelta)]);
        }

        return [.. Assert.Single(store.Find("one", DateTimeOffset.MinValue)).Points.TakeLast(values.Length).Select(point => point.Value)];
    }
}
