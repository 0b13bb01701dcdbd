using System.Net;
using System.Net.Http.Headers;
using Orrery.Contracts;

namespace Orrery.ServiceDefaults.Egress;

/// <summary>
/// Asks servers outside that are no providers: registries, hubs. The same rule holds for them and for wherever they redirect to, after the look-up of each name;
/// a credential goes to the host that it was given for and no further.
/// </summary>
public sealed class EgressClient : IDisposable
{
    private const int MostRedirections = 5;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A server that does not know <c>Expect: 100-continue</c> is sent the body after this.</summary>
    private static readonly TimeSpan ExpectTimeout = TimeSpan.FromSeconds(2);

    private readonly EgressPolicy _policy;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _client;

    public EgressClient(EgressDialers dialers, EgressPolicy policy, TimeProvider time)
        : this(dialers, policy, time, EgressRoute.Default)
    {
    }

    /// <param name="route">What is said of the connections beside what holds for all.</param>
    internal EgressClient(EgressDialers dialers, EgressPolicy policy, TimeProvider time, EgressRoute route)
    {
        (_policy, _time) = (policy, time);
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false, // The dialer goes through the operator's.
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = ConnectTimeout,
            Expect100ContinueTimeout = ExpectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            ConnectCallback = dialers.For(route).ConnectAsync,
        });
    }

    /// <summary>Runs a conversation with <paramref name="server"/>, and says why where it comes to nothing.</summary>
    /// <param name="within">How long it may take in all.</param>
    public async Task<(T? Found, RemoteFault? Fault)> TryAsync<T>(string server, TimeSpan within, Func<CancellationToken, Task<T>> converse, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return (await RunAsync(server, within, converse, cancellationToken), null);
        }
        catch (RemoteFailure failure)
        {
            return (null, failure.Fault);
        }
    }

    /// <summary>The same for one step of several: why it comes to nothing is thrown.</summary>
    /// <exception cref="RemoteFailure">It comes to nothing.</exception>
    public async Task<T> RunAsync<T>(string server, TimeSpan within, Func<CancellationToken, Task<T>> converse, CancellationToken cancellationToken)
    {
        using var clock = new CancellationTokenSource(within, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, clock.Token);
        try
        {
            return await converse(limit.Token);
        }
        catch (Exception error) when (FaultOf(error, server, within, cancellationToken) is { } fault)
        {
            throw new RemoteFailure(fault);
        }
    }

    /// <summary>What an error in a conversation with <paramref name="server"/> means; <c>null</c>: it is none of the server's or of the way there.</summary>
    /// <param name="within">How long it was waited for.</param>
    /// <param name="cancellationToken">The caller's own: what it ended is no fault.</param>
    internal static RemoteFault? FaultOf(Exception error, string server, TimeSpan within, CancellationToken cancellationToken) => error switch
    {
        RemoteFailure failure => failure.Fault,
        EgressException refusal => RemoteFault.Of(refusal),
        HttpRequestException { InnerException: EgressException refusal } => RemoteFault.Of(refusal),
        OperationCanceledException when cancellationToken.IsCancellationRequested => null,
        OperationCanceledException { InnerException: TimeoutException } => new RemoteFault(
            RemoteFault.Connection, EgressCauses.ConnectTimeout, $"no connection to {server} within {ConnectTimeout.TotalSeconds} s",
            "Is there a route, and does a firewall or a NetworkPolicy let it through?"),
        OperationCanceledException => new RemoteFault(
            RemoteFault.Connection, RemoteCauses.Timeout, FormattableString.Invariant($"{server} has not answered within {within.TotalSeconds:0.###} s"),
            "Is it overloaded, or does something on the way swallow what it sends? Try again."),
        HttpRequestException or IOException => new RemoteFault(
            RemoteFault.Connection, RemoteCauses.ConnectionClosed, $"{server} closed the connection without a whole answer in HTTP",
            "Is it an HTTP server that listens there, and does its log say why it hung up?"),
        _ => null,
    };

    /// <param name="authorization">The header's value; <c>null</c>: none is sent.</param>
    /// <param name="longest">Bytes of the body that are read; the rest is left.</param>
    public Task<EgressReply> SendAsync(HttpMethod method, Uri url, string? authorization, string accept, int longest, CancellationToken cancellationToken) =>
        SendAsync(new EgressRequest(method, url) { Authorization = authorization, Accept = accept }, longest, cancellationToken);

    /// <param name="longest">Bytes of the body that are read; the rest is left.</param>
    public async Task<EgressReply> SendAsync(EgressRequest asked, int longest, CancellationToken cancellationToken)
    {
        using var response = await OpenAsync(asked, cancellationToken);
        return await ReadAsync(response, longest, cancellationToken);
    }

    /// <summary>Asks, and leaves the body to be read as it comes. Redirections are followed; a body of ours goes on with 307 and 308 alone.</summary>
    public async Task<HttpResponseMessage> OpenAsync(EgressRequest asked, CancellationToken cancellationToken)
    {
        for (var (target, hops) = (asked.Url, 0); ; hops++)
        {
            Require(target, asked.Url);
            using var request = asked.For(target);
            var response = await _client.SendAsync(request, cancellationToken);
            if (!LeadsOn(response, asked.Content is not null) || response.Headers.Location is not { } location)
            {
                return response;
            }

            response.Dispose();
            if (hops == MostRedirections)
            {
                throw new RemoteFailure(new RemoteFault(
                    RemoteFault.Connection, RemoteCauses.Redirected, $"{asked.Url.Authority} redirects more than {MostRedirections} times", "Does one redirection lead back to another?"));
            }

            target = new Uri(target, location);
        }
    }

    /// <summary>The whole answer, with at most <paramref name="longest"/> bytes of its body.</summary>
    internal async Task<EgressReply> ReadAsync(HttpResponseMessage response, int longest, CancellationToken cancellationToken) => new(
        (int)response.StatusCode, response.Headers, response.Content.Headers.ContentType?.MediaType, await ReadBodyAsync(response, longest, cancellationToken), _time.GetUtcNow());

    public void Dispose() => _client.Dispose();

    /// <summary>The rule for a URL, so that what a redirection leads to is named as that.</summary>
    private void Require(Uri target, Uri first)
    {
        var fault = _policy.CheckUrl(target.AbsoluteUri);
        if (fault is null && first.Scheme == Uri.UriSchemeHttps && target.Scheme != Uri.UriSchemeHttps)
        {
            fault = new EgressFault(EgressCauses.HttpsRequired, "an https:// URL", "that is plain http", "Ask whoever runs this server why it sends its callers there.");
        }

        if (fault is not null)
        {
            throw ReferenceEquals(target, first)
                ? EgressException.Of(fault)
                : new RemoteFailure(new RemoteFault(
                    RemoteFault.Connection, fault.Cause, $"{first.Authority} redirects to '{target.Authority.Cut(253)}', which is not followed: {fault.Reason}",
                    "Ask whoever runs this server why it sends its callers there."));
        }
    }

    private static bool LeadsOn(HttpResponseMessage response, bool hasBody) => response.StatusCode switch
    {
        HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect => true,
        HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther => !hasBody,
        _ => false,
    };

    private static async Task<byte[]> ReadBodyAsync(HttpResponseMessage response, int longest, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var body = new MemoryStream();
        var buffer = new byte[16 << 10];
        for (int read; body.Length < longest && (read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, longest - body.Length)), cancellationToken)) > 0;)
        {
            await body.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        return body.ToArray();
    }
}

/// <param name="At">When it came: what it says of waiting counts from then.</param>
public sealed record EgressReply(int Status, HttpResponseHeaders Headers, string? ContentType, byte[] Body, DateTimeOffset At)
{
    /// <summary>As <c>Retry-After</c> says, in seconds or as a time.</summary>
    public TimeSpan? RetryAfter => Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date > At ? date - At : TimeSpan.Zero,
        _ => null,
    };

    public string? Header(string name) => Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
