using System.Net;
using System.Text.Json.Nodes;
using Orrery.Catalogue.Compilation;
using Orrery.Contracts;
using Orrery.ServiceDefaults;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

/// <summary>A provider's credentials, headers and other names, from the document to the snapshot.</summary>
public sealed class ProvidersTests(PostgresServer postgres) : IAsyncLifetime
{
    private const string Secrets = """
        kind: Secret
        metadata: {name: vendor}
        spec: {data: {one: sk-one-4711, two: sk-two-4711, header: token-4711}}
        """;

    private const string Vendor = """
        kind: ModelProvider
        metadata: {name: vendor}
        spec:
          provider: groq
          api_key_secret_refs: [{name: vendor, key: two}, {name: vendor, key: one}]
          auth: {type: header, header: X-Key}
          headers: {X-Team: search}
          secret_headers: {x-access_token: {name: vendor, key: header}}
          aliases: [groq, fast.one]
          allowedModels: [llama]
        """;

    private CatalogueReplica _catalogue = null!;

    public async ValueTask InitializeAsync() => _catalogue = await StartAsync(await postgres.CreateDatabaseAsync(), "Logging:LogLevel:Default=Trace");

    public ValueTask DisposeAsync() => _catalogue.DisposeAsync();

    [Fact]
    public async Task All_that_a_gateway_needs_is_in_the_snapshot_and_secrets_only_sealed()
    {
        (await _catalogue.Apply(Documents.Many(Vendor, Secrets))).ExpectOk();
        await using var stream = await _catalogue.Snapshot();
        var text = (await stream.NextAsync("snapshot")).Data;
        Assert.DoesNotContain("4711", text, StringComparison.Ordinal);
        Assert.DoesNotContain("4711", _catalogue.Logged, StringComparison.Ordinal);
        var provider = JsonNode.Parse(text)!["providers"]![0]!;
        Assert.Equal(("openai", "https://api.groq.com/openai/v1"), ((string?)provider["engine"], (string?)provider["endpoints"]![0]!["url"]));
        Assert.Equal(["sk-two-4711", "sk-one-4711"], provider["apiKeys"]!.AsArray().Select(key => Open(key!)));
        Assert.Equal("sk-two-4711", Open(provider["apiKey"]!, (string?)provider["apiKeyContext"])); // Gateways of the release before know this one only.
        Assert.Equal("token-4711", Open(provider["secretHeaders"]!["x-access_token"]!));
        Assert.Equal(("header", "X-Key", "search"), ((string?)provider["auth"]!["type"], (string?)provider["auth"]!["header"], (string?)provider["headers"]!["X-Team"]));
        Assert.Equal(["groq", "fast.one"], provider["aliases"]!.AsArray().Select(alias => (string?)alias));
    }

    [Fact]
    public async Task A_document_comes_back_as_it_was_declared_and_the_same_again_changes_nothing()
    {
        (await _catalogue.Apply(Documents.Many(Vendor, Secrets))).ExpectOk();
        var spec = (await _catalogue.Get($"{Root}/modelproviders/vendor")).ExpectOk().Json["spec"]!;
        Assert.Equal("""[{"name":"vendor","key":"two"},{"name":"vendor","key":"one"}]""", spec["apiKeySecretRefs"]!.ToJsonString());
        Assert.Equal("""{"x-access_token":{"name":"vendor","key":"header"}}""", spec["secretHeaders"]!.ToJsonString());
        var again = (await _catalogue.Apply(Vendor)).ExpectOk().Json;
        Assert.Equal("unchanged", (string?)again["results"]![0]!["action"]);
    }

    [Theory]
    [InlineData("apiKeySecretRefs: [{name: vendor, key: one}, {name: absent, key: k}]", "spec.apiKeySecretRefs[1].name", "a Secret of namespace 'default'")]
    [InlineData("apiKeySecretRefs: [{name: vendor, key: one}, {name: vendor, key: three}]", "spec.apiKeySecretRefs[1].key", "a key of Secret 'vendor': header, one, two")]
    [InlineData("secretHeaders: {x-token: {name: absent, key: k}}", "spec.secretHeaders.x-token.name", "a Secret of namespace 'default'")]
    [InlineData("secretHeaders: {x-token: {name: vendor, key: k}}", "spec.secretHeaders.x-token.key", "a key of Secret 'vendor': header, one, two")]
    public async Task Each_secret_must_exist(string fields, string path, string expectation)
    {
        (await _catalogue.Apply(Secrets)).ExpectOk();
        var error = Assert.Single((await _catalogue.Apply($"kind: ModelProvider\nmetadata: {{name: p}}\nspec:\n  provider: openai\n  {fields}")).Expect(HttpStatusCode.BadRequest).Errors);
        Assert.Equal((path, expectation), ((string?)error["path"], Sorted((string)error["expectation"]!)));
    }

    [Fact]
    public async Task A_secret_that_any_key_or_header_is_taken_from_stays_and_keeps_its_keys()
    {
        (await _catalogue.Apply(Documents.Many(Vendor, Secrets))).ExpectOk();
        var conflict = (await _catalogue.Delete($"{Root}/secrets/vendor")).Expect(HttpStatusCode.Conflict);
        Assert.Equal("Secret 'vendor' is used by ModelProvider 'vendor': delete or change that first.", (string?)conflict.Json["detail"]);
        var errors = (await _catalogue.Apply("{kind: Secret, metadata: {name: vendor}, spec: {data: {two: x}}}")).Expect(HttpStatusCode.BadRequest).Errors;
        Assert.Equal(
            ["the key 'header', which ModelProvider 'vendor' uses", "the key 'one', which ModelProvider 'vendor' uses"],
            errors.Select(error => (string?)error["expectation"]).Order());
    }

    [Fact]
    public async Task Other_names_of_a_provider_are_nobody_elses_and_lead_routes()
    {
        (await _catalogue.Apply(Documents.Many(Vendor, Secrets))).ExpectOk();
        var taken = Assert.Single((await _catalogue.Apply("{kind: ModelProvider, metadata: {name: p}, spec: {provider: openai, aliases: [fast.one, own]}}")).Expect(HttpStatusCode.BadRequest).Errors);
        Assert.Equal(
            ("spec.aliases[0]", "a name that no other ModelProvider of namespace 'default' has as its name or alias; ModelProvider 'vendor' has it"),
            ((string?)taken["path"], (string?)taken["expectation"]));
        var named = Assert.Single((await _catalogue.Apply("{kind: ModelProvider, metadata: {name: groq}, spec: {provider: openai}}")).Expect(HttpStatusCode.BadRequest).Errors);
        Assert.Equal("metadata.name", (string?)named["path"]);
        var own = Assert.Single((await _catalogue.Apply("{kind: ModelProvider, metadata: {name: q}, spec: {provider: openai, aliases: [q]}}")).Expect(HttpStatusCode.BadRequest).Errors);
        Assert.Equal(("spec.aliases[0]", "another name than the provider's own"), ((string?)own["path"], (string?)own["expectation"]));

        (await _catalogue.Apply("{kind: Route, metadata: {name: r}, spec: {target: fast.one/llama, fallback: [groq]}}")).ExpectOk();
        var conflict = (await _catalogue.Apply(Vendor.Replace(", fast.one", "", StringComparison.Ordinal))).Expect(HttpStatusCode.Conflict);
        Assert.Contains("'fast.one/llama' is used by Route 'r'", (string?)conflict.Json["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_schema_names_the_fields_and_their_values()
    {
        var properties = (await _catalogue.Get($"{Root}/schemas/ModelProvider")).ExpectOk().Json["properties"]!["spec"]!["properties"]!;
        Assert.Equal("""["bearer","header","basic","none"]""", properties["auth"]!["properties"]!["type"]!["enum"]!.ToJsonString());
        Assert.Equal("""["vllm","transformers","whisper","tts-engine","video-engine","openai","anthropic","azure-openai","gemini","custom"]""", properties["engine"]!["enum"]!.ToJsonString());
        Assert.Contains("\"object\"", properties["secretHeaders"]!["type"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.All((string[])["apiKeySecretRefs", "headers", "secretHeaders", "aliases", "apiVersion"], field => Assert.NotNull(properties[field]!["description"]));
    }

    [Fact]
    public async Task The_pages_examples_can_be_applied_and_its_vendors_are_those_that_are_known()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "providers.md"), TestContext.Current.CancellationToken);
        var examples = page.Split("```yaml\n")[1..].Select(part => part[..part.IndexOf("```", StringComparison.Ordinal)]).ToList();
        Assert.NotEmpty(examples);
        (await _catalogue.Apply(Documents.Many([.. examples, "{kind: Secret, metadata: {name: azure}, spec: {data: {key: x}}}"]))).ExpectOk();
        foreach (var vendor in KnownVendors.All)
        {
            var names = string.Join(", ", vendor.Names.Select(name => $"`{name}`"));
            Assert.Contains($"| {names} | `{vendor.Engine}` | {(vendor.Url is null ? "your resource's" : $"`{vendor.Url}`")}", page, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("https://r.openai.azure.com", "2024-10-21", "https://r.openai.azure.com/openai")]
    [InlineData("https://r.openai.azure.com/openai/", "2024-10-21", "https://r.openai.azure.com/openai")]
    [InlineData("https://r.openai.azure.com/", null, "https://r.openai.azure.com/openai/v1")]
    [InlineData("https://r.openai.azure.com/openai", "preview", "https://r.openai.azure.com/openai/v1")]
    [InlineData("https://r.openai.azure.com/openai/v1/", null, "https://r.openai.azure.com/openai/v1")]
    [InlineData("https://apim.example/team/openai", "2024-10-21", "https://apim.example/team/openai")]
    public void An_azure_address_is_completed_for_the_form_that_its_version_means(string url, string? version, string expected) =>
        Assert.Equal(expected, BaseUrls.Of(url, Engines.AzureOpenAi, version));

    /// <summary>The keys of a Secret have no order.</summary>
    private static string Sorted(string expectation) =>
        expectation.Split(": ") is [var before, var keys] ? $"{before}: {string.Join(", ", keys.Split(", ").Order(StringComparer.Ordinal))}" : expectation;

    private static string Open(JsonNode node, string? context = null)
    {
        var value = node["value"] ?? node;
        var secret = new SealedSecret((string)value["keyId"]!, Convert.FromBase64String((string)value["nonce"]!), Convert.FromBase64String((string)value["ciphertext"]!));
        Assert.True(new SecretSealer(SecretsKey).TryOpen(context ?? SecretContext.Of("default", (string)node["secret"]!, (string)node["key"]!), secret, out var opened, out _));
        return opened;
    }
}
