using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Orrery.Contracts;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Translation;
using Endpoint = Orrery.Gateway.Routing.Endpoint;

namespace Orrery.Tests.Gateway.Routing;

/// <summary>Endpoints, picker and health as in the gateway, on a clock and dice that a test holds; nothing is sent.</summary>
internal sealed class Fleet : IDisposable
{
    private readonly HttpMessageInvoker _connections = new(new SocketsHttpHandler());
    private readonly Entries _entries = new();

    public Fleet(ulong seed = 1)
    {
        Journal = new HealthJournal(_entries);
        Picker = new EndpointPicker(new Dice(seed), Journal, Time);
    }

    public ManualTime Time { get; } = new();

    public HealthJournal Journal { get; }

    public EndpointPicker Picker { get; }

    /// <summary>What was logged: event names.</summary>
    public IReadOnlyCollection<string> Log => _entries.All;

    public Endpoint Endpoint(string host, string provider = "p")
    {
        var name = new EndpointName("default", provider, host);
        return new Endpoint($"http://{host}/v1", name, _connections, new EndpointHealth(name, Journal, EjectionRules.Default, Time), Time);
    }

    public static Candidate Candidate(BalancingSpec? balancing, params WeightedEndpoint[] endpoints) => new(
        new ProviderRoute
        {
            Spec = GatewayWorld.Provider("p") with { Balancing = balancing },
            Adapter = new VllmAdapter(),
            Fault = null,
            Endpoints = endpoints,
            RequestTimeout = default,
            IdleTimeout = default,
            TotalTimeout = default,
        },
        "m",
        new Latency(TimeProvider.System));

    /// <summary>A plan of one provider with endpoints of these weights: <c>h0</c>, <c>h1</c>, …</summary>
    public RoutePlan Plan(BalancingSpec? balancing, params int[] weights) =>
        new([Candidate(balancing, [.. weights.Select((weight, i) => new WeightedEndpoint(Endpoint($"h{i}"), weight))])]);

    public static Asked Session(string session) => new(null, new HeaderDictionary { [OrreryHeaders.Session] = session });

    /// <summary>One request's first choice, given back at once.</summary>
    public Endpoint PickOnce(RoutePlan plan, Asked asked = default)
    {
        var tried = new TriedEndpoints();
        using var lease = Picker.TryTake(plan, asked, ref tried)!.Value;
        return lease.Endpoint;
    }

    public static SendError Error(SendErrorKind kind, TimeSpan? retryAfter = null) => new(kind, "p", "failed") { RetryAfter = retryAfter };

    public void Dispose()
    {
        _connections.Dispose();
        Journal.Dispose();
    }

    private sealed class Entries : ILogger<HealthJournal>
    {
        public ConcurrentQueue<string> All { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                All.Enqueue(eventId.Name!);
            }
        }
    }
}
