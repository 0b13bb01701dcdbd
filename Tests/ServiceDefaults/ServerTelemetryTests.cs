using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orrery.ServiceDefaults;
using Orrery.Tests.Telemetry;

namespace Orrery.Tests.ServiceDefaults;

/// <summary>Which requests are told of, and what: in production, where not every one is.</summary>
public sealed class ServerTelemetryTests : IAsyncLifetime
{
    private readonly ConcurrentBag<string?> _current = [];
    private OtlpReceiver _telemetry = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _telemetry = await OtlpReceiver.StartAsync();

    public async ValueTask DisposeAsync() => await _telemetry.DisposeAsync();

    [Fact]
    public async Task A_recorded_request_says_what_the_conventions_ask_for()
    {
        await using var service = await StartAsync(("Telemetry:SampleRatio", "1"));
        using var client = Client(service);
        client.DefaultRequestHeaders.UserAgent.ParseAdd("probe/1.0");
        var mark = Mark();
        await client.GetStringAsync($"/things/{mark}?secret=x", Token);
        using var odd = await client.SendAsync(new HttpRequestMessage(new HttpMethod("BREW"), $"/things/{mark}"), Token);

        var spans = await SpansAsync(mark, 2);
        var tags = spans.Single(span => span.Name == "GET /things/{id}").Tags;
        Assert.Equal(
            new SortedDictionary<string, string?>
            {
                ["http.request.method"] = "GET",
                ["http.response.status_code"] = "200",
                ["http.route"] = "/things/{id}",
                ["network.protocol.version"] = "1.1",
                ["server.address"] = "127.0.0.1",
                ["server.port"] = client.BaseAddress!.Port.ToString(),
                ["url.path"] = $"/things/{mark}",
                ["url.scheme"] = "http",
                ["user_agent.original"] = "probe/1.0",
            },
            new SortedDictionary<string, string?>(tags.ToDictionary(tag => tag.Key, tag => (string?)tag.Value.ToString())));
        var brewed = spans.Single(span => span.Tags["http.request.method"] == "_OTHER").Tags;
        Assert.Equal(("BREW", "405"), (brewed["http.request.method_original"], brewed["http.response.status_code"]));
    }

    [Fact]
    public async Task What_is_thrown_is_the_error_type()
    {
        await using var service = await StartAsync(("Telemetry:SampleRatio", "1"));
        using var client = Client(service);
        var mark = Mark();
        using var thrown = await client.GetAsync($"/throws/{mark}", Token);
        Assert.Equal(HttpStatusCode.InternalServerError, thrown.StatusCode);
        var span = Assert.Single(await SpansAsync(mark, 1));
        Assert.Equal("System.TimeoutException", span.Tags["error.type"]);
    }

    [Theory]
    [InlineData("0", "00", false)]
    [InlineData("0", "01", true)]
    [InlineData("1", "00", false)]
    [InlineData("1", "01", true)]
    [InlineData("0", null, false)]
    [InlineData("1", null, true)]
    public async Task The_callers_decision_holds_and_the_ratio_decides_new_traces(string ratio, string? flags, bool isRecorded)
    {
        await using var service = await StartAsync(("Telemetry:SampleRatio", ratio));
        using var client = Client(service);
        var mark = Mark();
        var trace = ActivityTraceId.CreateRandom().ToHexString();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/things/{mark}");
        if (flags is not null)
        {
            request.Headers.Add("traceparent", $"00-{trace}-00f067aa0ba902b7-{flags}");
        }

        using var response = await client.SendAsync(request, Token);

        // A recorded one behind it: what came before has been exported when this has.
        var last = Mark();
        using var recorded = new HttpRequestMessage(HttpMethod.Get, $"/things/{last}");
        recorded.Headers.Add("traceparent", $"00-{ActivityTraceId.CreateRandom().ToHexString()}-00f067aa0ba902b7-01");
        using var behind = await client.SendAsync(recorded, Token);
        await SpansAsync(last, 1);
        var spans = Of(mark);
        Assert.Equal(isRecorded ? 1 : 0, spans.Count);
        if (isRecorded && flags is not null)
        {
            Assert.Equal((trace, "00f067aa0ba902b7"), (spans[0].TraceId, spans[0].ParentSpanId));
        }
    }

    [Fact]
    public async Task A_request_that_nobody_records_leaves_no_activity()
    {
        await using var service = await StartAsync(("Telemetry:SampleRatio", "0"));
        using var client = Client(service);
        await client.GetStringAsync("/things/1", Token);
        Assert.Equal([null], _current);
    }

    [Fact]
    public void An_operators_own_sampler_decides_where_it_is_set()
    {
        // Asked of the parts: several services in one process hear each other's spans, and one that samples makes another export.
        var sampling = new Sampling(ratio: null, followsCaller: true, new Dice(1));
        Assert.Null(sampling.ForSdk());
        Assert.True(sampling.Records(default));
        Assert.True(sampling.Records(new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.None, isRemote: true)));
    }

    [Fact]
    public void New_traces_are_drawn_in_the_ratio()
    {
        var sampling = new Sampling(0.1, followsCaller: true, new Dice(1));
        Assert.InRange(Enumerable.Range(0, 100_000).Count(_ => sampling.Records(default)), 9_500, 10_500);
    }

    [Fact]
    public async Task How_long_each_took_is_measured_whether_recorded_or_not()
    {
        using var listener = new MeterListener();
        var measured = new ConcurrentBag<SortedDictionary<string, string?>>();
        listener.InstrumentPublished = (instrument, mine) =>
        {
            if (instrument.Name == "http.server.request.duration" && instrument.Meter.Name == "Orrery.Server")
            {
                mine.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, seconds, tags, _) =>
        {
            var all = new SortedDictionary<string, string?>();
            foreach (var tag in tags)
            {
                all[tag.Key] = tag.Value?.ToString();
            }

            Assert.InRange(seconds, 0, 60);
            measured.Add(all);
        });
        listener.Start();
        await using var service = await StartAsync(("Telemetry:SampleRatio", "0"));
        using var client = Client(service);
        await client.GetStringAsync("/measured/here", Token);
        using var thrown = await client.GetAsync("/throws/here", Token);

        var ours = await Eventually.Holds(() => Task.FromResult(measured.Where(tags => tags.TryGetValue("http.route", out var route) && route is "/measured/{id}" or "/throws/{id}").ToList()), found => found.Count == 2);
        Assert.Equal(
            new SortedDictionary<string, string?>
            {
                ["http.request.method"] = "GET",
                ["http.response.status_code"] = "200",
                ["http.route"] = "/measured/{id}",
                ["network.protocol.version"] = "1.1",
                ["url.scheme"] = "http",
            },
            ours.Single(tags => tags["http.route"] == "/measured/{id}"));
        Assert.Equal("System.TimeoutException", ours.Single(tags => tags["http.route"] == "/throws/{id}")["error.type"]);
    }

    [Theory]
    [InlineData("1.5")]
    [InlineData("-1")]
    public async Task A_ratio_that_is_none_is_refused_at_start(string ratio)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(async () => await (await StartAsync(("Telemetry:SampleRatio", ratio))).DisposeAsync());
        Assert.Contains("Telemetry:SampleRatio", error.ToString());
    }

    private async Task<WebApplication> StartAsync(params (string Key, string? Value)[] settings)
    {
        var builder = ProbeService.Builder(
        [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", _telemetry.Url),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_BSP_SCHEDULE_DELAY", "50"),
            .. settings,
        ]);
        builder.Environment.EnvironmentName = "Production";
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None); // As the gateway does: else an activity is made for its log scope.
        builder.AddServiceDefaults();
        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapGet("/things/{id}", (string id) =>
        {
            _current.Add(Activity.Current?.Id);
            return id;
        });
        app.MapGet("/measured/{id}", (string id) => id);
        app.MapGet("/throws/{id}", string (string id) => throw new TimeoutException(id));
        await app.StartAsync(Token);
        return app;
    }

    private static HttpClient Client(WebApplication service) => new(new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null }) { BaseAddress = new Uri(service.Urls.First()) };

    private static string Mark() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N");

    private List<ReceivedSpan> Of(string mark) => [.. _telemetry.Spans.Where(span => span.Tags.TryGetValue("url.path", out var path) && path.Contains(mark, StringComparison.Ordinal))];

    private Task<List<ReceivedSpan>> SpansAsync(string mark, int count) => Eventually.Holds(() => Task.FromResult(Of(mark)), found => found.Count == count);
}
