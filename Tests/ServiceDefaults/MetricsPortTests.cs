using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orrery.Simulator;
using Orrery.Tests.Gateway;
using Orrery.Tests.Telemetry;

namespace Orrery.Tests.ServiceDefaults;

/// <summary><c>/metrics</c> of real services on real sockets.</summary>
public sealed class MetricsPortTests
{
    private static readonly HttpClient Scraper = new(new SocketsHttpHandler { UseProxy = false });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Prometheus_own_checker_finds_no_fault_in_the_gateways_metrics()
    {
        var port = ProbeService.FreePort();
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine, $"--urls=http://127.0.0.1:0;http://127.0.0.1:{port}", $"--Metrics:Port={port}");
        using (var answer = await world.PostAsync(GatewayWorld.Chat()))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        await world.OnlyUsageAsync();
        var (type, text) = await ScrapeUntil("http_server_request_duration_seconds_count", port);

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", type);
        var families = Exposition.Read(text);
        Assert.Equal("histogram", families["http_server_request_duration_seconds"].Type);
        Assert.Equal("counter", families["orrery_gateway_requests_total"].Type);
        Assert.Equal("counter", families["dotnet_gc_collections_total"].Type);
        Assert.Equal("Orrery.Gateway", families["target_info"].Only.Labels["service_name"]);
        Assert.Equal("Orrery.Gateway", families["orrery_gateway_requests_total"].Only.Labels["otel_scope_name"]);

        // .NET's own instruments end in _count (OpenTelemetry's conventions name them); its checker would rather not have that.
        var faults = (await PromtoolAsync(text)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.DoesNotContain(faults, fault => !(fault.StartsWith("dotnet_", StringComparison.Ordinal) && fault.EndsWith("should not have \"_count\" suffix", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Who_asks_for_OpenMetrics_gets_it()
    {
        var port = ProbeService.FreePort();
        await using var service = await ProbeService.StartAsync(port, ("Metrics:Port", $"{port}"));
        await service.Client.GetStringAsync("/things/7", Token);

        var (type, text) = await ScrapeUntil("/things/{id}", port, "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5");

        Assert.Equal("application/openmetrics-text; version=1.0.0; charset=utf-8", type);
        var duration = Exposition.Read(text)["http_server_request_duration_seconds"];
        Assert.Equal("seconds", duration.Unit);
        Assert.Contains(duration.Samples, sample => sample.Labels.GetValueOrDefault("http_route") == "/things/{id}");
    }

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
        var (_, ours) = await Scrape(port);

        Assert.Contains("vllm:num_requests_running", vllm, StringComparison.Ordinal);
        Assert.DoesNotContain("target_info", vllm, StringComparison.Ordinal);
        Assert.Contains("target_info", ours, StringComparison.Ordinal);
        Assert.DoesNotContain("vllm:", ours, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_comes_to_the_port_is_in_no_trace_and_in_no_count_of_requests()
    {
        var port = ProbeService.FreePort();
        await using var console = await OtlpReceiver.StartAsync();
        await using var service = await ProbeService.StartAsync(port, ("Metrics:Port", $"{port}"), ("Telemetry:ConsoleUrl", console.Url));

        // Meters are the process' own, and other tests' servers count with them: nobody else sends TRACE.
        await Trace($"http://127.0.0.1:{port}/metrics");
        await Scrape(port);
        await service.Client.GetStringAsync("/things/7", Token);
        await Eventually.Holds(() => console.Spans.Any(span => span.Name == "GET /things/{id}"));
        Assert.DoesNotContain(console.Spans, span => span.Kind == 2 && span.Tags.GetValueOrDefault("server.port") == $"{port}");
        Assert.False(IsTraceCounted(await ScrapeUntil("/things/{id}", port)));

        await Trace($"{service.Client.BaseAddress}metrics");
        await Eventually.Holds(() => Scrape(port), IsTraceCounted);

        static bool IsTraceCounted((string, string Text) scrape) =>
            Exposition.Read(scrape.Text).TryGetValue("http_server_request_duration_seconds", out var durations)
                && durations.Samples.Any(sample => sample.Labels["http_request_method"] == "TRACE");

        async Task Trace(string url)
        {
            using var request = new HttpRequestMessage(HttpMethod.Trace, url);
            using var response = await Scraper.SendAsync(request, Token);
            Assert.False(response.IsSuccessStatusCode);
        }
    }

    /// <summary>A request is counted when it has ended, which its client may see before.</summary>
    private static Task<(string Type, string Text)> ScrapeUntil(string text, int port, string? accept = null) =>
        Eventually.Holds(() => Scrape(port, accept), scrape => scrape.Text.Contains(text, StringComparison.Ordinal));

    private static async Task<(string Type, string Text)> Scrape(int port, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}/metrics");
        if (accept is not null)
        {
            request.Headers.Add("Accept", accept);
        }

        using var response = await Scraper.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (response.Content.Headers.ContentType!.ToString(), await response.Content.ReadAsStringAsync(Token));
    }

    /// <summary>What <c>promtool check metrics</c> finds; it must be able to read the text at all.</summary>
    private static async Task<string> PromtoolAsync(string text)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "promtool"))), "promtool is not installed; ./test installs it (Debian package prometheus).");
        using var process = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true })!;
        await using var killed = Token.Register(() => process.Kill());
        var said = process.StandardError.ReadToEndAsync(Token);
        await process.StandardInput.WriteAsync(text);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Token);
        Assert.True(process.ExitCode is 0 or 3, $"Exit code {process.ExitCode}: {await said}"); // 3: read, but not to its taste.
        return await said;
    }

    private static WebApplication Application(Action<WebApplicationBuilder> configure, int port, out ProbeService.Journal journal)
    {
        var builder = ProbeService.Builder(("Metrics:Port", $"{port}"));
        journal = new ProbeService.Journal();
        builder.Logging.AddProvider(journal);
        builder.AddServiceDefaults();
        configure(builder);
        var app = builder.Build();
        app.UseServerSpans();
        return app;
    }
}
