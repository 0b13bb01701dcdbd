using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Routing;

/// <summary>One URL of a provider: its connections, its requests in flight, its health and its latency. Outlives snapshots.</summary>
internal sealed class Endpoint(string url, EndpointName name, HttpMessageInvoker connections, EndpointHealth health, TimeProvider time)
{
    private readonly Uri[] _addresses = [.. Operation.All.Select(operation => new Uri(url + "/" + operation.Path))];
    private OtherAddress? _other;
    private readonly string _root = url.EndsWith("/v1", StringComparison.Ordinal) ? url[..^3] : url;
    private int _inFlight;

    /// <summary>The base URL, never shown.</summary>
    public string Url { get; } = url;

    public EndpointName Name { get; } = name;

    public HttpMessageInvoker Connections { get; } = connections;

    public EndpointHealth Health { get; } = health;

    /// <summary>Measured where the provider balances by it.</summary>
    public LatencyEstimate Latency { get; } = new(time);

    /// <summary>The same for this URL in every gateway.</summary>
    public ulong Hash { get; } = Routing.Hash.Of(url);

    public int InFlight => Volatile.Read(ref _inFlight);

    public Uri AddressOf(Operation operation) => operation.IsRooted ? new Uri(_root + operation.Path) : _addresses[operation.Index];

    /// <summary>The address of an engine's own path below the base URL; the last one asked for is kept.</summary>
    public Uri AddressOf(string path)
    {
        var other = _other;
        if (other?.Path != path)
        {
            _other = other = new OtherAddress(path, new Uri(Url + "/" + path));
        }

        return other.Address;
    }

    /// <summary>Below the base URL, or with a leading slash from the server's root.</summary>
    public Uri AddressOfOwn(string path) => new(path.StartsWith('/') ? _root + path : Url + "/" + path);

    /// <summary>Host and port, which is all of the URL that is ever shown.</summary>
    public string Shown => Name.Endpoint;

    /// <summary>Takes the endpoint for one attempt; <c>null</c> when it is ejected, or another attempt is already probing it.</summary>
    public EndpointLease? TryTake(Candidate candidate) => Health.TryEnter(out var ticket) ? Take(candidate, ticket) : null;

    /// <summary>Takes the endpoint even though it is ejected: the least bad is better than nothing.</summary>
    public EndpointLease TakeAnyway(Candidate candidate) => Take(candidate, Health.Enter());

    internal void Leave() => Interlocked.Decrement(ref _inFlight);

    /// <summary>An attempt that began at <paramref name="started"/> is over.</summary>
    internal void Measure(long started, long? firstToken, SendError? error)
    {
        // Of a stream only the way to its first token says how busy the engine is; a caller who left before it says nothing.
        if (firstToken is { } first && first >= started)
        {
            Latency.Observe(time.GetElapsedTime(started, first), isFailure: false);
        }
        else if (error is null || error.Blame != Blame.Nobody)
        {
            Latency.Observe(time.GetElapsedTime(started), isFailure: error is not null);
        }
    }

    private EndpointLease Take(Candidate candidate, HealthTicket ticket)
    {
        Interlocked.Increment(ref _inFlight);
        return new EndpointLease(this, candidate, ticket, candidate.Provider.Balancing.MeasuresLatency ? time.GetTimestamp() : 0);
    }

    private sealed record OtherAddress(string Path, Uri Address);
}

/// <summary>An endpoint taken for one attempt. Disposing gives it back and must happen once: it is a value, so that taking one allocates nothing.</summary>
/// <param name="started">When, where the provider balances by latency; else 0.</param>
internal readonly struct EndpointLease(Endpoint endpoint, Candidate candidate, HealthTicket ticket, long started) : IDisposable
{
    public Endpoint Endpoint { get; } = endpoint;

    public Candidate Candidate { get; } = candidate;

    /// <summary>The attempt is the one by which an ejected endpoint is judged anew.</summary>
    public bool IsProbe => ticket.IsProbe;

    /// <summary>The engine has begun to answer with 200.</summary>
    public void Answers() => Endpoint.Health.Answers(ticket);

    /// <summary>Tells how the attempt went; <c>null</c>: well.</summary>
    /// <param name="firstToken">When the first content went out, if it did.</param>
    public void Ended(SendError? error, long? firstToken)
    {
        if (error is not { Kind: SendErrorKind.Throttled } || Candidate.Provider.Access.Keys is null)
        {
            Endpoint.Health.Report(error, ticket); // With several keys it is a key that is throttled.
        }

        if (started != 0)
        {
            Endpoint.Measure(started, firstToken, error);
        }
    }

    public void Dispose()
    {
        Endpoint.Leave();
        Endpoint.Health.Leave(ticket);
    }
}
