using System.Net;
using System.Text.Json;
using Orrery.Contracts;
using Orrery.Tests.Gateway;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue.Pasted;

/// <summary>A pasted configuration, the snapshot that the Catalogue makes of it, and a gateway that answers with it.</summary>
public sealed class RoundTripTests(PostgresServer postgres)
{
    [Fact]
    public async Task A_gateway_answers_with_what_was_pasted()
    {
        await using var first = await ScriptedEngine.StartAsync();
        await using var second = await ScriptedEngine.StartAsync();
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync(), "Secrets:Key=" + GatewayWorld.SecretsKey);
        (await catalogue.Apply(Documents.Many(
            Documents.Key("app", AccessToken.Hash(GatewayWorld.Key)),
            "kind: Secret\nmetadata: {name: vault}\nspec: {data: {first: sk-from-vault}}",
            $$"""
            on_http_request:
              - type: ai-gateway
                config:
                  providers:
                    - id: first
                      base_url: {{first.Url}}
                      api_keys:
                        - value: ${secrets.get('vault', 'first')}
                      models:
                        - id: m1
                          id_aliases: [small]
            """,
            $$"""{"name": "second", "type": "openai-compatible", "base_url": "{{second.Url}}", "api_key": "sk-literal", "models": [{"id": "m1"}, {"id": "m2"}]}""",
            "routes: [{match: {tag: regulated}, target: first/m1, fallback: []}, {match: {tag: general}, target: m1, fallback: [second]}]",
            """
            apiVersion: pai.io/v1
            kind: ModelProvider
            metadata: {name: closed}
            spec: {provider: vllm, endpoint: "http://127.0.0.1:9", allowedModels: [inner/model], maxTokensPerRequest: 100, externalAccess: {enabled: false}}
            """))).ExpectOk();
        await using var stream = await catalogue.Snapshot();
        var document = JsonSerializer.Deserialize((await stream.NextAsync("snapshot")).Data, ContractsJson.Default.SnapshotDocument)!;
        await using var world = await GatewayWorld.StartAsync(document);

        Assert.Equal("first", await ProviderAsync(world, GatewayWorld.Chat("small")));
        Assert.Equal("Bearer sk-from-vault", first.Last.Headers["Authorization"]);
        Assert.Equal("m1", JsonDocument.Parse(first.Last.Body).RootElement.GetProperty("model").GetString());
        Assert.Equal("second", await ProviderAsync(world, GatewayWorld.Chat("second/m2")));
        Assert.Equal("Bearer sk-literal", second.Last.Headers["Authorization"]);
        using (var closed = await world.PostAsync(GatewayWorld.Chat("closed/inner/model")))
        {
            Assert.Equal("external_access_closed", (await ErrorBody.ReadAsync(closed)).Code);
        }

        first.Script = ScriptedEngine.Json("""{"error":{"message":"no"}}""", status: 500);
        Assert.Equal("second", await ProviderAsync(world, GatewayWorld.Chat("m1"), "general"));
        using var refused = await world.PostAsync(GatewayWorld.Chat("m1"), change: request => request.Headers.Add(OrreryHeaders.Tags, "regulated"));
        Assert.Equal(HttpStatusCode.BadGateway, refused.StatusCode);
        Assert.Equal("first", refused.Headers.GetValues(OrreryHeaders.Provider).Single());
    }

    [Fact]
    public async Task A_gateway_selects_and_refuses_as_was_pasted()
    {
        await using var first = await ScriptedEngine.StartAsync();
        await using var second = await ScriptedEngine.StartAsync();
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync(), "Secrets:Key=" + GatewayWorld.SecretsKey);
        var applied = (await catalogue.Apply(Documents.Many(
            Documents.Key("app", AccessToken.Hash(GatewayWorld.Key)),
            Documents.Provider("undocumented", "m1", endpoint: second.Url),
            $$"""
            on_http_request:
              - type: ai-gateway
                config:
                  only_allow_configured_providers: true
                  providers:
                    - id: first
                      base_url: {{first.Url}}
                      metadata: {region: eu, tiers: [1, 2]}
                      models: [{id: m1, metadata: {approved: true} }, m2]
                    - id: second
                      base_url: {{second.Url}}
                      metadata: {region: us}
                      models: [m1, m2]
                  model_selection:
                    strategy:
                      - "ai.models.filter(m, has(m.metadata.approved) && m.metadata.approved && 2 in m.metadata.tiers)"
                      - "ai.models.filter(m, m.metadata.region == request.headers['x-region'])"
            """))).ExpectOk();
        Assert.Contains("allowedProviders of the Route", applied.Json["notes"]!.ToJsonString(), StringComparison.Ordinal);
        await using var stream = await catalogue.Snapshot();
        var document = JsonSerializer.Deserialize((await stream.NextAsync("snapshot")).Data, ContractsJson.Default.SnapshotDocument)!;
        await using var world = await GatewayWorld.StartAsync(document);

        Assert.Equal("first", await ProviderAsync(world, GatewayWorld.Chat("m1")));
        using (var us = await world.PostAsync(GatewayWorld.Chat("m2"), change: request => request.Headers.Add("X-Region", "us")))
        {
            Assert.Equal("second", us.EnsureSuccessStatusCode().Headers.GetValues(OrreryHeaders.Provider).Single());
        }

        using (var nowhere = await world.PostAsync(GatewayWorld.Chat("m2")))
        {
            Assert.Equal("no_model_selected", (await ErrorBody.ReadAsync(nowhere)).Code);
        }

        using var refused = await world.PostAsync(GatewayWorld.Chat("undocumented/m1"));
        Assert.Contains("only_allow_configured_providers", (await ErrorBody.ReadAsync(refused)).Message, StringComparison.Ordinal);
        Assert.Single(first.Requests);
        Assert.Single(second.Requests);
    }

    private static async Task<string> ProviderAsync(GatewayWorld world, string body, string? tag = null)
    {
        using var response = await world.PostAsync(body, change: request =>
        {
            if (tag is not null)
            {
                request.Headers.Add(OrreryHeaders.Tags, tag);
            }
        });
        return response.EnsureSuccessStatusCode().Headers.GetValues(OrreryHeaders.Provider).Single();
    }
}
