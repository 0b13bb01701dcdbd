using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orrery.Simulator;
using Orrery.Tests.Telemetry;

namespace Orrery.Tests.ServiceDefaults;

/// <summary><c>/metrics</c> of real services on real sockets.</summary>
public sealed class MetricsPortTests
{
    private static readonly HttpClient Scraper = new(new SocketsHttpHandler { UseProxy = false });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_port_serves_metrics_and_nothing_else_and_no_other_port_serves_them()
    {
        var port = ProbeService.FreePort();
        await using var service = await ProbeService.StartAsync(port, ("Metrics:Port", $"{port}"));

        foreach (var path in new[] { "/", "/health", "/things/7", "/metrics/" })
        {
            using var refused = await Scraper.GetAsync($"http://127.0.0.1:{port}{path}", Token);
            Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
            Assert.Equal("This port serves GET /metrics and nothing else.\n", await refused.Content.ReadAsStringAsync(Token));
        }

        using var posted = await Scraper.PostAsync($"http://127.0.0.1:{port}/metrics", null, Token);
        Assert.Equal(HttpStatusCode.NotFound, posted.StatusCode);
        using var head = await Scraper.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"http://127.0.0.1:{port}/metrics"), Token);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.True(head.Content.Headers.ContentLength > 100);
        using var elsewhere = await service.Client.GetAsync("/metrics", Token);
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
        Assert.Equal("7", await service.Client.GetStringAsync("/things/7", Token));
        Assert.DoesNotContain(service.Log, line => line.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task Without_a_port_nobody_serves_metrics()
    {
        await using var service = await ProbeService.StartAsync(null);

        using var answer = await service.Client.GetAsync("/metrics", Token);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task A_port_that_the_server_does_not_listen_on_is_said_at_the_start()
    {
        var port = ProbeService.FreePort();
        await using var service = await ProbeService.StartAsync(null, ("Metrics:Port", $"{port}"));

        var warning = service.Log.Single(line => line.Level == LogLevel.Warning);
        Assert.Equal(
            $"Metrics:Port is {port}, but the server listens on {service.Client.BaseAddress!.GetLeftPart(UriPartial.Authority)}: nobody can read /metrics. Add http://*:{port} to the service's URLs",
            warning.Text);
    }

    [Fact]
    public async Task A_port_that_is_the_only_one_is_said_at_the_start()
    {
        var port = ProbeService.FreePort();
        await using var app = Application(builder => builder.WebHost.UseUrls($"http://127.0.0.1:{port}"), port, out var journal);
        await app.StartAsync(Token);

        Assert.Equal(
            $"Metrics:Port is {port}, the only port that the server listens on (http://127.0.0.1:{port}): it answers /metrics and nothing else",
            journal.Lines.Single(line => line.Level == LogLevel.Warning).Text);
    }

    [Fact]
    public async Task The_simulator_keeps_vLLMs_metrics_on_its_own_port()
    {
        var port = ProbeService.FreePort();
        await using var app = Application(
            builder =>
            {
                builder.WebHost.UseUrls($"http://127.0.0.1:0;http://127.0.0.1:{port}");
                builder.AddSimulator();
            },
            port,
            out _);
        app.MapSimulator();
        await app.StartAsync(Token);

        var vllm = await Scraper.GetStringAsync(new Uri(new Uri(app.Urls.First()), "/metrics"), Token);
        var ours = await Scraper.GetStringAsync($"http://127.0.0.1:{port}/metrics", Token);

        Assert.Contains("vllm:num_requests_running", vllm, StringComparison.Ordinal);
        Assert.DoesNotContain("target_info", vllm, StringComparison.Ordinal);
        Assert.Contains("target_info", ours, StringComparison.Ordinal);
        Assert.DoesNotContain("vllm:", ours, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_scrape_is_in_no_trace()
    {
        var port = ProbeService.FreePort();
        await using var console = await OtlpReceiver.StartAsync();
        await using var service = await ProbeService.StartAsync(port, ("Metrics:Port", $"{port}"), ("Telemetry:ConsoleUrl", console.Url));
        await Scraper.GetStringAsync($"http://127.0.0.1:{port}/metrics", Token);

        await service.Client.GetStringAsync("/things/7", Token);

        await Eventually.Holds(() => console.Spans.Any(span => span.Name == "GET /things/{id}"));
        Assert.DoesNotContain(console.Spans, span => span.Kind == 2 && span.Tags.GetValueOrDefault("server.port") == $"{port}");
    }

    private static WebApplication Application(Action<WebApplicationBuilder> configure, int port, out ProbeService.Journal journal)
    {
        var builder = ProbeService.Builder(("Metrics:Port", $"{port}"));
        journal = new ProbeService.Journal();
        builder.Logging.AddProvider(journal);
        builder.AddServiceDefaults();
        configure(builder);
        var app = builder.Build();
        app.UseServerTelemetry();
        return app;
    }
}
