using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;
using static Orrery.Tests.WebConsole.Otlp.ProtoBytes;
using SpanKind = Orrery.WebConsole.Telemetry.SpanKind;

namespace Orrery.Tests.WebConsole.Otlp;

/// <summary>What the real OpenTelemetry SDK sends is what the Console holds; and what it cannot send, by hand.</summary>
public sealed class ExporterTests
{
    private static readonly ResourceBuilder Resource = ResourceBuilder.CreateEmpty().AddService("sender", serviceInstanceId: "sender-1").AddAttributes([new("deployment.environment", "test")]);

    [Fact]
    public async Task Spans_arrive_with_every_field()
    {
        await using var collector = await Collector.StartAsync();
        using var source = new ActivitySource("Orrery.Tests.Exporter." + nameof(Spans_arrive_with_every_field));
        var start = new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.Zero).AddTicks(1_234_567);
        string trace, parentId;
        using (Sdk.CreateTracerProviderBuilder().SetResourceBuilder(Resource).AddSource(source.Name).AddOtlpExporter(options => Aim(options, collector, "/v1/traces")).Build())
        {
            using var parent = source.StartActivity("parent", ActivityKind.Server)!;
            (trace, parentId) = (parent.TraceId.ToHexString(), parent.SpanId.ToHexString());
            parent.SetStartTime(start.UtcDateTime);
            using var child = source.StartActivity("child é", ActivityKind.Client)!;
            child.SetStartTime(start.UtcDateTime);
            child.SetTag("text", "é\"\n").SetTag("long", long.MinValue).SetTag("double", 0.1).SetTag("true", true).SetTag("false", false)
                .SetTag("texts", new[] { "a", "b\"" }).SetTag("numbers", new[] { 1L, 2L }).SetTag("doubles", new[] { 1.5, double.NaN }).SetTag("flags", new[] { true, false });
            child.SetStatus(ActivityStatusCode.Error, "it broke");
            child.AddEvent(new("happened", start.AddSeconds(1), new() { ["why"] = "test" }));
            child.SetEndTime(start.AddMilliseconds(12.5).UtcDateTime);
            child.Stop();
            parent.SetEndTime(start.AddMilliseconds(20).UtcDateTime);
        }

        Assert.True(TraceId.TryParse(trace, out var id));
        var found = collector.Traces.Find(id)!;
        Assert.Equal(["parent", "child é"], found.Spans.Select(span => span.Name));
        var span = found.Spans[1];
        Assert.Equal((parentId, SpanKind.Client, start, TimeSpan.FromMilliseconds(12.5)), (span.ParentId.ToString(), span.Kind, span.Start, span.Duration));
        Assert.Equal((SpanStatus.Error, "it broke", source.Name), (span.Status, span.StatusMessage, span.Scope));
        Assert.Equal(("sender", "sender-1", "test"), (span.Emitter.Service, span.Emitter.Instance, span.Emitter.Tags.Find("deployment.environment")));
        Assert.Same(found.Spans[0].Emitter, span.Emitter);
        AssertTags(
            span.Tags, ("text", "é\"\n"), ("long", "-9223372036854775808"), ("double", "0.1"), ("true", "true"), ("false", "false"),
            ("texts", """["a","b\""]"""), ("numbers", "[1,2]"), ("doubles", """[1.5,"NaN"]"""), ("flags", "[true,false]"));
        var happened = Assert.Single(span.Events);
        Assert.Equal((start.AddSeconds(1), "happened", "test"), (happened.Time, happened.Name, happened.Tags.Find("why")));
        Assert.Equal(("parent", true, 1, TimeSpan.FromMilliseconds(20)), (found.Summary.Name, found.Summary.IsWhole, found.Summary.FailedSpans, found.Summary.Duration));
    }

    [Fact]
    public async Task Log_entries_arrive_with_every_field()
    {
        await using var collector = await Collector.StartAsync();
        using var activity = new Activity("work").Start();
        using (var factory = LoggerFactory.Create(logging => logging.AddOpenTelemetry(options =>
        {
            options.IncludeFormattedMessage = true;
            options.SetResourceBuilder(Resource);
            options.AddOtlpExporter(exporter => Aim(exporter, collector, "/v1/logs"));
        })))
        {
            factory.CreateLogger("Some.Category").Log(LogLevel.Warning, new EventId(7, "RoutePlanned"), "Took {Count} of {Kind}", 3, "cats");
            factory.CreateLogger("Other").Log(LogLevel.Critical, "end");
        }

        var entries = collector.Logs.List(new());
        Assert.Equal(2, entries.Count);
        var entry = entries[0];
        Assert.Equal(("Some.Category", LogSeverity.Warning, "Took 3 of cats", "RoutePlanned"), (entry.Category, entry.Severity, entry.Body, entry.EventName));
        Assert.Equal((activity.TraceId.ToHexString(), activity.SpanId.ToHexString(), "sender"), (entry.TraceId.ToString(), entry.SpanId.ToString(), entry.Emitter.Service));
        AssertTags(entry.Tags, ("Count", "3"), ("Kind", "cats"));
        Assert.Equal(LogSeverity.Critical, entries[1].Severity);
        Assert.True((TimeProvider.System.GetUtcNow() - entry.Time).Duration() < TimeSpan.FromMinutes(1));
        Assert.Equal(2, collector.Logs.List(new() { TraceId = entry.TraceId }).Count);
    }

    [Theory]
    [InlineData(MetricReaderTemporalityPreference.Cumulative)]
    [InlineData(MetricReaderTemporalityPreference.Delta)]
    public async Task Metrics_arrive_with_every_kind_cumulative_whatever_was_sent(MetricReaderTemporalityPreference temporality)
    {
        await using var collector = await Collector.StartAsync("--Console:Stores:MetricsStep=00:00:01");
        using var meter = new Meter("Orrery.Tests.Exporter." + temporality);
        var counter = meter.CreateCounter<long>("counter", "{token}", "how many");
        var upDown = meter.CreateUpDownCounter<int>("updown");
        var histogram = meter.CreateHistogram<double>("histogram", "s", null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2, 4] });
        var exponential = meter.CreateHistogram<double>("exponential");
        meter.CreateObservableGauge("gauge", () => 2.5);
        using (var provider = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(Resource).AddMeter(meter.Name)
            .AddView("exponential", new Base2ExponentialBucketHistogramConfiguration())
            .AddOtlpExporter((options, reader) =>
            {
                Aim(options, collector, "/v1/metrics");
                reader.TemporalityPreference = temporality;
            }).Build())
        {
            for (var round = 1; round <= 2; round++)
            {
                counter.Add(5, new KeyValuePair<string, object?>("b", 2), new KeyValuePair<string, object?>("a", "x"));
                upDown.Add(round == 1 ? 3 : -1);
                histogram.Record(1.5);
                histogram.Record(9);
                exponential.Record(3);
                Assert.True(provider.ForceFlush());
            }
        }

        var series = Assert.Single(collector.Metrics.Find("counter", DateTimeOffset.UnixEpoch));
        Assert.Equal(("{token}", "how many", InstrumentKind.Counter), (series.Instrument.Unit, series.Instrument.Description, series.Instrument.Kind));
        Assert.Equal([new("a", "x"), new("b", "2")], series.Tags);
        Assert.Equal(10, series.Points[^1].Value);
        Assert.Equal(2, Assert.Single(collector.Metrics.Find("updown", DateTimeOffset.UnixEpoch)).Points[^1].Value);
        Assert.Equal(2.5, Assert.Single(collector.Metrics.Find("gauge", DateTimeOffset.UnixEpoch)).Points[^1].Value);
        var buckets = Assert.Single(collector.Metrics.Find("histogram", DateTimeOffset.UnixEpoch));
        Assert.Equal([1, 2, 4], buckets.Instrument.Bounds);
        Assert.Equal((21.0, 4L), (buckets.Points[^1].Value, buckets.Points[^1].Count));
        Assert.Equal([0L, 2, 0, 2], buckets.Points[^1].Buckets!);
        var powers = Assert.Single(collector.Metrics.Find("exponential", DateTimeOffset.UnixEpoch));
        Assert.Equal(2, powers.Points[^1].Buckets![powers.Instrument.Bounds.IndexOf(4)]);
        Assert.Equal(["counter", "exponential", "gauge", "histogram", "updown"], collector.Metrics.Instruments().Select(one => one.Name));
    }

    [Fact]
    public async Task What_the_SDK_of_NET_does_not_send_is_read_too()
    {
        await using var collector = await Collector.StartAsync();
        var now = Nanoseconds(TimeProvider.System.GetUtcNow());
        var kinds = Span(3, 3, more:
        [
            Tag(9, "map", Part(6, Tag(1, "k", Part(5, Part(1, Number(2, 1)), Part(1))), Tag(1, "n", Number(3, unchecked((ulong)-4L))))),
            Tag(9, "bytes", Bytes(7, [1, 2, 3])),
            Tag(9, "nothing", []),
        ]);
        byte[] scopeLast = Part(1, Part(2, kinds, Part(1, Text(1, "Late.Scope"))), Part(1, Tag(1, "service.name", Text(1, "late"))));
        using var spans = await collector.PostAsync("/v1/traces", scopeLast);
        var span = collector.Traces.Find(new TraceId(3))!.Spans[0];
        Assert.Equal(("late", "Late.Scope"), (span.Emitter.Service, span.Scope));
        AssertTags(span.Tags, ("map", """{"k":[true,null],"n":-4}"""), ("bytes", "AQID"), ("nothing", ""));

        using var metrics = await collector.PostAsync("/v1/metrics", Request(
            "other",
            Part(2, Part(11, Part(1, Fixed(3, now), Part(6, Double(1, 0.5), Double(2, 3)), Part(6, Double(1, 0.99), Double(2, 7)))), Text(1, "summary")),
            Part(2, Text(1, "unknown"), Part(5, Part(1, Fixed(3, now), Number(8, 1)))),
            Part(2, Text(1, "odd"), Part(9, Part(1, Fixed(3, now), Fixed(4, 1), PackedFixed(6, 1), PackedDoubles(7, 1, 2)))),
            Part(2, Text(1, "below"), Part(10, Part(1, Fixed(3, now), Fixed(4, 6), ZigZag(6, -2), Fixed(7, 1), Part(8, ZigZag(1, 0), PackedVarints(2, 2)), Part(9, PackedVarints(2, 3)))))));
        Assert.Contains("1 items", System.Text.Encoding.UTF8.GetString(await metrics.Content.ReadAsByteArrayAsync()), StringComparison.Ordinal);
        Assert.Equal([("0.5", 3.0), ("0.99", 7.0)], collector.Metrics.Find("summary", DateTimeOffset.UnixEpoch).Select(one => (one.Tags.Find("quantile")!, one.Points[0].Value)).Order());
        Assert.Empty(collector.Metrics.Find("unknown", DateTimeOffset.UnixEpoch));
        Assert.Empty(collector.Metrics.Find("odd", DateTimeOffset.UnixEpoch));
        var below = Assert.Single(collector.Metrics.Find("below", DateTimeOffset.UnixEpoch));
        Assert.Equal(4, below.Points[0].Buckets![0]);
        Assert.Equal(2, below.Points[0].Buckets![below.Instrument.Bounds.IndexOf(16)]); // Scale -2: (1, 16].
    }

    [Fact]
    public async Task Eight_writers_and_readers_at_once_lose_nothing()
    {
        await using var collector = await Collector.StartAsync();
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                var list = collector.Traces.List(new() { Scope = TraceScope.Everything, Text = "work", Limit = 100 });
                Assert.All(list.Traces, trace => Assert.InRange(trace.Spans, 1, 8));
                collector.Logs.List(new() { Text = "entry" });
            }
        })).ToArray();
        await Task.WhenAll(Enumerable.Range(1, 8).Select(async writer =>
        {
            for (var batch = 0; batch < 20; batch++)
            {
                byte[][] spans = [.. Enumerable.Range(1, 50).Select(trace => Span((UInt128)((batch * 50) + trace), (ulong)writer, writer == 1 ? 0ul : 1))];
                using var answer = await collector.PostAsync("/v1/traces", Request("writer" + writer, spans));
                using var again = await collector.PostAsync("/v1/traces", Request("writer" + writer, spans));
                using var log = await collector.PostAsync("/v1/logs", Request("writer" + writer, Part(2, Fixed(1, 5), Bytes(5, Text(1, "entry")))));
                Assert.True(answer.IsSuccessStatusCode && again.IsSuccessStatusCode && log.IsSuccessStatusCode);
            }
        }));
        await stop.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Equal(8 * 20 * 50, collector.Traces.Counts.Received);
        Assert.Equal(1000, collector.Traces.List(new() { Scope = TraceScope.Everything }).Matches);
        Assert.Equal(160, collector.Logs.List(new() { Limit = 1000 }).Count);
    }

    private static void Aim(OtlpExporterOptions options, Collector collector, string path) => Exporters.Aim(options, collector.Url, Collector.Key, path);

    private static void AssertTags(Tag[] tags, params (string Key, string Value)[] expected)
    {
        foreach (var (key, value) in expected)
        {
            Assert.True(tags.Find(key) == value, $"{key} is {tags.Find(key)}; expected {value}");
        }
    }
}
