using System.Net;
using System.Text.Json;
using Orrery.Contracts;
using Orrery.Tests.ServiceDefaults.Egress;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

/// <summary>What of the rule for connections holds when a provider is declared, and what gateways are told.</summary>
public sealed class EgressTests(PostgresServer postgres)
{
    [Fact]
    public async Task A_provider_that_the_rule_refuses_is_refused_with_its_field_and_a_remedy()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync(), "Gateway:Egress:AllowLoopback=false", "Gateway:Egress:AllowedNetworks:0=10.20.0.0/16");
        var refused = (await catalogue.Apply(
            """
            kind: ModelProvider
            metadata: { name: p }
            spec:
              provider: vllm
              endpoints:
                - url: https://api.example.com/v1
                - url: http://plain.example/v1
                - url: http://169.254.169.254/v1
                - url: http://localhost:11434
                - url: http://10.20.3.4:8000
                - url: http://10.21.3.4:8000
                - url: http://vllm.models.svc:8000
              proxy: http://proxy.example.com:3128
              allowedModels: [m]
            """)).Expect(HttpStatusCode.BadRequest);
        Assert.Equal(
            [
                "spec.endpoints[1].url 7 an https:// URL; 'plain.example' lies outside",
                "spec.endpoints[2].url 8 the address of a model server; 169.254.169.254 is a link-local address, where clouds keep their metadata",
                "spec.endpoints[3].url 9 a server on another machine; 'localhost' is this machine",
                "spec.endpoints[5].url 11 a public address, or one in a network that the operator has listed; 10.21.3.4 is a private address",
                "spec.proxy 13 an https:// URL; 'proxy.example.com' lies outside",
            ],
            refused.Errors.Select(error => $"{error["path"]} {error["line"]} {error["expectation"]}"));
        Assert.All(refused.Errors, error => Assert.NotNull(error["remedy"]));
        (await catalogue.Apply(Documents.Provider("p", "m", endpoint: "http://10.20.3.4:8000"), "?dryRun=true")).ExpectOk();
        (await catalogue.Apply(Documents.Provider("p", "m", endpoint: "http://10.21.3.4:8000"), "?dryRun=true")).Expect(HttpStatusCode.BadRequest);
        (await catalogue.Put($"{Root}/modelproviders/p", Documents.Provider("p", "m", endpoint: "http://plain.example"))).Expect(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task What_a_provider_says_of_its_connections_reaches_the_gateways_and_its_authority_sealed()
    {
        using var certificates = new Certificates();
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        var provider = Documents.Provider("p", "m", endpoint: "https://vllm.internal") + "\n  proxy: none\n  tls: { certificateAuthoritySecretRef: { name: ca, key: token }, server_name: vllm.example }\n";
        var missing = (await catalogue.Apply(provider)).Expect(HttpStatusCode.BadRequest);
        Assert.Equal("spec.tls.certificateAuthoritySecretRef.name", (string?)Assert.Single(missing.Errors)["path"]);

        var secret = $"kind: Secret\nmetadata: {{ name: ca }}\nspec: {{ data: {{ token: {JsonSerializer.Serialize(certificates.Pem)} }} }}\n";
        (await catalogue.Apply(Documents.Many(secret, provider))).ExpectOk();
        await using var events = await catalogue.Snapshot();
        var snapshot = JsonSerializer.Deserialize((await events.NextAsync("snapshot")).Data, ContractsJson.Default.SnapshotDocument)!;
        var sent = Assert.Single(snapshot.Providers);
        Assert.Equal(("none", "vllm.example", "ca", "token"), (sent.Proxy, sent.Tls?.ServerName, sent.CertificateAuthority?.Secret, sent.CertificateAuthority?.Key));

        var conflict = (await catalogue.Delete($"{Root}/secrets/ca")).Expect(HttpStatusCode.Conflict);
        Assert.Contains("Secret 'ca' is used by ModelProvider 'p'", (string?)conflict.Json["detail"], StringComparison.Ordinal);
    }
}
