using System.Diagnostics;
using System.Net;
using System.Text;
using Orrery.Gateway;

namespace Orrery.Tests.ServiceDefaults;

/// <summary>
/// <c>/metrics</c> of a gateway that is a process of its own: meters are a process', and where several servers share one, a server that ends
/// takes the others' instruments of the same name with it.
/// </summary>
public sealed class MetricsProcessTests : IAsyncLifetime
{
    private readonly string _data = Path.Combine(Path.GetTempPath(), $"orrery-tests-{Guid.CreateVersion7():N}");
    private readonly int _port = ProbeService.FreePort();
    private readonly int _metricsPort = ProbeService.FreePort();
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false });
    private readonly StringBuilder _output = new();
    private Process _gateway = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _gateway = Process.Start(new ProcessStartInfo("dotnet",
        [
            typeof(GatewayOptions).Assembly.Location,
            $"--urls=http://127.0.0.1:{_port};http://127.0.0.1:{_metricsPort}",
            $"--Metrics:Port={_metricsPort}",
            "--Internal:Key=internal-key-of-the-tests-0123456789",
            "--Secrets:Key=secrets-key-of-the-tests-01234567890",
            "--services:catalogue:http:0=http://127.0.0.1:1",
            $"--Gateway:DataDirectory={_data}",
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _gateway.OutputDataReceived += (_, line) => Keep(line.Data);
        _gateway.ErrorDataReceived += (_, line) => Keep(line.Data);
        _gateway.BeginOutputReadLine();
        _gateway.BeginErrorReadLine();
        await Eventually.Holds(() => Read().Contains("Application started.", StringComparison.Ordinal) || _gateway.HasExited);
        Assert.False(_gateway.HasExited, Read());
    }

    public async ValueTask DisposeAsync()
    {
        _gateway.Kill();
        await _gateway.WaitForExitAsync(CancellationToken.None);
        _gateway.Dispose();
        _client.Dispose();
        if (Directory.Exists(_data))
        {
            Directory.Delete(_data, recursive: true);
        }
    }

    [Fact]
    public async Task Prometheus_own_checker_finds_no_fault()
    {
        await _client.GetStringAsync($"http://127.0.0.1:{_port}/health/live", Token);
        using (var unready = await _client.PostAsync($"http://127.0.0.1:{_port}/v1/chat/completions", new StringContent("{}"), Token))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, unready.StatusCode);
        }

        var (type, text) = await ScrapeUntil("/health/live");

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", type);
        var families = Exposition.Read(text);
        Assert.Equal("histogram", families["http_server_request_duration_seconds"].Type);
        Assert.Equal("counter", families["dotnet_gc_collections_total"].Type);
        Assert.Equal("Orrery.Gateway", families["target_info"].Only.Labels["service_name"]);
        Assert.Equal("Orrery.Gateway", families["orrery_gateway_buffers"].Only.Labels["otel_scope_name"]);

        // .NET's own instruments end in _count (OpenTelemetry's conventions name them); the checker would rather not have that.
        var faults = (await PromtoolAsync(text)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.DoesNotContain(faults, fault => !(fault.StartsWith("dotnet_", StringComparison.Ordinal) && fault.EndsWith("should not have \"_count\" suffix", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Who_asks_for_OpenMetrics_gets_it()
    {
        await _client.GetStringAsync($"http://127.0.0.1:{_port}/health/live", Token);

        var (type, text) = await ScrapeUntil("/health/live", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5");

        Assert.Equal("application/openmetrics-text; version=1.0.0; charset=utf-8", type);
        Assert.Equal("seconds", Exposition.Read(text)["http_server_request_duration_seconds"].Unit);
    }

    [Fact]
    public async Task Scrapes_are_not_among_the_requests_that_are_counted()
    {
        for (var i = 0; i < 5; i++)
        {
            await Scrape(null);
        }

        await _client.GetStringAsync($"http://127.0.0.1:{_port}/health/live", Token);

        var (_, text) = await ScrapeUntil("/health/live");
        var counts = Exposition.Read(text)["http_server_request_duration_seconds"].Samples.Where(sample => sample.Name.EndsWith("_count", StringComparison.Ordinal));
        Assert.Equal(("/health/live", 1), counts.Select(sample => (sample.Labels["http_route"], sample.Value)).Single());
    }

    /// <summary>A request is counted when it has ended, which its client may see before.</summary>
    private Task<(string Type, string Text)> ScrapeUntil(string text, string? accept = null) =>
        Eventually.Holds(() => Scrape(accept), scrape => scrape.Text.Contains(text, StringComparison.Ordinal));

    private async Task<(string Type, string Text)> Scrape(string? accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{_metricsPort}/metrics");
        if (accept is not null)
        {
            request.Headers.Add("Accept", accept);
        }

        using var response = await _client.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (response.Content.Headers.ContentType!.ToString(), await response.Content.ReadAsStringAsync(Token));
    }

    /// <summary>What <c>promtool check metrics</c> finds; it must be able to read the text at all.</summary>
    private static async Task<string> PromtoolAsync(string text)
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "promtool"))),
            "promtool is not installed; ./test installs it (Debian package prometheus).");
        using var process = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        await using var killed = Token.Register(() => process.Kill());
        var said = process.StandardError.ReadToEndAsync(Token);
        await process.StandardInput.WriteAsync(text);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Token);
        Assert.True(process.ExitCode is 0 or 3, $"Exit code {process.ExitCode}: {await said}"); // 3: read, but not to its taste.
        return await said;
    }

    private void Keep(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }

    private string Read()
    {
        lock (_output)
        {
            return _output.ToString();
        }
    }
}
