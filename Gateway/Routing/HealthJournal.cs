using System.Diagnostics.Metrics;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Routing;

/// <summary>Whose health is told.</summary>
/// <param name="Endpoint">Host and port.</param>
internal sealed record EndpointName(string Namespace, string Provider, string Endpoint);

/// <summary>Tells operators of every change of an endpoint's health, once: as log entries and as instruments.</summary>
internal sealed partial class HealthJournal : IDisposable
{
    private readonly ILogger<HealthJournal> _logger;
    private readonly Meter _meter = new(GatewayTelemetry.Name);
    private readonly Counter<long> _ejections;
    private int _out;

    public HealthJournal(ILogger<HealthJournal> logger)
    {
        _logger = logger;
        _ejections = _meter.CreateCounter<long>("orrery.gateway.endpoint.ejections", "{ejection}", "Endpoints taken out of service, by reason");
    }

    /// <summary>Any endpoint at all is out: while none is, nobody looks for one to probe.</summary>
    public bool AnyOut => Volatile.Read(ref _out) > 0;

    public void Count(int change) => Interlocked.Add(ref _out, change);

    /// <summary>Shows the state of each of <paramref name="endpoints"/> whenever somebody collects: 1 for the one it is in.</summary>
    public void Observe(Func<IEnumerable<Endpoint>> endpoints) => _meter.CreateObservableGauge(
        "orrery.gateway.endpoint.state",
        () => endpoints().Select(endpoint => new Measurement<int>(
            1,
            new("orrery.namespace", endpoint.Name.Namespace),
            new("orrery.provider", endpoint.Name.Provider),
            new("orrery.endpoint", endpoint.Name.Endpoint),
            new("orrery.endpoint.state", endpoint.Health.State.Text()))),
        "{endpoint}", "Endpoints by the state they are in");

    public void Tell(EndpointName name, in HealthChange change)
    {
        switch (change.Kind)
        {
            case HealthChangeKind.Ejected:
                _ejections.Add(1, new("orrery.provider", name.Provider), new("orrery.endpoint", name.Endpoint), new("orrery.reason", change.Cause.ToString()));
                if (change.IsAgain)
                {
                    Log.EjectedAgain(_logger, name.Endpoint, name.Namespace, name.Provider, change.Duration, change.Cause);
                }
                else
                {
                    Log.Ejected(_logger, name.Endpoint, name.Namespace, name.Provider, change.Duration, change.Cause, change.Why);
                }

                break;
            case HealthChangeKind.Down:
                _ejections.Add(1, new("orrery.provider", name.Provider), new("orrery.endpoint", name.Endpoint), new("orrery.reason", "HealthCheck"));
                Log.Down(_logger, name.Endpoint, name.Namespace, name.Provider, change.Why);
                break;
            case HealthChangeKind.Back:
                Log.Back(_logger, name.Endpoint, name.Namespace, name.Provider, change.Why);
                break;
        }
    }

    public void Dispose() => _meter.Dispose();

    private static partial class Log
    {
        [LoggerMessage(601, LogLevel.Warning, "Endpoint {Endpoint} of provider {Namespace}/{Provider} gets no requests for {Duration}: {Cause}, {Why}. Then one request probes it", EventName = "EndpointEjected")]
        public static partial void Ejected(ILogger logger, string endpoint, string @namespace, string provider, TimeSpan duration, SendErrorKind cause, string why);

        [LoggerMessage(602, LogLevel.Debug, "Endpoint {Endpoint} of provider {Namespace}/{Provider} failed its probe ({Cause}): no requests for another {Duration}", EventName = "EndpointEjectedAgain")]
        public static partial void EjectedAgain(ILogger logger, string endpoint, string @namespace, string provider, TimeSpan duration, SendErrorKind cause);

        [LoggerMessage(603, LogLevel.Warning, "Endpoint {Endpoint} of provider {Namespace}/{Provider} gets no requests until its health check succeeds: {Why}", EventName = "EndpointDown")]
        public static partial void Down(ILogger logger, string endpoint, string @namespace, string provider, string why);

        [LoggerMessage(604, LogLevel.Information, "Endpoint {Endpoint} of provider {Namespace}/{Provider} is back in service: {Why}", EventName = "EndpointBack")]
        public static partial void Back(ILogger logger, string endpoint, string @namespace, string provider, string why);
    }
}

internal enum HealthChangeKind
{
    None,
    Ejected,
    Down,
    Back,
}

/// <param name="IsAgain">It was out already.</param>
internal readonly record struct HealthChange(HealthChangeKind Kind, string Why, SendErrorKind Cause = default, TimeSpan Duration = default, bool IsAgain = false);
