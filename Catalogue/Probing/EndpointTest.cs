using System.Net;
using System.Text;
using Orrery.Catalogue.Compilation;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Catalogue.Probing;

/// <summary>The way to one endpoint, as the gateway goes it: each step on its own, so that the one that fails is known.</summary>
internal sealed class EndpointTest(TestedProvider provider, EgressPolicy policy, EgressDialer dialer, Uri url, StepList steps)
{
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ProbeTime = TimeSpan.FromSeconds(2);

    private readonly EgressHost _host = EgressHost.Of(url.Host);
    private readonly bool _isHttps = url.Scheme == Uri.UriSchemeHttps;
    private IReadOnlyList<IPAddress> _addresses = [];
    private Stream? _stream;

    private TimeSpan Connect => provider.Spec.Timeouts?.Connect?.Value is { } own && own < ConnectTime ? own : ConnectTime;

    public async Task RunAsync()
    {
        try
        {
            await steps.RunAsync(TestSteps.Url, ProbeTime, Late("took too long"), _ => Task.FromResult(Rule()));
            if (steps.HasFailed || dialer.ProxyOf(_host) is not { } proxy)
            {
                await steps.RunAsync(TestSteps.Dns, Connect, new StepFailure(
                    EgressCauses.NameNotFound, $"no name server answered within {Seconds(Connect)}", "Do the name servers of this machine or cluster work?"), ResolveAsync);
                await steps.RunAsync(TestSteps.Tcp, Connect, new StepFailure(
                    EgressCauses.ConnectTimeout, $"no connection within {Seconds(Connect)}", "Does a firewall or a NetworkPolicy drop it, and is the address right?"), ConnectAsync);
            }
            else
            {
                steps.Skip(TestSteps.Dns, "the proxy asks for the name's addresses");
                await steps.RunAsync(TestSteps.Proxy, Connect, new StepFailure(
                    EgressCauses.ConnectTimeout, $"no connection through the proxy {proxy} within {Seconds(Connect)}", "Is the proxy up, and does it reach the server?"),
                    limit => TunnelAsync(proxy, limit));
            }

            if (_isHttps)
            {
                await steps.RunAsync(TestSteps.Tls, Connect, new StepFailure(
                    EgressCauses.TlsFailed, $"TLS was not agreed on within {Seconds(Connect)}", "Does the server speak TLS at this port?"), SecureAsync);
            }
            else
            {
                steps.Skip(TestSteps.Tls, "the URL begins with http://");
            }

            using var api = new ApiTest(provider, policy, new EndpointClient(provider, dialer, _stream ?? Stream.Null), BaseUrls.Of(url.OriginalString, provider.Spec.EffectiveEngine, provider.Spec.ApiVersion), url, AnswerTime, steps)
            {
                SpeaksTls = SpeaksTlsAsync,
            };
            _stream = null;
            await api.RunAsync();
        }
        finally
        {
            if (_stream is not null)
            {
                await _stream.DisposeAsync();
            }
        }
    }

    private Finding Rule() => policy.CheckUrl(url.OriginalString) is { } fault
        ? throw new StepFailure(fault.Cause, $"{fault.Reason}; expected {fault.Expected}", fault.Remedy)
        : new Finding(_isHttps ? "https may go to any host" : $"http may go to '{_host.Name}'");

    private async Task<Finding> ResolveAsync(CancellationToken cancellationToken)
    {
        _addresses = await dialer.ResolveAsync(_host, _isHttps, cancellationToken);
        return new Finding(string.Join(", ", _addresses));
    }

    private async Task<Finding> ConnectAsync(CancellationToken cancellationToken)
    {
        _stream = await dialer.ConnectAsync(_host, _addresses, url.Port, cancellationToken);
        return new Finding($"port {url.Port} is open");
    }

    private async Task<Finding> TunnelAsync(string proxy, CancellationToken cancellationToken)
    {
        _stream = await dialer.ReachAsync(_host, url.Port, _isHttps, cancellationToken);
        return new Finding($"{proxy} lets it through");
    }

    private async Task<Finding> SecureAsync(CancellationToken cancellationToken)
    {
        var plain = _stream!;
        _stream = null; // Closed with TLS, or by it.
        try
        {
            _stream = await dialer.SecureAsync(plain, _host, cancellationToken);
            return new Finding($"the certificate is for '{dialer.ServerNameOf(_host)}' and its issuer is known");
        }
        catch (EgressException failure) when (failure.Cause == EgressCauses.TlsFailed)
        {
            throw await SpeaksHttpAsync(cancellationToken)
                ? new StepFailure(TestCauses.TlsToHttpPort, $"port {url.Port} speaks HTTP without TLS", "Use the server's https port. An internal host may be called over http://.")
                : new StepFailure(failure.Cause, failure.Message, failure.Remedy);
        }
    }

    /// <summary>Whether a request without TLS, which says nothing, is answered in HTTP.</summary>
    private async Task<bool> SpeaksHttpAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ProbeTime);
        try
        {
            await using var stream = await dialer.ReachAsync(_host, url.Port, _isHttps, limit.Token);
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: {url.Authority}\r\nConnection: close\r\n\r\n"), limit.Token);
            var answer = new byte[5];
            return await stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, limit.Token) == answer.Length && answer.AsSpan().SequenceEqual("HTTP/"u8);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Whether the port of an http URL speaks TLS; any certificate says so, right or wrong.</summary>
    private async Task<bool> SpeaksTlsAsync(CancellationToken cancellationToken)
    {
        if (_isHttps)
        {
            return false;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ProbeTime);
        try
        {
            await using var secure = await dialer.SecureAsync(await dialer.ReachAsync(_host, url.Port, _isHttps, limit.Token), _host, limit.Token);
            return true;
        }
        catch (EgressException failure)
        {
            return failure.Cause is EgressCauses.UnknownIssuer or EgressCauses.NameMismatch or EgressCauses.CertificateExpired;
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            return false;
        }
    }

    private static StepFailure Late(string found) => new(TestCauses.AnswerTimeout, found, "Try again.");

    private static string Seconds(TimeSpan time) => FormattableString.Invariant($"{time.TotalSeconds:0.###} s");
}
