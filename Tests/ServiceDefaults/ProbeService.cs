using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Orrery.Tests.ServiceDefaults;

/// <summary>A service that has nothing but the defaults, on real sockets, and what it logged.</summary>
internal sealed class ProbeService : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Journal _journal;

    private ProbeService(WebApplication app, Journal journal)
    {
        (_app, _journal) = (app, journal);
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Client { get; }

    public IReadOnlyCollection<(LogLevel Level, string? Event, string Text)> Log => _journal.Lines;

    public ILogger Logger => _app.Logger;

    /// <param name="metricsPort">The service listens there too.</param>
    /// <param name="settings">Of its configuration.</param>
    public static async Task<ProbeService> StartAsync(int? metricsPort, params (string Key, string? Value)[] settings)
    {
        var journal = new Journal();
        var builder = Builder(settings);
        builder.WebHost.UseUrls(metricsPort is { } port ? $"http://127.0.0.1:0;http://127.0.0.1:{port}" : "http://127.0.0.1:0");
        builder.Logging.AddProvider(journal);
        builder.AddServiceDefaults();
        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapGet("/things/{id}", (string id) => id);
        await app.StartAsync();
        return new ProbeService(app, journal);
    }

    public static WebApplicationBuilder Builder(params (string Key, string? Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Environment.EnvironmentName = "Development";
        builder.Configuration.AddInMemoryCollection(settings.GroupBy(one => one.Key).Select(same => KeyValuePair.Create(same.Key, same.Last().Value)));
        return builder;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>Keeps what is logged.</summary>
    internal sealed class Journal : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<(LogLevel Level, string? Event, string Text)> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => NullLogger.Instance.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue((logLevel, eventId.Name, formatter(state, exception)));

        public void Dispose()
        {
        }
    }
}
