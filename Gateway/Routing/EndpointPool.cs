using System.Collections.Concurrent;
using Orrery.Gateway.Sending;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Gateway.Routing;

/// <summary>Every endpoint that a snapshot names, so that connections, counts and health outlive the snapshot.</summary>
internal sealed class EndpointPool
{
    private readonly ConcurrentDictionary<(string Namespace, string Provider, string Url, TimeSpan ConnectTimeout, EgressRoute Route), Endpoint> _endpoints = new();
    private readonly EngineConnections _connections;
    private readonly HealthJournal _journal;
    private readonly TimeProvider _time;

    public EndpointPool(EngineConnections connections, HealthJournal journal, TimeProvider time)
    {
        (_connections, _journal, _time) = (connections, journal, time);
        journal.Observe(() => _endpoints.Values);
    }

    /// <summary>Requests in flight over all endpoints.</summary>
    public int InFlight => _endpoints.Values.Sum(endpoint => endpoint.InFlight);

    public Endpoint Get(string @namespace, string provider, string url, TimeSpan connectTimeout, EgressRoute route) =>
        _endpoints.GetOrAdd(
            (@namespace, provider, url, connectTimeout, route),
            static (key, pool) => pool.Open(new EndpointName(key.Namespace, key.Provider, new Uri(key.Url).Authority), key.Url, key.ConnectTimeout, key.Route),
            this);

    /// <summary>Forgets the endpoints that no provider has any more.</summary>
    /// <remarks>
    /// They are not disposed of: requests of the old snapshot still use them. With the last of these the connection pool is
    /// unreachable, its idle connections reach their lifetime, and the collector takes it.
    /// </remarks>
    public void Keep(IEnumerable<Endpoint> used)
    {
        var kept = used.ToHashSet();
        foreach (var (key, endpoint) in _endpoints)
        {
            if (!kept.Contains(endpoint))
            {
                _endpoints.TryRemove(key, out _);
                endpoint.Health.Forget();
            }
        }
    }

    private Endpoint Open(EndpointName name, string url, TimeSpan connectTimeout, EgressRoute route) =>
        new(url, name, _connections.Open(connectTimeout, route), new EndpointHealth(name, _journal, EjectionRules.Default, _time), _time);
}
