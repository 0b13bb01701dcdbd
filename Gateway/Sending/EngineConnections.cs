using System.Diagnostics.Metrics;
using System.Net;

namespace Orrery.Gateway.Sending;

/// <summary>Opens the connection pool of an endpoint: its own, so that a slow engine cannot take another's connections.</summary>
internal sealed class EngineConnections
{
    private static readonly TimeSpan IdleLifetime = TimeSpan.FromMinutes(1);

    /// <summary>Connections are renewed so that a changed DNS entry is noticed.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    public HttpMessageInvoker Open(TimeSpan connectTimeout) => new(new SocketsHttpHandler
    {
        UseProxy = false,
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
