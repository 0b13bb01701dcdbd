using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orrery.ServiceDefaults;
using Orrery.Tests.Telemetry;

namespace Orrery.Tests.ServiceDefaults;

/// <summary>Where a service's telemetry goes: the operator's collector, Orrery's Console, both, neither.</summary>
public sealed class DestinationTests
{
    private const string ConsoleKey = "a-console-key, with a comma=and%20more";
    private const string SpellableKey = "a-console-key,with-a-comma=and%20more";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Traces_metrics_and_logs_reach_both_and_each_sees_its_own_headers_only()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using var console = await OtlpReceiver.StartAsync();
        await using var service = await ProbeService.StartAsync(null, [.. Collector(collector), .. Console(console.Url + "/base/../")]);

        await service.Client.GetStringAsync("/things/7", Token);
        service.Logger.LogInformation("A line for both");

        foreach (var receiver in new[] { collector, console })
        {
            await Eventually.Holds(() => receiver.Spans.Any(span => span is { Name: "GET /things/{id}", Service: "probe" }));
            await Eventually.Holds(() => receiver.Metrics.Any(metric => metric is { Name: "dotnet.gc.collections", Service: "probe" }));
            await Eventually.Holds(() => receiver.Logs.Any(log => log is { Body: "A line for both", Service: "probe" }));
        }

        Assert.All(console.Calls, call =>
        {
            Assert.Equal("application/x-protobuf", call.ContentType);
            Assert.Equal(SpellableKey, call.Headers["x-otlp-api-key"]);
            Assert.DoesNotContain("x-collector", call.Headers.Keys);
        });
        Assert.All(collector.Calls, call =>
        {
            Assert.Equal("the collector's", call.Headers["x-collector"]);
            Assert.DoesNotContain("x-otlp-api-key", call.Headers.Keys);
        });
        Assert.DoesNotContain(service.Log, line => line.Text.Contains(SpellableKey, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_console_takes_http_whatever_the_collector_takes()
    {
        await using var console = await OtlpReceiver.StartAsync();
        await using var service = await ProbeService.StartAsync(null, [.. Console(console.Url), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);

        await service.Client.GetStringAsync("/things/7", Token);

        await Eventually.Holds(() => console.Spans.Any(span => span.Name == "GET /things/{id}"), TimeSpan.FromSeconds(10));
        await Eventually.Holds(() => console.Metrics.Count > 0);
    }

    [Fact]
    public async Task The_exporters_own_calls_are_in_no_trace()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using var console = await OtlpReceiver.StartAsync();
        await using var service = await ProbeService.StartAsync(null, [.. Collector(collector), .. Console(console.Url)]);
        using var marked = new HttpClient(new SocketsHttpHandler { UseProxy = false });

        // One traced call of a client shows that clients are traced at all; then several rounds of exports.
        await marked.GetAsync(new Uri(service.Client.BaseAddress!, "/things/7"), Token);
        var port = $"{service.Client.BaseAddress!.Port}";
        await Eventually.Holds(() => console.Spans.Any(span => span.Kind == 3 && span.Tags.GetValueOrDefault("server.port") == port));
        var before = console.Calls.Count;
        await Eventually.Holds(() => console.Calls.Count > before + 10);

        var receivers = new[] { $"{new Uri(collector.Url).Port}", $"{new Uri(console.Url).Port}" };
        Assert.DoesNotContain(collector.Spans.Concat(console.Spans), span => span.Kind == 3 && receivers.Contains(span.Tags.GetValueOrDefault("server.port")));
    }

    [Fact]
    public async Task One_that_is_away_is_said_once_and_once_more_when_it_is_back_and_the_other_misses_nothing()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        var port = ProbeService.FreePort();
        await using var service = await ProbeService.StartAsync(null, [.. Collector(collector), .. Console($"http://127.0.0.1:{port}")]);

        for (var i = 0; i < 20; i++)
        {
            await service.Client.GetStringAsync($"/things/{i}", Token);
        }

        await Eventually.Holds(() => service.Log.Any(line => line.Event == "TelemetryAway"));
        await Eventually.Holds(() => collector.Spans.Count(span => span.Name == "GET /things/{id}") == 20);
        var away = service.Log.Single(line => line.Event == "TelemetryAway");
        Assert.Equal(LogLevel.Warning, away.Level);
        Assert.StartsWith($"The Console at http://127.0.0.1:{port} takes no telemetry: /v1/", away.Text, StringComparison.Ordinal);

        await using var console = await OtlpReceiver.StartAsync(port);
        await Eventually.Holds(() => service.Log.Any(line => line.Event == "TelemetryBack"));
        await service.Client.GetStringAsync("/things/21", Token);
        await Eventually.Holds(() => console.Spans.Count > 0 && console.Metrics.Count > 0 && console.Logs.Count > 0);
        Assert.Single(service.Log, line => line.Event is "TelemetryAway");
        Assert.Equal((LogLevel.Information, $"The Console at http://127.0.0.1:{port} takes telemetry again"), service.Log.Where(line => line.Event is "TelemetryBack").Select(line => (line.Level, line.Text)).Single());

        // The other destination hears of it too.
        await Eventually.Holds(() => collector.Logs.Any(log => log.Body.StartsWith("The Console at", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("0", false, null)]
    [InlineData("14", false, "it answered with gRPC status 14")]
    [InlineData("16", true, "it answered with gRPC status 16")]
    public async Task A_collector_may_take_gRPC_and_refuse_by_its_status(string status, bool isInHeaders, string? reason)
    {
        var received = new ConcurrentQueue<string>();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        await using var collector = builder.Build();
        collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, Token);
            received.Enqueue($"{context.Request.Path} {context.Request.ContentType} {body.Length > 5}");
            context.Response.ContentType = "application/grpc";
            if (isInHeaders)
            {
                context.Response.Headers["grpc-status"] = status;
                return;
            }

            await context.Response.Body.WriteAsync(new byte[5], Token);
            context.Response.AppendTrailer("grpc-status", status);
        });
        await collector.StartAsync(Token);
        await using var service = await ProbeService.StartAsync(
            null, ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Urls.First()), ("OTEL_BSP_SCHEDULE_DELAY", "100"), ("OTEL_BLRP_SCHEDULE_DELAY", "100"));

        await service.Client.GetStringAsync("/things/7", Token);

        await Eventually.Holds(() => received.Contains("/opentelemetry.proto.collector.trace.v1.TraceService/Export application/grpc True"));
        if (reason is not null)
        {
            await Eventually.Holds(() => service.Log.Any(line => line.Text.Contains(reason, StringComparison.Ordinal)));
        }
        else
        {
            await service.Client.GetStringAsync("/things/8", Token);
            await Eventually.Holds(() => received.Count >= 3);
            Assert.DoesNotContain(service.Log, line => line.Event == "TelemetryAway");
        }
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData("", " ", false)]
    [InlineData("http://collector:4317", null, true)]
    [InlineData(null, "http://console:8082", true)]
    public void Telemetry_is_on_where_there_is_a_destination(string? collector, string? console, bool isOn)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("OTEL_EXPORTER_OTLP_ENDPOINT", collector), new("Telemetry:ConsoleUrl", console), new("Metrics:Port", "9464")])
            .Build();

        Assert.Equal(isOn, Orrery.ServiceDefaults.Telemetry.IsOn(configuration));
        Assert.Equal(isOn, TelemetrySettings.From(configuration).IsOn);
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector", "OTEL_EXPORTER_OTLP_ENDPOINT is 'collector'; expected an absolute URL such as http://collector:4318.")]
    [InlineData("Telemetry:ConsoleUrl", "ftp://console", "Telemetry:ConsoleUrl is 'ftp://console'; expected an absolute URL such as http://console:8082.")]
    [InlineData("Telemetry:ConsoleMetricInterval", "5", "Telemetry:ConsoleMetricInterval is '5'; expected a duration from 100ms to 1h such as 5s.")]
    [InlineData("Telemetry:ConsoleMetricInterval", "0s", "Telemetry:ConsoleMetricInterval is '0s'; expected a duration from 100ms to 1h such as 5s.")]
    [InlineData("Telemetry:ConsoleMetricInterval", "2h", "Telemetry:ConsoleMetricInterval is '2h'; expected a duration from 100ms to 1h such as 5s.")]
    [InlineData("Metrics:Port", "0", "Metrics:Port is '0'; expected a port from 1 to 65535.")]
    [InlineData("Metrics:Port", "65536", "Metrics:Port is '65536'; expected a port from 1 to 65535.")]
    [InlineData("Metrics:Port", "http", "Metrics:Port is 'http'; expected a port from 1 to 65535.")]
    public void A_wrong_setting_stops_the_start_and_is_named(string key, string value, string message) =>
        Assert.Equal(message, Refusal(("Telemetry:ConsoleUrl", "http://console"), (key, value)));

    [Theory]
    [InlineData(ConsoleKey)]
    [InlineData("key\n")]
    public void A_key_that_no_header_may_carry_stops_the_start_and_is_not_shown(string key)
    {
        var message = Refusal(("Telemetry:ConsoleUrl", "http://console"), ("Telemetry:ConsoleKey", key));

        Assert.StartsWith($"Telemetry:ConsoleKey (not shown; {key.Length} characters) has a character that no HTTP header may carry", message, StringComparison.Ordinal);
        Assert.DoesNotContain(key.Trim(), message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_is_not_printed_with_its_settings() =>
        Assert.DoesNotContain("secret", new TelemetrySettings(null, new ConsoleSettings(new Uri("http://console"), "secret", TimeSpan.FromSeconds(5)), null).ToString(), StringComparison.Ordinal);

    private static string Refusal(params (string Key, string Value)[] settings)
    {
        var builder = ProbeService.Builder([.. settings.Select(one => (one.Key, (string?)one.Value))]);
        return Assert.Throws<InvalidOperationException>(() => builder.AddServiceDefaults()).Message;
    }

    private static (string, string?)[] Collector(OtlpReceiver receiver) =>
    [
        ("OTEL_SERVICE_NAME", "probe"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Url),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-collector=the%20collector's"),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "100"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "200"),
    ];

    private static (string, string?)[] Console(string url) =>
    [
        ("OTEL_SERVICE_NAME", "probe"),
        ("Telemetry:ConsoleUrl", url),
        ("Telemetry:ConsoleKey", SpellableKey),
        ("Telemetry:ConsoleMetricInterval", "200ms"),
    ];
}
