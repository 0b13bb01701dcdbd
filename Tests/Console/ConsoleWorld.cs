using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orrery.Tests.ServiceDefaults;
using Orrery.WebConsole;
using Orrery.WebConsole.History;
using Orrery.WebConsole.Stores;

namespace Orrery.Tests.WebConsole;

/// <summary>A real Console on free ports, with nobody beside it: the Catalogue it is told of does not answer, so the first key opens it.</summary>
internal sealed class ConsoleWorld : IAsyncDisposable
{
    public const string FirstKey = "ork_1111111111111111111111111111111111111111";
    public const string CollectorKey = "telemetry-key-of-the-tests-0123456789";

    private readonly WebApplication _app;

    private ConsoleWorld(WebApplication app, int port, int collectorPort)
    {
        _app = app;
        Url = new Uri($"http://127.0.0.1:{port}");
        Collector = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{collectorPort}") };
        Collector.DefaultRequestHeaders.Add("x-otlp-api-key", CollectorKey);
    }

    public Uri Url { get; }

    /// <summary>Talks to the collector's port, with its key.</summary>
    public HttpClient Collector { get; }

    public TraceStore Traces => _app.Services.GetRequiredService<TraceStore>();

    public LogStore Logs => _app.Services.GetRequiredService<LogStore>();

    public MetricStore Metrics => _app.Services.GetRequiredService<MetricStore>();

    public HistoryQueue History => _app.Services.GetRequiredService<HistoryQueue>();

    public static async Task<ConsoleWorld> StartAsync(params string[] settings)
    {
        var (port, collector) = (ProbeService.FreePort(), ProbeService.FreePort());
        var app = ConsoleHost.Build(
        [
            $"--urls=http://127.0.0.1:{port};http://127.0.0.1:{collector}",
            $"--Console:Otlp:Port={collector}",
            $"--Console:Otlp:Key={CollectorKey}",
            $"--Console:FirstKey={FirstKey}",
            "--Internal:Key=internal-key-of-the-tests-0123456789",
            "--services:catalogue:http:0=http://127.0.0.1:9",
            "--Logging:LogLevel:Default=Error",
            .. settings,
        ]);
        await app.StartAsync();
        return new(app, port, collector);
    }

    /// <summary>A reader that follows no redirect; signed in where a key is given.</summary>
    public async Task<HttpClient> ReaderAsync(string? key = FirstKey)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, CookieContainer = new CookieContainer() }) { BaseAddress = Url };
        client.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        if (key is not null)
        {
            using var form = new FormUrlEncodedContent([new("key", key), new("next", "/")]);
            using var answer = await client.PostAsync("/sign-in", form, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        }

        return client;
    }

    public async ValueTask DisposeAsync()
    {
        Collector.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
