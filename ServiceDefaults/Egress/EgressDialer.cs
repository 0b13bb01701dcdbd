using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Logging;
using Orrery.Contracts;

namespace Orrery.ServiceDefaults.Egress;

/// <summary>
/// Makes the connections of one provider. A name is resolved here, every address is held against the rule, and the connection goes to an address
/// that was: there is no second look-up in between that could answer otherwise.
/// </summary>
public sealed partial class EgressDialer
{
    /// <summary>How long an address is waited for before the next one is tried beside it (RFC 8305).</summary>
    private static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(250);

    /// <summary>A refusal is logged once in this time, however often it is met.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    private readonly EgressSettings _settings;
    private readonly EgressRoute _route;
    private readonly CertificateTrust _trust;
    private readonly IEgressResolver _resolver;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private (string Message, long Timestamp) _lastTold = ("", 0);

    internal EgressDialer(EgressSettings settings, EgressRoute route, CertificateTrust trust, IEgressResolver resolver, TimeProvider time, ILogger logger)
    {
        (_settings, _route, _trust, _resolver, _time, _logger) = (settings, route, trust, resolver, time, logger);
    }

    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>: the whole way, TLS included.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var isHttps = context.InitialRequestMessage.RequestUri is { Scheme: "https" };
        var host = EgressHost.Of(context.DnsEndPoint.Host);
        try
        {
            var stream = await ReachAsync(host, context.DnsEndPoint.Port, isHttps, cancellationToken);
            return isHttps ? await SecureAsync(stream, host, cancellationToken) : stream;
        }
        catch (EgressException refusal)
        {
            if (refusal.Cause is not (EgressCauses.ConnectionRefused or EgressCauses.Unreachable))
            {
                Tell(host, refusal); // That a server is down, whoever watches over it tells.
            }

            throw;
        }
    }

    /// <summary>The host and port of the proxy that <paramref name="host"/> is called through; <c>null</c>: it is called directly.</summary>
    public string? ProxyOf(EgressHost host) => _settings.ProxyFor(host, _route)?.Shown;

    /// <summary>The name that a certificate of <paramref name="host"/> has to be for.</summary>
    public string ServerNameOf(EgressHost host) => _route.ServerName ?? host.Name;

    /// <summary>The host's addresses, all held against the rule, in the order in which they are tried.</summary>
    /// <exception cref="EgressException">There are none, or none that may be connected to.</exception>
    public async Task<IReadOnlyList<IPAddress>> ResolveAsync(EgressHost host, bool isHttps, CancellationToken cancellationToken)
    {
        Require(_settings.Policy.CheckHost(host, isHttps));
        return await ResolveAsync(host, address => _settings.Policy.CheckAddress(host, isHttps, address), cancellationToken);
    }

    /// <summary>Connects to the first of <paramref name="addresses"/> that answers; they are taken as checked.</summary>
    public async Task<Stream> ConnectAsync(EgressHost host, IReadOnlyList<IPAddress> addresses, int port, CancellationToken cancellationToken)
    {
        try
        {
            var socket = addresses.Count == 1
                ? await OpenAsync(addresses[0], port, cancellationToken)
                : await RaceAsync(addresses, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException error)
        {
            throw error.SocketErrorCode == SocketError.ConnectionRefused
                ? new EgressException(
                    EgressCauses.ConnectionRefused, "connection refused", $"nothing listens at port {port} of '{host.Name}'", "Is the server up, and is this its port?", error)
                : new EgressException(
                    EgressCauses.Unreachable, $"{error.SocketErrorCode}", $"port {port} of '{host.Name}' cannot be reached: {error.SocketErrorCode}",
                    "Is there a route, and does a firewall or a NetworkPolicy let it through?", error);
        }
    }

    /// <summary>Connects to <paramref name="host"/>, through its proxy where it has one, as far as where TLS begins.</summary>
    public async Task<Stream> ReachAsync(EgressHost host, int port, bool isHttps, CancellationToken cancellationToken)
    {
        if (_settings.ProxyFor(host, _route) is not { } proxy)
        {
            return await ConnectAsync(host, await ResolveAsync(host, isHttps, cancellationToken), port, cancellationToken);
        }

        // The proxy asks for the name's addresses; what can be said without them is said here.
        Require(_settings.Policy.CheckHost(host, isHttps));
        var tunnel = await ReachProxyAsync(proxy, cancellationToken);
        try
        {
            await ConnectTunnel.OpenAsync(tunnel, proxy, host, port, cancellationToken);
            return tunnel;
        }
        catch
        {
            await tunnel.DisposeAsync();
            throw;
        }
    }

    /// <summary>Speaks TLS over <paramref name="stream"/>, which it owns from now on, and verifies the server's certificate.</summary>
    public Task<Stream> SecureAsync(Stream stream, EgressHost host, CancellationToken cancellationToken) => SecureAsync(stream, ServerNameOf(host), cancellationToken);

    private async Task<Stream> SecureAsync(Stream stream, string name, CancellationToken cancellationToken)
    {
        EgressException? fault = null;
        var secure = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            await secure.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = name,
                    ApplicationProtocols = [SslApplicationProtocol.Http11],
                    RemoteCertificateValidationCallback = (_, certificate, chain, errors) => (fault = _trust.Check(certificate, chain, errors, name)) is null,
                },
                cancellationToken);
            return secure;
        }
        catch (Exception error) when (error is AuthenticationException or IOException)
        {
            await secure.DisposeAsync();
            throw fault ?? new EgressException(
                EgressCauses.TlsFailed, "no TLS connection could be agreed on", $"no TLS connection with '{name}' could be agreed on: {(error.InnerException ?? error).Message.TrimEnd('.')}",
                "Does the server speak TLS 1.2 or later at this port?", error);
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }

    private async Task<Stream> ReachProxyAsync(EgressProxy proxy, CancellationToken cancellationToken)
    {
        var (host, isHttps) = (EgressHost.Of(proxy.Address.Host), proxy.Address.Scheme == Uri.UriSchemeHttps);
        var stream = await ConnectAsync(
            host,
            proxy.IsOperators ? await ResolveAsync(host, EgressPolicy.CheckNever, cancellationToken) : await ResolveAsync(host, isHttps, cancellationToken),
            proxy.Address.Port,
            cancellationToken);
        return isHttps ? await SecureAsync(stream, host.Name, cancellationToken) : stream;
    }

    private async Task<IReadOnlyList<IPAddress>> ResolveAsync(EgressHost host, Func<IPAddress, EgressFault?> check, CancellationToken cancellationToken)
    {
        if (host.Address is { } literal)
        {
            Require(check(literal));
            return [literal];
        }

        var allowed = new List<IPAddress>();
        EgressFault? refused = null;
        foreach (var address in await LookUpAsync(host, cancellationToken))
        {
            if (check(address) is not { } fault)
            {
                allowed.Add(address);
            }
            else
            {
                refused ??= fault;
            }
        }

        // Beside good addresses, a machine of one's own network often has a link-local one. A name outside has no reason to: its whole answer is distrusted.
        if (allowed.Count == 0 || host.Kind == HostKind.External)
        {
            Require(refused);
        }

        return Interleave(allowed);
    }

    private async Task<IPAddress[]> LookUpAsync(EgressHost host, CancellationToken cancellationToken)
    {
        SocketException? error = null;
        try
        {
            if (await _resolver.ResolveAsync(host.Name, cancellationToken) is { Length: > 0 } found)
            {
                return found;
            }
        }
        catch (SocketException failure)
        {
            error = failure;
        }

        throw new EgressException(
            EgressCauses.NameNotFound, "its host name is unknown",
            error?.SocketErrorCode == SocketError.TryAgain ? $"no name server answers for '{host.Name}'" : $"the name '{host.Name}' has no address",
            "Is the name right, and does it resolve where this runs?", error);
    }

    private async Task<Socket> OpenAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, port), cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>One address after the other, each given a head start, all that are under way kept until one stands.</summary>
    private async Task<Socket> RaceAsync(IReadOnlyList<IPAddress> addresses, int port, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var underWay = new List<Task<Socket>>();
        SocketException? first = null;
        try
        {
            for (var next = 0; next < addresses.Count || underWay.Count > 0;)
            {
                if (next < addresses.Count)
                {
                    underWay.Add(OpenAsync(addresses[next++], port, over.Token));
                }

                var ended = await FirstAsync(underWay, next < addresses.Count ? Stagger : Timeout.InfiniteTimeSpan, over.Token);
                if (ended is null)
                {
                    continue;
                }

                underWay.Remove(ended);
                try
                {
                    return await ended;
                }
                catch (SocketException error)
                {
                    first ??= error;
                }
            }
        }
        finally
        {
            await over.CancelAsync();
            underWay.ForEach(late => _ = late.ContinueWith(
                static ended => ended.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default));
            underWay.ForEach(late => _ = late.ContinueWith(
                static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default));
        }

        cancellationToken.ThrowIfCancellationRequested();
        throw first!;
    }

    private async Task<Task<Socket>?> FirstAsync(List<Task<Socket>> underWay, TimeSpan within, CancellationToken cancellationToken)
    {
        var any = Task.WhenAny(underWay);
        if (within == Timeout.InfiniteTimeSpan)
        {
            return await any;
        }

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ended = await Task.WhenAny(any, Task.Delay(within, _time, enough.Token));
        await enough.CancelAsync();
        return ended == any ? await any : null;
    }

    /// <summary>The families by turns, each in the order in which the resolver prefers its addresses.</summary>
    private static IReadOnlyList<IPAddress> Interleave(List<IPAddress> addresses)
    {
        if (addresses.Count < 2)
        {
            return addresses;
        }

        var first = addresses.Where(address => address.AddressFamily == addresses[0].AddressFamily).ToList();
        var second = addresses.Where(address => address.AddressFamily != addresses[0].AddressFamily).ToList();
        return [.. Enumerable.Range(0, Math.Max(first.Count, second.Count)).SelectMany(i => first.Skip(i).Take(1).Concat(second.Skip(i).Take(1)))];
    }

    private static void Require(EgressFault? fault)
    {
        if (fault is not null)
        {
            throw EgressException.Of(fault);
        }
    }

    private void Tell(EgressHost host, EgressException refusal)
    {
        var (told, at) = _lastTold;
        if (told != refusal.Message || _time.GetElapsedTime(at) > Silence)
        {
            _lastTold = (refusal.Message, _time.GetTimestamp());
            Log.NotConnected(_logger, host.Name, refusal.Cause, refusal.Message, refusal.Remedy);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(321, LogLevel.Warning, "No connection to {Host} ({Cause}): {Reason}. {Remedy}", EventName = "NotConnected")]
        public static partial void NotConnected(ILogger logger, string host, string cause, string reason, string remedy);
    }
}
