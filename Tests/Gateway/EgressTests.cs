using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Orrery.Contracts;
using Orrery.Tests.ServiceDefaults.Egress;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway;

/// <summary>Where a gateway's connections go, how, and what callers and operators hear when they may not.</summary>
public sealed class EgressTests : IDisposable
{
    private const string NoLoopback = "--Gateway:Egress:AllowLoopback=false";
    private readonly Certificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Fact]
    public async Task An_engine_on_the_gateways_own_machine_is_called_only_where_the_operator_says_so()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine, NoLoopback);
        Assert.Equal(
            new ErrorBody(502, "The provider 'p1' cannot be reached: the rule for connections refuses its address.", "upstream_error", null, "upstream_unreachable"),
            await ErrorBody.ReadAsync(await world.PostAsync(GatewayWorld.Chat())));
        Assert.Empty(engine.Requests);

        await using var allowed = await GatewayWorld.StartAsync(engine, NoLoopback, "--Gateway:Egress:AllowedNetworks:0=127.0.0.0/8");
        using var response = await allowed.PostAsync(GatewayWorld.Chat());
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("http://169.254.169.254/v1")]
    [InlineData("http://[::ffff:169.254.169.254]/v1")]
    [InlineData("http://metadata.google.internal/v1")]
    [InlineData("http://api.example.com/v1")]
    [InlineData("http://10.0.0.1/v1")]
    [InlineData("http://0.0.0.0:8000/v1")]
    public async Task A_snapshot_that_names_what_the_catalogue_would_refuse_opens_nothing(string url)
    {
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", url)));
        using var response = await world.PostAsync(GatewayWorld.Chat());
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((502, "The provider 'p1' cannot be reached: the rule for connections refuses its address."), (error.Status, error.Message));
    }

    [Fact]
    public async Task Health_checks_are_under_the_same_rule()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var other = await ScriptedEngine.StartAsync(url: "http://127.0.0.2:0");
        await using var world = await GatewayWorld.StartAsync(
            GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url, other.Url) with { HealthCheck = new() { Enabled = true, Interval = new Duration(TimeSpan.FromMilliseconds(50)), FailureThreshold = 1 } }),
            NoLoopback,
            "--Gateway:Egress:AllowedNetworks:0=127.0.0.2/32");
        await Eventually.Holds(
            async () => await EndpointOutageTests.HealthOfAsync(world, engine.Address),
            health => health == "down (cannot be reached: the rule for connections refuses its address)");
        await Eventually.Holds(() => !other.Checks.IsEmpty);
        Assert.Empty(engine.Checks);
        Assert.Empty(engine.Requests);
    }

    [Theory]
    [InlineData("https://elsewhere.example/v1?api_key=sk-hidden", "answered with a redirection to 'elsewhere.example' (307), which is not followed.")]
    [InlineData("http://169.254.169.254/latest/meta-data", "answered with a redirection to '169.254.169.254' (307), which is not followed.")]
    [InlineData("/other?api_key=sk-hidden", "answered with a redirection (307), which is not followed.")]
    public async Task A_redirection_is_not_followed_and_only_its_host_is_told(string target, string said)
    {
        await using var engine = await ScriptedEngine.StartAsync(Json("{}", 307, ("Location", target)));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal("The provider 'p1' " + said, (await ErrorBody.ReadAsync(response)).Message);
        Assert.Single(engine.Requests);
    }

    [Fact]
    public async Task A_provider_with_an_authority_of_its_own_is_called_over_TLS()
    {
        using var certificate = _certificates.Issue("vllm.example");
        await using var server = await TlsServer.StartAsync(certificate, Chat);
        var provider = GatewayWorld.Provider("p1", $"https://127.0.0.1:{server.Port}/v1");
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(provider));
        Assert.Equal(
            "The provider 'p1' cannot be reached: the issuer of its certificate is not known.",
            (await ErrorBody.ReadAsync(await world.PostAsync(GatewayWorld.Chat()))).Message);

        // What a provider says of its connections takes hold with the snapshot: connections of the old kind are not used again.
        await Replace(2, new ProviderTls { CertificateAuthority = _certificates.Pem });
        Assert.Equal(
            "The provider 'p1' cannot be reached: its certificate is for another name.",
            (await ErrorBody.ReadAsync(await world.PostAsync(GatewayWorld.Chat()))).Message);
        Assert.Empty(server.Requests);

        await Replace(3, new ProviderTls { CertificateAuthority = _certificates.Pem, ServerName = "vllm.example" });
        for (var i = 0; i < 5; i++)
        {
            using var response = await world.PostAsync(GatewayWorld.Chat());
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal(5, server.Requests.Count);
        Assert.Single(server.Names, "vllm.example"); // One connection for all of them.

        async Task Replace(long revision, ProviderTls tls)
        {
            world.Catalogue.Send(new SnapshotDelta { From = revision - 1, Revision = revision, Providers = [provider with { Tls = tls }] });
            await Eventually.Holds(() => world.Current.Value!.Revision == revision);
        }
    }

    [Fact]
    public async Task An_authority_may_come_sealed_and_one_that_is_none_closes_the_provider()
    {
        using var certificate = _certificates.Issue("127.0.0.1");
        await using var server = await TlsServer.StartAsync(certificate, Chat);
        var sealer = new Orrery.ServiceDefaults.SecretSealer(GatewayWorld.SecretsKey);
        var provider = GatewayWorld.Provider("p1", $"https://127.0.0.1:{server.Port}/v1") with
        {
            Tls = new ProviderTls { CertificateAuthoritySecretRef = new SecretKeyReference("ca", "pem") },
            CertificateAuthority = Sealed(_certificates.Pem),
        };
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(provider));
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);

        await using var closed = await GatewayWorld.StartAsync(GatewayWorld.Document(provider with { CertificateAuthority = Sealed("hidden-words") }));
        closed.ExpectError("CredentialSealed");
        using var refused = await closed.PostAsync(GatewayWorld.Chat());
        Assert.NotEqual(HttpStatusCode.OK, refused.StatusCode);
        Assert.DoesNotContain("hidden-words", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Single(server.Requests);

        SnapshotSecret Sealed(string authority) => new("ca", "pem", sealer.Seal(SecretContext.Of("default", "ca", "pem"), authority));
    }

    [Fact]
    public async Task Providers_outside_are_called_through_the_operators_proxy()
    {
        using var certificate = _certificates.Issue("api.example.com");
        await using var server = await TlsServer.StartAsync(certificate, Chat);
        await using var proxy = new ConnectProxy(server.Port) { Credential = "gateway:proxy-password" };
        var provider = GatewayWorld.Provider("p1", "https://api.example.com/v1") with { Tls = new ProviderTls { CertificateAuthority = _certificates.Pem } };
        await using var world = await GatewayWorld.StartAsync(
            GatewayWorld.Document(provider), $"--Gateway:Egress:Proxy={proxy.Address}", "--Gateway:Egress:ProxyUser=gateway", "--Gateway:Egress:ProxyPassword=proxy-password");
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["POST api.example.com /v1/chat/completions"], server.Requests);
        Assert.StartsWith("CONNECT api.example.com:443 ", Assert.Single(proxy.Heads), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gateway_with_a_wrong_setting_does_not_start()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => GatewayWorld.StartAsync(GatewayWorld.Document(), "--Gateway:Egress:AllowedNetworks:0=everything"));
        Assert.Equal("Gateway:Egress:AllowedNetworks:0 is 'everything'; expected an address, or a network such as 10.20.0.0/16.", error.Message);
    }

    private static Task Chat(HttpContext http) => Json(Answer)(http);
}
