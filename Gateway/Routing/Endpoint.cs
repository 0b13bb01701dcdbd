namespace Orrery.Gateway.Routing;

/// <summary>One URL of a provider: its connections, its requests in flight and its health. Outlives snapshots.</summary>
internal sealed class Endpoint(string url, HttpMessageInvoker connections, PassiveHealth health)
{
    private readonly Uri[] _addresses = [.. Operation.All.Select(operation => new Uri(url + "/" + operation.Path))];
    private readonly string _root = url.EndsWith("/v1", StringComparison.Ordinal) ? url[..^3] : url;
    private int _inFlight;

    public HttpMessageInvoker Connections { get; } = connections;

    public PassiveHealth Health { get; } = health;

    public int InFlight => Volatile.Read(ref _inFlight);

    public Uri AddressOf(Operation operation) => operation.IsPassThrough ? new Uri(_root + operation.Path) : _addresses[operation.Index];

    /// <summary>Host and port, which is all of the URL that is ever shown.</summary>
    public string Shown { get; } = new Uri(url).Authority;

    /// <summary>Takes the endpoint for one attempt; <c>null</c> when another attempt is already probing it.</summary>
    public EndpointLease? TryTake(Candidate candidate)
    {
        if (!Health.TryEnter(out var isProbe))
        {
            return null;
        }

        return Take(candidate, isProbe);
    }

    /// <summary>Takes the endpoint even though it is ejected: the least bad is better than nothing.</summary>
    public EndpointLease TakeAnyway(Candidate candidate) => Take(candidate, isProbe: false);

    internal void Leave() => Interlocked.Decrement(ref _inFlight);

    private EndpointLease Take(Candidate candidate, bool isProbe)
    {
        Interlocked.Increment(ref _inFlight);
        return new EndpointLease(this, candidate, isProbe);
    }
}

/// <summary>An endpoint taken for one attempt. Disposing gives it back; once is enough and twice does no harm.</summary>
internal sealed class EndpointLease(Endpoint endpoint, Candidate candidate, bool isProbe) : IDisposable
{
    private bool _returned;

    public Endpoint Endpoint { get; } = endpoint;

    public Candidate Candidate { get; } = candidate;

    public void Dispose()
    {
        if (_returned)
        {
            return;
        }

        _returned = true;
        Endpoint.Leave();
        if (isProbe)
        {
            Endpoint.Health.EndProbe();
        }
    }
}
