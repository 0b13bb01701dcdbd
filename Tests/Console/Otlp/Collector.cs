using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orrery.WebConsole;
using Orrery.WebConsole.Otlp;
using Orrery.WebConsole.Stores;

namespace Orrery.Tests.WebConsole.Otlp;

/// <summary>The real Console on real Kestrel, with its collector on a port of its own.</summary>
internal sealed class Collector : IAsyncDisposable
{
    public const string Key = "0123456789abcdef-telemetry";

    private static readonly HttpMessageInvoker Client = new(new SocketsHttpHandler());
    private readonly WebApplication _app;

    private Collector(WebApplication app, Uri url, Uri pages) => (_app, Url, Pages) = (app, url, pages);

    /// <summary>Where telemetry goes.</summary>
    public Uri Url { get; }

    /// <summary>Where people look.</summary>
    public Uri Pages { get; }

    public TraceStore Traces => _app.Services.GetRequiredService<TraceStore>();

    public LogStore Logs => _app.Services.GetRequiredService<LogStore>();

    public MetricStore Metrics => _app.Services.GetRequiredService<MetricStore>();

    public OtlpCounts Counts => _app.Services.GetRequiredService<OtlpCounts>();

    public static Task<Collector> StartAsync(params string[] settings) => StartWithoutKeyAsync([$"--Console:Otlp:Key={Key}", .. settings]);

    public static async Task<Collector> StartWithoutKeyAsync(params string[] settings)
    {
        var (otlp, pages) = (FreePort(), FreePort());
        var app = ConsoleHost.Build(
        [
            $"--urls=http://127.0.0.1:{pages};http://127.0.0.1:{otlp}",
            $"--Console:Otlp:Port={otlp}",
            "--Internal:Key=0123456789abcdef0123456789abcdef",
            "--Logging:LogLevel:Default=Error",
            .. settings,
        ]);
        await app.StartAsync();
        return new(app, new($"http://127.0.0.1:{otlp}"), new($"http://127.0.0.1:{pages}"));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    public Task<HttpResponseMessage> PostAsync(string path, byte[] body, string? key = Key, string? encoding = null, string type = "application/x-protobuf") =>
        SendAsync(new(Url, path), new ByteArrayContent(body), key, encoding, type);

    public static async Task<HttpResponseMessage> SendAsync(Uri url, HttpContent content, string? key = Key, string? encoding = null, string type = "application/x-protobuf")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        if (key is not null)
        {
            request.Headers.Add("x-otlp-api-key", key);
        }

        return await Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
