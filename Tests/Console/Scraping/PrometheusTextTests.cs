using System.Globalization;
using Orrery.WebConsole.Scraping;
using Orrery.WebConsole.Telemetry;

namespace Orrery.Tests.WebConsole.Scraping;

/// <summary>What engines say at <c>/metrics</c>, as they write it and as they should not.</summary>
public sealed class PrometheusTextTests
{
    private static readonly Emitter Vllm = new("vllm", "vllm", []);
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void An_engines_page_is_read_whole()
    {
        var (measurements, unreadable) = PrometheusText.Read(
            """
            # HELP python_gc_objects_collected_total Objects collected during gc
            # TYPE python_gc_objects_collected_total counter
            python_gc_objects_collected_total{generation="0"} 9216.0
            python_gc_objects_collected_total{generation="1"} 512.0
            # HELP vllm:num_requests_running Number of requests in model execution batches.
            # TYPE vllm:num_requests_running gauge
            vllm:num_requests_running{engine="0",model_name="Qwen/Qwen3-8B"} 3.0
            # HELP vllm:kv_cache_usage_perc KV-cache usage. 1 means 100 percent usage.
            # TYPE vllm:kv_cache_usage_perc gauge
            vllm:kv_cache_usage_perc{engine="0",model_name="Qwen/Qwen3-8B"} 7.629510948348184e-05
            # HELP vllm:request_success_total Count of successfully processed requests.
            # TYPE vllm:request_success_total counter
            vllm:request_success_total{engine="0",finished_reason="stop",model_name="Qwen/Qwen3-8B"} 1.2e+06
            # HELP vllm:request_success_created Count of successfully processed requests.
            # TYPE vllm:request_success_created gauge
            vllm:request_success_created{engine="0",finished_reason="stop",model_name="Qwen/Qwen3-8B"} 1.763e+09
            # HELP vllm:time_to_first_token_seconds Histogram of time to first token in seconds.
            # TYPE vllm:time_to_first_token_seconds histogram
            vllm:time_to_first_token_seconds_sum{engine="0",model_name="Qwen/Qwen3-8B"} 1.25
            vllm:time_to_first_token_seconds_bucket{engine="0",le="0.001",model_name="Qwen/Qwen3-8B"} 0.0
            vllm:time_to_first_token_seconds_bucket{engine="0",le="0.25",model_name="Qwen/Qwen3-8B"} 4.0
            vllm:time_to_first_token_seconds_bucket{engine="0",le="2.5",model_name="Qwen/Qwen3-8B"} 6.0
            vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf",model_name="Qwen/Qwen3-8B"} 7.0
            vllm:time_to_first_token_seconds_count{engine="0",model_name="Qwen/Qwen3-8B"} 7.0
            """,
            Vllm,
            Now);
        Assert.Equal(0, unreadable);
        Assert.Equal(
            [
                ("python_gc_objects_collected_total", InstrumentKind.Counter, 9216.0),
                ("python_gc_objects_collected_total", InstrumentKind.Counter, 512.0),
                ("vllm:num_requests_running", InstrumentKind.Gauge, 3.0),
                ("vllm:kv_cache_usage_perc", InstrumentKind.Gauge, 7.629510948348184e-05),
                ("vllm:request_success_total", InstrumentKind.Counter, 1.2e6),
                ("vllm:request_success_created", InstrumentKind.Gauge, 1.763e9),
                ("vllm:time_to_first_token_seconds", InstrumentKind.Histogram, 1.25),
            ],
            measurements.Select(one => (one.Instrument.Name, one.Instrument.Kind, one.Value)));
        Assert.All(measurements, one => Assert.Equal((Vllm, Now, false), (one.Instrument.Emitter, one.Time, one.IsDelta)));
        Assert.Equal("Number of requests in model execution batches.", measurements[2].Instrument.Description);

        var histogram = measurements[^1];
        Assert.Equal([0.001, 0.25, 2.5], histogram.Instrument.Bounds);
        Assert.Equal([0, 4, 2, 1], histogram.Buckets!);
        Assert.Equal((7L, "s", "Histogram of time to first token in seconds."), (histogram.Count, histogram.Instrument.Unit, histogram.Instrument.Description));
        Assert.Equal([new("engine", "0"), new("model_name", "Qwen/Qwen3-8B")], histogram.Tags);
    }

    [Theory]
    [InlineData("""m{a="b"} 1""", "b")]
    [InlineData("""m{a=""} 1""", "")]
    [InlineData("""m{a="say \"hi\""} 1""", "say \"hi\"")]
    [InlineData("""m{a="C:\\new"} 1""", "C:\\new")]
    [InlineData("""m{a="two\nlines"} 1""", "two\nlines")]
    [InlineData("""m{a="\\n"} 1""", "\\n")]
    [InlineData("""m{a="}, {=,#"} 1""", "}, {=,#")]
    [InlineData("""m{a="x",} 1""", "x")]
    [InlineData("""m { a = "x" , } 1""", "x")]
    [InlineData("m{a=\"before\u2028after\u0085\fend\"} 1", "before\u2028after\u0085\fend")]
    [InlineData("""m{a="模型 🚀"} 1""", "模型 🚀")]
    public void A_labels_value_is_what_was_meant(string line, string value)
    {
        var sample = Assert.Single(Readable(line));
        Assert.Equal(("m", 1.0), (sample.Instrument.Name, sample.Value));
        Assert.Equal([new("a", value)], sample.Tags);
    }

    [Theory]
    [InlineData("m 1", 1)]
    [InlineData("m -0.5e-3", -0.0005)]
    [InlineData("m 1 1767225600000", 1)]
    [InlineData("m\t1\t1767225600000", 1)]
    [InlineData("  m 1  ", 1)]
    [InlineData("m 1\r", 1)]
    [InlineData("""m{a="b"} 3 # {trace_id="abc"} 0.5 1767225600.000""", 3)]
    public void A_value_is_read_as_it_may_be_written(string line, double value)
    {
        var sample = Assert.Single(Readable(line));
        Assert.Equal((value, Now), (sample.Value, sample.Time));
    }

    [Fact]
    public void Numbers_do_not_hang_on_the_machines_language()
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = new() { NumberDecimalSeparator = ",", NumberGroupSeparator = "." } };
        try
        {
            Assert.Equal(1.5, Assert.Single(Readable("m 1.5")).Value);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData("m NaN")]
    [InlineData("m +Inf")]
    [InlineData("m -Inf")]
    [InlineData("m inf")]
    [InlineData("# TYPE m histogram\nm_sum NaN")]
    [InlineData("# a word of somebody's own")]
    [InlineData("  # TYPE m gauge")]
    [InlineData("#")]
    [InlineData("# HELP m")]
    [InlineData("# EOF")]
    [InlineData(" \t ")]
    public void A_line_without_a_number_that_can_be_drawn_is_no_fault(string line) => Assert.Empty(Readable(line));

    [Theory]
    [InlineData("m")]
    [InlineData("m ")]
    [InlineData("m one")]
    [InlineData("m +-Inf")]
    [InlineData("m 1_000")]
    [InlineData("m 0,5")]
    [InlineData("""m{a="b"}""")]
    [InlineData("""m{a="b" 1""")]
    [InlineData("""m{a="b} 1""")]
    [InlineData("""m{a="b\" 1""")]
    [InlineData("m{a=b} 1")]
    [InlineData("m{a} 1")]
    [InlineData("""m{="b"} 1""")]
    [InlineData("m{")]
    [InlineData("""{a="b"} 1""")]
    [InlineData("<html><body>502 Bad Gateway</body></html>")]
    public void A_line_that_cannot_be_read_costs_itself_alone_and_is_counted(string line)
    {
        var (measurements, unreadable) = PrometheusText.Read($"before 1\n{line}\nafter 2\n", Vllm, Now);
        Assert.Equal(1, unreadable);
        Assert.Equal(["before", "after"], measurements.Select(one => one.Instrument.Name));
    }

    [Theory]
    [InlineData("h_bucket 1")]
    [InlineData("""h_bucket{le="soon"} 1""")]
    [InlineData("""h_bucket{le="NaN"} 1""")]
    public void A_bucket_without_a_bound_is_counted_too(string line)
    {
        var (measurements, unreadable) = PrometheusText.Read($"# TYPE h histogram\nh_bucket{{le=\"1\"}} 2\n{line}\nh_bucket{{le=\"+Inf\"}} 3\nh_sum 4\nh_count 3\n", Vllm, Now);
        Assert.Equal(1, unreadable);
        Assert.Equal([2, 1], Assert.Single(measurements).Buckets!);
    }

    [Fact]
    public void Buckets_are_told_apart_by_their_labels_and_come_in_any_order()
    {
        var histograms = Readable(
            """
            # TYPE h histogram
            h_count{model="b"} 5
            h_bucket{model="b",le="+Inf"} 5
            h_bucket{model="b",le="10"} 5
            h_bucket{model="b",le="2"} 1
            h_bucket{model="a",le="2"} 0
            h_bucket{model="a",le="10"} 0
            h_bucket{model="a",le="+Inf"} 1
            h_sum{model="a"} 11
            h_count{model="a"} 1
            """).ToDictionary(one => one.Tags.Find("model")!);
        Assert.Equal(["a", "b"], histograms.Keys.Order());
        Assert.Equal([0, 0, 1], histograms["a"].Buckets!);
        Assert.Equal([1, 4, 0], histograms["b"].Buckets!);
        Assert.Equal((11.0, 1L), (histograms["a"].Value, histograms["a"].Count));
        Assert.All(histograms.Values, one => Assert.Equal([2.0, 10.0], one.Instrument.Bounds));
    }

    [Fact]
    public void Buckets_that_fall_give_no_negative_counts() =>
        Assert.All(Assert.Single(Readable("# TYPE h histogram\nh_bucket{le=\"1\"} 5\nh_bucket{le=\"2\"} 3\nh_bucket{le=\"+Inf\"} 1\nh_sum 0\nh_count 1\n")).Buckets!, count => Assert.InRange(count, 0, 5));

    [Fact]
    public void Only_a_histograms_own_names_are_its_parts()
    {
        var samples = Readable("# TYPE jobs_count gauge\njobs_count 4\n# TYPE wait summary\nwait{quantile=\"0.5\"} NaN\nwait_sum 8\nwait_count 2\nunknown_bucket{le=\"1\"} 9\n");
        Assert.Equal(
            [("jobs_count", 4.0), ("wait_sum", 8.0), ("wait_count", 2.0), ("unknown_bucket", 9.0)],
            samples.Select(one => (one.Instrument.Name, one.Value)));
        Assert.All(samples, one => Assert.Equal(InstrumentKind.Gauge, one.Instrument.Kind));
    }

    [Fact]
    public void A_description_is_what_was_meant() =>
        Assert.Equal("one\ntwo \\ \"three\"", Assert.Single(Readable("# HELP m one\\ntwo \\\\ \"three\"\nm 1")).Instrument.Description);

    [Fact]
    public void Very_long_lines_take_no_more_than_their_length()
    {
        var value = new string('x', 2 << 20);
        var labels = string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"l{i}=\"{i}\""));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var (measurements, unreadable) = PrometheusText.Read(
            $"long{{a=\"{value}\"}} 1\nmany{{{labels}}} 2\nopen{{a=\"{value}\n{new string('{', 1 << 20)}\n{value}\nlast 3", Vllm, Now);
        Assert.Equal(["long", "many", "last"], measurements.Select(one => one.Instrument.Name));
        Assert.Equal((value, 50_000, 3), (measurements[0].Tags[0].Value, measurements[1].Tags.Length, unreadable));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"Read in {clock.Elapsed}.");
    }

    private static List<Measurement> Readable(string text)
    {
        var (measurements, unreadable) = PrometheusText.Read(text, Vllm, Now);
        Assert.Equal(0, unreadable);
        return measurements;
    }
}
