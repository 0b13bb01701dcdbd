using System.Diagnostics.Metrics;
using System.Net;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Gateway.Sending;

/// <summary>Opens the connection pool of an endpoint: its own, so that a slow engine cannot take another's connections.</summary>
internal sealed class EngineConnections(EgressDialers dialers)
{
    private static readonly TimeSpan IdleLifetime = TimeSpan.FromMinutes(1);

    /// <summary>Connections are renewed so that a changed DNS entry is noticed.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    /// <param name="route">What the provider says of its connections.</param>
    public HttpMessageInvoker Open(TimeSpan connectTimeout, EgressRoute route) => new(new SocketsHttpHandler
    {
        UseProxy = false, // The dialer knows the proxies, and TLS.
        ConnectCallback = dialers.For(route).ConnectAsync,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null, // EngineRequest says which trace the engine belongs to.
        MeterFactory = new Unheard(),
        ConnectTimeout = connectTimeout,
        PooledConnectionIdleTimeout = IdleLifetime,
        PooledConnectionLifetime = Lifetime,
        MaxConnectionsPerServer = int.MaxValue,
    });

    /// <summary>
    /// The framework's own instruments take as long as all of ours, and tell less: ours know the model and the provider. So theirs have a name that nobody listens to.
    /// </summary>
    private sealed class Unheard : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new("Orrery-unheard");

        public void Dispose()
        {
            // Meters go with the handler's pool.
        }
    }
}
