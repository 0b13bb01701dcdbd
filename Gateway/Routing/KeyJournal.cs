using System.Diagnostics.Metrics;

namespace Orrery.Gateway.Routing;

/// <summary>Which key is told of, without the key.</summary>
/// <param name="Source">The Secret and the key in it: <c>vendor/token-2</c>.</param>
internal sealed record KeyName(string Namespace, string Provider, string Source);

/// <summary>Tells operators of every change of a provider's keys, once: as log entries and as instruments.</summary>
internal sealed partial class KeyJournal : IDisposable
{
    private readonly ILogger<KeyJournal> _logger;
    private readonly Meter _meter = new(GatewayTelemetry.Name);
    private readonly Counter<long> _pauses;

    public KeyJournal(ILogger<KeyJournal> logger)
    {
        _logger = logger;
        _pauses = _meter.CreateCounter<long>("orrery.gateway.provider_key.pauses", "{pause}", "Providers' keys set aside, by reason");
    }

    /// <summary>Shows the state of each of <paramref name="keys"/> whenever somebody collects: 1 for the one it is in.</summary>
    public void Observe(Func<IEnumerable<KeyHealth>> keys) => _meter.CreateObservableGauge(
        "orrery.gateway.provider_key.state",
        () => keys().Select(key => new Measurement<int>(
            1,
            new("orrery.namespace", key.Name.Namespace),
            new("orrery.provider", key.Name.Provider),
            new("orrery.provider_key", key.Name.Source),
            new("orrery.provider_key.state", KeyHealth.Text(key.State)))),
        "{key}", "Keys of providers that have several, by the state they are in");

    public void Paused(KeyName name, bool isRefused, TimeSpan duration, string why)
    {
        _pauses.Add(1, new("orrery.provider", name.Provider), new("orrery.provider_key", name.Source), new("orrery.reason", isRefused ? "Refused" : "Throttled"));
        if (isRefused)
        {
            Log.Refused(_logger, name.Source, name.Namespace, name.Provider, duration, why);
        }
        else
        {
            Log.Cooling(_logger, name.Source, name.Namespace, name.Provider, duration, why);
        }
    }

    public void Back(KeyName name, string why) => Log.Back(_logger, name.Source, name.Namespace, name.Provider, why);

    public void Dispose() => _meter.Dispose();

    private static partial class Log
    {
        [LoggerMessage(621, LogLevel.Warning, "The key {Key} of provider {Namespace}/{Provider} is not used for {Duration}: the provider refused it ({Why}). Then one request tries it; renew it in its Secret", EventName = "ProviderKeyRefused")]
        public static partial void Refused(ILogger logger, string key, string @namespace, string provider, TimeSpan duration, string why);

        [LoggerMessage(622, LogLevel.Information, "The key {Key} of provider {Namespace}/{Provider} is not used for {Duration}: the provider takes no more requests with it ({Why})", EventName = "ProviderKeyCooling")]
        public static partial void Cooling(ILogger logger, string key, string @namespace, string provider, TimeSpan duration, string why);

        [LoggerMessage(623, LogLevel.Information, "The key {Key} of provider {Namespace}/{Provider} is used again: {Why}", EventName = "ProviderKeyBack")]
        public static partial void Back(ILogger logger, string key, string @namespace, string provider, string why);
    }
}
