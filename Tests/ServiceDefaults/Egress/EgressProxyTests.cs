using Orrery.Contracts;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Tests.ServiceDefaults.Egress;

/// <summary>Providers outside through a forward proxy that speaks CONNECT.</summary>
public sealed class EgressProxyTests : IAsyncLifetime
{
    private readonly Certificates _certificates = new();
    private TlsServer _server = null!;
    private ConnectProxy _proxy = null!;

    private EgressRoute Trusting => new(null, _certificates.Pem, null);

    public async ValueTask InitializeAsync()
    {
        _server = await TlsServer.StartAsync(_certificates.Issue("api.example.com", "8.8.8.8", "vllm.internal"));
        _proxy = new ConnectProxy(_server.Port);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
        _certificates.Dispose();
    }

    private EgressWorld World(params string[] settings) => new([$"Gateway:Egress:Proxy={_proxy.Address}", .. settings]);

    [Fact]
    public async Task A_server_outside_is_called_through_the_proxy_which_resolves_its_name()
    {
        using var world = World();
        Assert.Equal("hello", await world.GetAsync("https://api.example.com/v1", Trusting));
        Assert.Equal("hello", await world.GetAsync("https://8.8.8.8/v1", Trusting));
        Assert.Equal(["GET api.example.com /v1", "GET 8.8.8.8 /v1"], _server.Requests);
        Assert.Empty(world.LookUps);
        Assert.Equal(["CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n\r\n", "CONNECT 8.8.8.8:443 HTTP/1.1\r\nHost: 8.8.8.8:443\r\n\r\n"], _proxy.Heads);
    }

    [Fact]
    public async Task The_certificate_is_verified_through_the_proxy_too()
    {
        using var world = World();
        Assert.Equal(EgressCauses.UnknownIssuer, (await world.FaultOfAsync("https://api.example.com/v1")).Cause);
        Assert.Equal(EgressCauses.NameMismatch, (await world.FaultOfAsync("https://other.example.com/v1", Trusting)).Cause);
        Assert.Equal("hello", await world.GetAsync("https://other.example.com/v1", Trusting with { ServerName = "api.example.com" }));
    }

    [Fact]
    public async Task The_rule_for_hosts_holds_through_the_proxy()
    {
        using var world = World("Gateway:Egress:AllowedNetworks:0=127.0.0.0/8");
        Assert.Equal(EgressCauses.HttpsRequired, (await world.FaultOfAsync("http://api.example.com/v1")).Cause);
        Assert.Equal(EgressCauses.AddressRefused, (await world.FaultOfAsync("https://169.254.169.254/v1")).Cause);
        Assert.Equal(EgressCauses.AddressRefused, (await world.FaultOfAsync("https://10.0.0.1/v1")).Cause);
        Assert.Equal(EgressCauses.AddressRefused, (await world.FaultOfAsync("https://metadata.google.internal/v1", Trusting with { Proxy = _proxy.Address })).Cause);
        Assert.Empty(_proxy.Heads);
    }

    [Fact]
    public async Task Hosts_inside_and_those_excepted_are_called_without_it()
    {
        using var world = World("Gateway:Egress:AllowLoopback=true", "Gateway:Egress:AllowedNetworks:0=127.0.0.0/8", "Gateway:Egress:NoProxy:0=.example.com", "Gateway:Egress:NoProxy:1=8.8.0.0/16");
        world.Answer("vllm.internal", "127.0.0.1");
        world.Answer("api.example.com", "127.0.0.1");
        Assert.Equal("hello", await world.GetAsync($"https://vllm.internal:{_server.Port}/", Trusting));
        Assert.Equal("hello", await world.GetAsync($"https://api.example.com:{_server.Port}/", Trusting));
        var dialer = world.Dialers.For(EgressRoute.Default);
        Assert.Empty(_proxy.Heads);
        Assert.Null(dialer.ProxyOf(EgressHost.Of("8.8.8.8")));
        Assert.Null(dialer.ProxyOf(EgressHost.Of("example.com")));
        Assert.NotNull(dialer.ProxyOf(EgressHost.Of("badexample.com")));
        Assert.NotNull(dialer.ProxyOf(EgressHost.Of("9.9.9.9")));
    }

    [Fact]
    public async Task A_provider_may_name_its_own_proxy_or_none()
    {
        using var world = new EgressWorld("Gateway:Egress:AllowLoopback=true");
        Assert.Equal("hello", await world.GetAsync("https://vllm.internal/v1", Trusting with { Proxy = _proxy.Address }));
        Assert.Single(_proxy.Heads);

        using var proxied = World("Gateway:Egress:AllowedNetworks:0=127.0.0.0/8");
        proxied.Answer("api.example.com", "127.0.0.1");
        Assert.Equal("hello", await proxied.GetAsync($"https://api.example.com:{_server.Port}/", Trusting with { Proxy = ProxyAddress.None }));
        Assert.Single(_proxy.Heads);
    }

    [Fact]
    public async Task A_providers_proxy_is_under_the_rule_and_the_operators_is_not()
    {
        using var strict = new EgressWorld();
        Assert.Equal(EgressCauses.AddressRefused, (await strict.FaultOfAsync("https://api.example.com/v1", Trusting with { Proxy = _proxy.Address })).Cause);
        Assert.Equal(EgressCauses.HttpsRequired, (await strict.FaultOfAsync("https://api.example.com/v1", Trusting with { Proxy = "http://proxy.example.com:3128" })).Cause);
        using var world = new EgressWorld("Gateway:Egress:Proxy=http://169.254.169.254:3128");
        Assert.Equal(EgressCauses.AddressRefused, (await world.FaultOfAsync("https://api.example.com/v1")).Cause);
        Assert.Empty(_proxy.Heads);
    }

    [Fact]
    public async Task The_gateway_says_who_it_is_and_nobody_else_is_told()
    {
        _proxy.Credential = "gateway:proxy-password";
        using var world = World("Gateway:Egress:ProxyUser=gateway", "Gateway:Egress:ProxyPassword=proxy-password");
        Assert.Equal("hello", await world.GetAsync("https://api.example.com/v1", Trusting));

        using var wrong = World("Gateway:Egress:ProxyUser=gateway", "Gateway:Egress:ProxyPassword=wrong-password");
        var fault = await wrong.FaultOfAsync("https://api.example.com/v1", Trusting);
        Assert.Equal(EgressCauses.ProxyAuthentication, fault.Cause);
        foreach (var told in new[] { fault.ToString(), string.Join('\n', wrong.Logged.Lines) })
        {
            Assert.DoesNotContain("wrong-password", told, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String("gateway:wrong-password"u8), told, StringComparison.Ordinal);
        }

        // A provider's own proxy is not told the operator's password.
        using var own = new EgressWorld("Gateway:Egress:AllowLoopback=true", "Gateway:Egress:Proxy=http://127.0.0.1:9", "Gateway:Egress:ProxyUser=gateway", "Gateway:Egress:ProxyPassword=proxy-password");
        Assert.Equal(EgressCauses.ProxyAuthentication, (await own.FaultOfAsync("https://api.example.com/v1", Trusting with { Proxy = _proxy.Address })).Cause);
    }

    [Theory]
    [InlineData("HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n<html>no</html>", "answered 403 to CONNECT api.example.com:443")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n\r\n", "did not answer in HTTP")]
    [InlineData("", "closed the connection without an answer")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n", "answered more than an HTTP head to CONNECT")]
    public async Task A_proxy_that_lets_nothing_through_is_named(string answer, string what)
    {
        _proxy.Refusal = answer;
        using var world = World();
        var fault = await world.FaultOfAsync("https://api.example.com/v1", Trusting);
        Assert.Equal((EgressCauses.ProxyFailed, "the proxy lets nothing through"), (fault.Cause, fault.Shown));
        Assert.EndsWith(what, fault.Message, StringComparison.Ordinal);
    }
}
