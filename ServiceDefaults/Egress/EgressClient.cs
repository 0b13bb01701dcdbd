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

    private readonly EgressPolicy _policy;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _client;

    public EgressClient(EgressDialers dialers, EgressPolicy policy, TimeProvider time)
    {
        (_policy, _time) = (policy, time);
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false, // The dialer goes through the operator's.
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            ConnectCallback = dialers.For(EgressRoute.Default).ConnectAsync,
        });
    }

    /// <summary>Runs a conversation with <paramref name="server"/>, and says why where it comes to nothing.</summary>
    /// <param name="within">How long it may take in all.</param>
    public async Task<(T? Found, RemoteFault? Fault)> TryAsync<T>(string server, TimeSpan within, Func<CancellationToken, Task<T>> converse, CancellationToken cancellationToken)
        where T : class
    {
        using var clock = new CancellationTokenSource(within, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, clock.Token);
        try
        {
            return (await converse(limit.Token), null);
        }
        catch (RemoteFailure failure)
        {
            return (null, failure.Fault);
        }
        catch (EgressException refusal)
        {
            return (null, RemoteFault.Of(refusal));
        }
        catch (HttpRequestException error) when (error.InnerException is EgressException refusal)
        {
            return (null, RemoteFault.Of(refusal));
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, error.InnerException is TimeoutException
                ? new RemoteFault(
                    RemoteFault.Connection, EgressCauses.ConnectTimeout, $"no connection to {server} within {ConnectTimeout.TotalSeconds} s",
                    "Is there a route, and does a firewall or a NetworkPolicy let it through?")
                : new RemoteFault(
                    RemoteFault.Connection, RemoteCauses.Timeout, FormattableString.Invariant($"{server} has not answered within {within.TotalSeconds:0.###} s"),
                    "Is it overloaded, or does something on the way swallow what it sends? Try again."));
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return (null, new RemoteFault(
                RemoteFault.Connection, RemoteCauses.ConnectionClosed, $"{server} closed the connection without a whole answer in HTTP",
                "Is it an HTTP server that listens there, and does its log say why it hung up?"));
        }
    }

    /// <param name="authorization">The header's value; <c>null</c>: none is sent.</param>
    /// <param name="longest">Bytes of the body that are read; the rest is left.</param>
    public async Task<EgressReply> SendAsync(HttpMethod method, Uri url, string? authorization, string accept, int longest, CancellationToken cancellationToken)
    {
        for (var (target, hops) = (url, 0); ; hops++)
        {
            Require(target, url);
            using var request = new HttpRequestMessage(method, target) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            request.Headers.TryAddWithoutValidation("User-Agent", "orrery");
            request.Headers.TryAddWithoutValidation("Accept", accept);
            if (authorization is not null && target.Scheme == url.Scheme && target.Authority == url.Authority)
            {
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
            }

            using var response = await _client.SendAsync(request, cancellationToken);
            if (response.StatusCode is not (HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
                || response.Headers.Location is not { } location)
            {
                return new EgressReply((int)response.StatusCode, response.Headers, response.Content.Headers.ContentType?.MediaType, await ReadAsync(response, longest, cancellationToken), _time.GetUtcNow());
            }

            if (hops == MostRedirections)
            {
                throw new RemoteFailure(new RemoteFault(
                    RemoteFault.Connection, RemoteCauses.Redirected, $"{url.Authority} redirects more than {MostRedirections} times", "Does one redirection lead back to another?"));
            }

            target = new Uri(target, location);
        }
    }

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

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, int longest, CancellationToken cancellationToken)
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
