using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Tests.ServiceDefaults.Egress;

/// <summary>The way out as services set it up, with a resolver whose answers the test gives.</summary>
internal sealed class EgressWorld : IDisposable, IEgressResolver
{
    private readonly IHost _host;
    private readonly List<HttpMessageInvoker> _clients = [];

    /// <param name="settings">Such as <c>Gateway:Egress:AllowLoopback=true</c>.</param>
    public EgressWorld(params string[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = "Production" });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => setting.Split('=', 2)).Select(pair => KeyValuePair.Create(pair[0], (string?)pair[1])));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IEgressResolver>(this);
        builder.AddEgress();
        builder.AddRegistries();
        builder.Logging.AddProvider(Logged);
        _host = builder.Build();
    }

    public LogLines Logged { get; } = new();

    /// <summary>Names that were looked up, and the answers: one after the other, the last for ever.</summary>
    public ConcurrentQueue<string> LookUps { get; } = new();

    public Dictionary<string, Queue<string[]>> Answers { get; } = [];

    public RegistryReader Registries => _host.Services.GetRequiredService<RegistryReader>();

    public RegistryEgress Egress => _host.Services.GetRequiredService<RegistryEgress>();

    public RegistryClient Registry => _host.Services.GetRequiredService<RegistryClient>();

    public EgressDialers Dialers => _host.Services.GetRequiredService<EgressDialers>();

    public void Answer(string name, params string[] addresses)
    {
        Answers.TryAdd(name, new());
        Answers[name].Enqueue(addresses);
    }

    /// <summary>GETs <paramref name="url"/> as the gateway does, over a connection of its own.</summary>
    public Task<string> GetAsync(string url, EgressRoute? route = null) => GetAsync(url, Dialers.For(route ?? EgressRoute.Default));

    public async Task<string> GetAsync(string url, EgressDialer dialer)
    {
        var client = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false, ConnectCallback = dialer.ConnectAsync, ConnectTimeout = TimeSpan.FromSeconds(5) });
        _clients.Add(client);
        using var request = new HttpRequestMessage(HttpMethod.Get, url) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>Why <see cref="GetAsync(string, EgressRoute?)"/> fails.</summary>
    public async Task<EgressException> FaultOfAsync(string url, EgressRoute? route = null)
    {
        var error = await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(url, route));
        return Assert.IsType<EgressException>(error.InnerException);
    }

    public Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellationToken)
    {
        LookUps.Enqueue(name);
        if (!Answers.TryGetValue(name, out var answers))
        {
            return Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
        }

        var answer = answers.Count > 1 ? answers.Dequeue() : answers.Peek();
        return Task.FromResult(answer.Select(IPAddress.Parse).ToArray());
    }

    public void Dispose()
    {
        _clients.ForEach(client => client.Dispose());
        _host.Dispose();
    }

    internal sealed class LogLines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue(formatter(state, exception) + exception);

        public void Dispose()
        {
        }
    }
}
