using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Orrery.Tests.ServiceDefaults.Egress;

/// <summary>A real HTTP server on a port of its own, with TLS where it has a certificate.</summary>
internal sealed class TlsServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TlsServer(WebApplication app) => _app = app;

    public int Port => new Uri(_app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First()).Port;

    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The names that clients asked for in TLS.</summary>
    public ConcurrentQueue<string> Names { get; } = new();

    public static async Task<TlsServer> StartAsync(X509Certificate2? certificate, RequestDelegate? script = null, IPAddress? address = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        TlsServer? server = null;
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(address ?? IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(https => https.ServerCertificateSelector = (_, name) =>
                {
                    server!.Names.Enqueue(name ?? "");
                    return certificate;
                });
            }
        }));
        server = new TlsServer(builder.Build());
        server._app.Run(async http =>
        {
            server.Requests.Enqueue($"{http.Request.Method} {http.Request.Host} {http.Request.Path}");
            await (script?.Invoke(http) ?? http.Response.WriteAsync("hello"));
        });
        await server._app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
