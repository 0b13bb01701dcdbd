using System.Diagnostics.Metrics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Orrery.ServiceDefaults.Prometheus;

namespace Orrery.Tests.ServiceDefaults;

/// <summary>What the real SDK collects, as a scraper reads it.</summary>
public sealed class PrometheusTests : IDisposable
{
    private readonly string _scope = $"Probe.{Guid.CreateVersion7()}";
    private readonly List<IDisposable> _owned = [];
    private readonly List<string> _said = [];

    public void Dispose() => _owned.ForEach(one => one.Dispose());

    [Fact]
    public async Task Prometheus_text_is_this()
    {
        var scrapes = Collect();
        Fill();

        Assert.Equal(
            $$"""
            # HELP target_info Target metadata
            # TYPE target_info gauge
            target_info{service_name="probe",k8s_pod_name="a \"pod\""} 1
            # HELP probe_requests_total Requests\nin "all" \\
            # TYPE probe_requests_total counter
            probe_requests_total{otel_scope_name="{{_scope}}",otel_scope_version="1.2",otel_scope_zone="z",http_route="/a",ok="true"} 3
            # TYPE probe_load_ratio gauge
            probe_load_ratio{otel_scope_name="{{_scope}}",otel_scope_version="1.2",otel_scope_zone="z"} 0.5
            # TYPE probe_open gauge
            probe_open{otel_scope_name="{{_scope}}",otel_scope_version="1.2",otel_scope_zone="z"} -2
            # TYPE probe_duration_seconds histogram
            probe_duration_seconds_bucket{otel_scope_name="{{_scope}}",otel_scope_version="1.2",otel_scope_zone="z",exported_le="x",le="0.5"} 1
            probe_duration_seconds_bucket{otel_scope_name="{{_scope}}",otel_scope_version="1.2",otel_scope_zone="z",exported_le="x",le="1"} 2
            probe_duration_seconds_bucket{otel_scope_name="{{_scope}}",otel_scope_version="1.2",otel_scope_zone="z",exported_le="x",le="+Inf"} 3
            probe_duration_seconds_sum{otel_scope_name="{{_scope}}",otel_scope_version="1.2",otel_scope_zone="z",exported_le="x"} 3.25
            probe_duration_seconds_count{otel_scope_name="{{_scope}}",otel_scope_version="1.2",otel_scope_zone="z",exported_le="x"} 3

            """,
            await Text(scrapes, Format.Text));
        Assert.Empty(_said);
    }

    [Fact]
    public async Task OpenMetrics_is_this()
    {
        var scrapes = Collect();
        Fill();

        var text = await Text(scrapes, Format.OpenMetrics);

        Exposition.Read(text);
        Assert.Equal(
            $$"""
            # TYPE target info
            # HELP target Target metadata
            target_info{service_name="probe",k8s_pod_name="a \"pod\""} 1
            # HELP probe_requests Requests\nin \"all\" \\
            # TYPE probe_requests counter
            probe_requests_total{otel_scope_name="{{_scope}}",otel_scope_version="1.2",otel_scope_zone="z",http_route="/a",ok="true"} 3
            # TYPE probe_load_ratio gauge
            # UNIT probe_load_ratio ratio
            probe_load_ratio{otel_scope_name="{{_scope}}",otel_scope_version="1.2",otel_scope_zone="z"} 0.5
            # TYPE probe_open gauge
            probe_open{otel_scope_name="{{_scope}}",otel_scope_version="1.2",otel_scope_zone="z"} -2
            # TYPE probe_duration_seconds histogram
            # UNIT probe_duration_seconds seconds
            probe_duration_seconds_bucket{otel_scope_name="{{_scope}}",otel_scope_version="1.2",otel_scope_zone="z",exported_le="x",le="0.5"} 1
            probe_duration_seconds_bucket{otel_scope_name="{{_scope}}",otel_scope_version="1.2",otel_scope_zone="z",exported_le="x",le="1.0"} 2
            probe_duration_seconds_bucket{otel_scope_name="{{_scope}}",otel_scope_version="1.2",otel_scope_zone="z",exported_le="x",le="+Inf"} 3
            probe_duration_seconds_sum{otel_scope_name="{{_scope}}",otel_scope_version="1.2",otel_scope_zone="z",exported_le="x"} 3.25
            probe_duration_seconds_count{otel_scope_name="{{_scope}}",otel_scope_version="1.2",otel_scope_zone="z",exported_le="x"} 3
            # EOF

            """,
            text);
    }

    [Theory]
    [InlineData("http.server.request.duration", "s", false, "http_server_request_duration_seconds")]
    [InlineData("orrery.gateway.buffered_request_bytes", "By", false, "orrery_gateway_buffered_request_bytes")]
    [InlineData("gen_ai.client.token.usage", "{token}", false, "gen_ai_client_token_usage")]
    [InlineData("bytes", "By", false, "bytes_bytes")]
    [InlineData("sent.total", "By", true, "sent_bytes")]
    [InlineData("kbytes", "By", false, "kbytes_bytes")]
    [InlineData("a..b--c", "", false, "a_b_c")]
    [InlineData("9lives", "", false, "_9lives")]
    public void A_family_has_the_name(string name, string unit, bool isCounter, string family) =>
        Assert.Equal(family, Names.Family(name, Names.Unit(unit, isGauge: false), isCounter));

    [Theory]
    [InlineData("s", "seconds")]
    [InlineData("ms", "milliseconds")]
    [InlineData("By", "bytes")]
    [InlineData("By/s", "bytes_per_second")]
    [InlineData("{request}/s", "per_second")]
    [InlineData("{request}", "")]
    [InlineData("{a}/{b}", "")]
    [InlineData("1", "")]
    [InlineData("%", "percent")]
    [InlineData("nano-units", "nano_units")]
    [InlineData("", "")]
    [InlineData(null, "")]
    public void A_unit_is_the_word(string? unit, string word) => Assert.Equal(word, Names.Unit(unit, isGauge: false));

    [Theory]
    [InlineData(null, Format.Text)]
    [InlineData("*/*", Format.Text)]
    [InlineData("text/plain", Format.Text)]
    [InlineData("application/openmetrics-text", Format.OpenMetrics)]
    [InlineData("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", Format.OpenMetrics)]
    [InlineData("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.5", Format.Text)]
    [InlineData("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3", Format.OpenMetrics)]
    [InlineData("application/openmetrics-text;version=2.0.0,text/plain;q=0.1", Format.Text)]
    [InlineData("application/openmetrics-text;q=0", Format.Text)]
    [InlineData("application/openmetrics-text;q=0.4,text/plain;q=0.5", Format.Text)]
    [InlineData("application/json", Format.Text)]
    [InlineData(";;;", Format.Text)]
    public void A_scraper_gets_the_format(string? accept, object format) => Assert.Equal((Format)format, Formats.Wanted(accept is null ? [] : [accept]));

    [Fact]
    public void Any_label_value_is_read_back_as_it_was_written()
    {
        var values = Gen.Elements("\\", "\"", "\n", "\\n", "\r", "{", "}", ",", "=", "a", "é", "😀", " ", "\0", "# EOF").ListOf().Select(string.Concat);
        Prop.ForAll(values.ToArbitrary(), values.ToArbitrary(), (one, other) =>
        {
            using var world = new PrometheusTests();
            var scrapes = world.Collect();
            world.Meter().CreateCounter<long>("x").Add(1, new("one", one), new("o.ther", other));
            foreach (var format in Enum.GetValues<Format>())
            {
                var labels = Exposition.Read(Text(scrapes, format).GetAwaiter().GetResult()).Values.Single(family => family.Type == "counter").Only.Labels;
                Assert.Equal((one, other), (labels["one"], labels["o_ther"]));
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task Attributes_that_become_one_label_share_it_in_the_order_of_their_names()
    {
        var scrapes = Collect();
        Meter().CreateCounter<long>("x").Add(1, new("b_c", "last"), new("b.c", "middle"), new("b-c", 1.5), new("__d", "2"));

        var labels = (await Read(scrapes))["x_total"].Only.Labels;

        Assert.Equal("1.5;middle;last", labels["b_c"]);
        Assert.Equal("2", labels["_d"]);
    }

    [Fact]
    public async Task A_name_has_one_type_and_a_series_one_value_and_what_is_left_out_is_said_once()
    {
        var scrapes = Collect();
        var (first, second) = (Meter(), Meter("other"));
        first.CreateCounter<long>("work", "s", "first").Add(1);
        second.CreateCounter<long>("work", "s", "second").Add(2);
        second.CreateGauge<long>("wait").Record(3);
        first.CreateHistogram<double>("wait").Record(4);
        first.CreateHistogram<double>("size").Record(5);
        second.CreateGauge<long>("size.count").Record(6);
        second.CreateGauge<long>("target.info").Record(7);
        second.CreateGauge<long>("same", null, "one").Record(8);
        second.CreateGauge<long>("same", null, "another").Record(9);
        second.CreateGauge<long>("empty");

        await Read(scrapes);
        var families = await Read(scrapes);

        Assert.Equal(["same", "size", "target_info", "wait", "work_seconds_total"], families.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("first", families["work_seconds_total"].Help);
        Assert.Equal([1, 2], families["work_seconds_total"].Samples.Select(sample => sample.Value).Order());
        Assert.Equal(8, families["same"].Only.Value);
        Assert.Equal("gauge", families["wait"].Type);
        Assert.Equal(4, _said.Count);
        Assert.Contains(_said, line => line.StartsWith($"wait of {_scope} is left out of /metrics: wait is a Gauge already, of {_scope}other.", StringComparison.Ordinal));
        Assert.Contains(_said, line => line.Contains("another metric has the name size_count already.", StringComparison.Ordinal));
        Assert.Contains(_said, line => line.Contains("another metric has the name target_info already.", StringComparison.Ordinal));
        Assert.Contains(_said, line => line.Contains("another has the same labels already", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Numbers_at_the_edges_are_spelt_as_Prometheus_spells_them()
    {
        var scrapes = Collect();
        var gauge = Meter().CreateGauge<double>("x");
        foreach (var (name, value) in new[] { ("nan", double.NaN), ("up", double.PositiveInfinity), ("down", double.NegativeInfinity), ("large", 1e300), ("small", 5e-324) })
        {
            gauge.Record(value, new KeyValuePair<string, object?>("of", name));
        }

        var samples = (await Read(scrapes))["x"].Samples.ToDictionary(sample => sample.Labels["of"], sample => sample.Value);

        Assert.Equal([double.NegativeInfinity, 1e300, double.NaN, 5e-324, double.PositiveInfinity], samples.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => one.Value));
    }

    [Fact]
    public async Task A_histogram_that_saw_less_than_nothing_has_no_sum_and_one_without_bounds_has_one_bucket()
    {
        var scrapes = Collect();
        Meter().CreateHistogram<double>("below").Record(-1);
        Meter().CreateHistogram("whole", null, null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [] }).Record(1);

        var families = await Read(scrapes);

        Assert.DoesNotContain(families["below"].Samples, sample => sample.Name == "below_sum");
        Assert.Equal(["whole_bucket", "whole_sum", "whole_count"], families["whole"].Samples.Select(sample => sample.Name));
    }

    [Fact]
    public async Task Who_scrapes_at_the_same_time_shares_one_collection()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var collections = 0;
        var scrapes = Collect();
        Meter().CreateObservableGauge("x", () =>
        {
            entered.Set();
            release.Wait(TimeSpan.FromSeconds(30));
            return ++collections;
        });

        var first = Task.Run(() => scrapes.ScrapeAsync(Format.Text), TestContext.Current.CancellationToken);
        entered.Wait(TestContext.Current.CancellationToken);
        var others = Enumerable.Range(0, 20).Select(_ => scrapes.ScrapeAsync(Format.Text)).ToList();
        var inOtherFormat = scrapes.ScrapeAsync(Format.OpenMetrics);
        release.Set();

        var text = await first;
        Assert.All(await Task.WhenAll(others), other => Assert.Same(text, other));
        Assert.Equal(1, Exposition.Read(Encoding.UTF8.GetString(text))["x"].Only.Value);
        Assert.Equal(1, Exposition.Read(Encoding.UTF8.GetString(await inOtherFormat))["x"].Only.Value);
        Assert.Equal(2, (await Read(scrapes))["x"].Only.Value);
    }

    private static async Task<string> Text(Scrapes scrapes, Format format) => Encoding.UTF8.GetString(await scrapes.ScrapeAsync(format));

    private static async Task<IReadOnlyDictionary<string, ReadFamily>> Read(Scrapes scrapes) => Exposition.Read(await Text(scrapes, Format.Text));

    private Scrapes Collect()
    {
        var scrapes = new Scrapes(new Said(_said));
        _owned.Add(Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddAttributes([new("service.name", "probe"), new("k8s.pod.name", "a \"pod\"")]))
            .AddMeter(_scope, _scope + "other")
            .AddReader(_ => scrapes.Reader())
            .Build());
        return scrapes;
    }

    private Meter Meter(string suffix = "", string? version = null, params KeyValuePair<string, object?>[] tags)
    {
        var meter = new Meter(_scope + suffix, version, tags);
        _owned.Add(meter);
        return meter;
    }

    private void Fill()
    {
        var meter = Meter("", "1.2", new KeyValuePair<string, object?>("zone", "z"));
        meter.CreateCounter<long>("probe.requests", "{request}", "Requests\nin \"all\" \\").Add(3, new("http.route", "/a"), new("ok", true));
        meter.CreateGauge<double>("probe.load", "1").Record(0.5);
        meter.CreateUpDownCounter<int>("probe.open", "1").Add(-2);
        var duration = meter.CreateHistogram("probe.duration", "s", null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1] });
        foreach (var seconds in new[] { 0.25, 1, 2 })
        {
            duration.Record(seconds, new KeyValuePair<string, object?>("le", "x"));
        }
    }

    private sealed class Said(List<string> lines) : ILogger<Scrapes>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Assert.Equal(LogLevel.Warning, logLevel);
            lines.Add(formatter(state, exception));
        }
    }
}
