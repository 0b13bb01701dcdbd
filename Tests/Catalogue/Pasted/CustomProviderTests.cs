using Orrery.Catalogue.Documents.Shapes;
using Orrery.Contracts;

namespace Orrery.Tests.Catalogue.Pasted;

/// <summary>Custom providers as gateways with a dashboard export them.</summary>
public sealed class CustomProviderTests
{
    private const string Full =
        """
        name: "my-vllm"
        type: "openai-compatible"
        base_url: "https://vllm.example.com/v1"
        api_key: "sk-literal"
        auth_type: bearer
        timeout: 30
        models:
          - id: "meta-llama/Llama-3.1-8B-Instruct"
            name: "Llama 3.1 8B"
            context_window: 131072
            cost_per_1k_input: 0.0001
            cost_per_1k_output: 0.0002
        health_check:
          enabled: true
          endpoint: "/health"
          interval_seconds: 60
          timeout_seconds: 5
          failure_threshold: 3
        rate_limits:
          requests_per_minute: 600
          tokens_per_minute: 100000
          max_concurrent_requests: 32
        """;

    [Fact]
    public void A_provider_becomes_one_with_models_prices_checks_and_limits()
    {
        var reading = PastedReading.Of(Full).WithoutErrors();
        var provider = reading.Provider("my-vllm");
        Assert.Equal(("custom", Engines.OpenAi, "https://vllm.example.com/v1"), (provider.Provider, provider.EffectiveEngine, provider.Endpoint));
        Assert.Equal((AuthTypes.Bearer, new("my-vllm-api-keys", "key-1")), (provider.EffectiveAuthType, provider.ApiKeySecretRef));
        Assert.Equal("sk-literal", reading.Secret("my-vllm-api-keys")["key-1"]);
        var model = Assert.Single(provider.Models!);
        Assert.Equal(("meta-llama/Llama-3.1-8B-Instruct", 131_072, 0.0001, 0.0002), (model.Id, model.ContextWindow, model.CostPer1kInput, model.CostPer1kOutput));
        Assert.Equal("""{"meta-llama/Llama-3.1-8B-Instruct":{"name":"Llama 3.1 8B"}}""", reading.Find(ResourceKind.ModelProvider, "my-vllm").Metadata.Annotations!["orrery.dev/models"]);
        var check = provider.HealthCheck!;
        Assert.Equal((true, "/health", 60, 5, 3), (check.Enabled, check.Endpoint, check.IntervalSeconds, check.TimeoutSeconds, check.FailureThreshold));
        Assert.Equal((600, TimeSpan.FromMinutes(1)), (provider.Limits!.Requests!.Single().Count, provider.Limits.Requests!.Single().Per.Value));
        Assert.Equal((100_000, 32), (provider.Limits.Tokens!.Single().Count, provider.Limits.Concurrency));
        Assert.Equal(TimeSpan.FromSeconds(30), provider.Timeouts!.PerRequest!.Value.Value);
    }

    [Fact]
    public void A_list_providers_and_JSON_in_either_spelling_are_read_alike()
    {
        const string One = """{"name":"p","type":"openai-compatible","baseUrl":"https://p.example","apiKey":"k","authType":"none","models":[{"id":"m","contextWindow":8,"costPer1kInput":1,"cost_per_1k_output":2}]}""";
        const string Snake = """{"name":"p","type":"openai-compatible","base_url":"https://p.example","api_key":"k","auth_type":"none","models":[{"id":"m","context_window":8,"cost_per_1k_input":1,"cost_per_1k_output":2}]}""";
        var one = One.Replace("\"authType\":\"none\",", "", StringComparison.Ordinal);
        var expected = PastedReading.Of(one).WithoutErrors();
        Assert.Equal((1.0, 2.0), (expected.Provider("p").Models![0].CostPer1kInput, expected.Provider("p").Models![0].CostPer1kOutput));
        Assert.Equal(expected.Shown, PastedReading.Of(Snake.Replace("\"auth_type\":\"none\",", "", StringComparison.Ordinal)).WithoutErrors().Shown);
        Assert.Equal(expected.Shown, PastedReading.Of($"[{one}]").WithoutErrors().Shown);
        Assert.Equal(expected.Shown, PastedReading.Of($"{{\"providers\":[{one}]}}").WithoutErrors().Shown);
        Assert.Equal("authType", Assert.Single(PastedReading.Of(One).Errors).Path);
    }

    [Fact]
    public void Each_way_of_authentication_is_kept()
    {
        var header = PastedReading.Of("{name: h, base_url: 'https://h', api_key: k, auth_type: header, auth_header: X-Token, models: [m]}").WithoutErrors().Provider("h");
        Assert.Equal((AuthTypes.Header, "X-Token"), (header.EffectiveAuthType, header.CredentialHeader));
        var usual = PastedReading.Of("{name: h, base_url: 'https://h', api_key: k, auth_type: header, models: [m]}").WithoutErrors().Provider("h");
        Assert.Equal("X-API-Key", usual.CredentialHeader);

        foreach (var text in new[]
        {
            "{name: b, base_url: 'https://h', api_key: 'ann:pass:word', auth_type: basic, models: [m]}",
            "{name: b, base_url: 'https://h', username: ann, password: 'pass:word', auth_type: basic, models: [m]}",
        })
        {
            var basic = PastedReading.Of(text).WithoutErrors();
            Assert.Equal((AuthTypes.Basic, "ann"), (basic.Provider("b").EffectiveAuthType, basic.Provider("b").Auth!.Username));
            Assert.Equal("pass:word", basic.Secret("b-api-keys")["key-1"]);
        }

        var none = PastedReading.Of("{name: n, base_url: 'https://h', auth_type: none, models: [m]}").WithoutErrors();
        Assert.Equal((AuthTypes.None, null), (none.Provider("n").EffectiveAuthType, none.Provider("n").ApiKeySecretRef));
        Assert.Single(none.Resources);
    }

    [Fact]
    public void Several_endpoints_keep_their_weights()
    {
        var provider = PastedReading.Of("{name: p, type: vllm, endpoints: [{url: 'http://a:8000', weight: 3}, {base_url: 'http://b:8000'}], models: [m]}").WithoutErrors().Provider("p");
        Assert.Equal([("http://a:8000", 3), ("http://b:8000", 1)], provider.EffectiveEndpoints.Select(endpoint => (endpoint.Url, endpoint.Weight)));
        Assert.Equal("self_hosted", provider.EffectiveProvider);
    }

    [Fact]
    public void Variables_are_read_where_the_operator_listed_them_and_land_in_a_secret()
    {
        const string Text = "{\"name\": \"p\", \"base_url\": \"https://${ORRERY_TESTS_HOST}/v1\", \"api_key\": \"${ORRERY_TESTS_KEY}\", \"headers\": {\"X-Org\": \"org-${ORRERY_TESTS_KEY}\"}, \"models\": [\"m\"]}";
        Environment.SetEnvironmentVariable("ORRERY_TESTS_HOST", "vllm.example.com");
        Environment.SetEnvironmentVariable("ORRERY_TESTS_KEY", "from-environment");
        var reading = PastedReading.Of(Text, "ORRERY_TESTS_HOST", "ORRERY_TESTS_KEY").WithoutErrors();
        Assert.Equal("https://vllm.example.com/v1", reading.Provider("p").Endpoint);
        Assert.Equal("from-environment", reading.Secret("p-api-keys")["key-1"]);
        Assert.Equal("org-from-environment", reading.Secret("p-headers")["X-Org"]);
        Assert.DoesNotContain("from-environment", System.Text.Json.JsonSerializer.Serialize(reading.Provider("p"), ContractsJson.Default.ModelProviderSpec), StringComparison.Ordinal);

        var unlisted = PastedReading.Of(Text, "ORRERY_TESTS_HOST");
        Assert.Equal(["api_key", "headers.X-Org"], unlisted.Paths);
        Assert.Equal("a variable that documents may read: ORRERY_TESTS_HOST", unlisted.Errors[0].Expectation);
        Assert.Contains("Catalogue:EnvironmentNames", unlisted.Errors[0].Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("from-environment", string.Join('\n', unlisted.Errors), StringComparison.Ordinal);

        var unset = PastedReading.Of("{\"name\": \"p\", \"base_url\": \"https://h\", \"api_key\": \"${ORRERY_TESTS_UNSET}\", \"models\": [\"m\"]}", "ORRERY_TESTS_UNSET");
        Assert.Equal("a variable that is set; 'ORRERY_TESTS_UNSET' is listed and not set", Assert.Single(unset.Errors).Expectation);
        Assert.Contains("only administrators of the namespace 'default'", PastedReading.Of(Text, EnvironmentValues.None).Errors[0].Expectation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{name: p, type: soap, base_url: 'https://h', models: [m]}", "type", "soap")]
    [InlineData("{name: p, base_url: 'https://h', auth_type: digest, api_key: k, models: [m]}", "auth_type", "digest")]
    [InlineData("{name: p, base_url: 'https://h', auth_type: bearer, models: [m]}", "auth_type", "bearer")]
    [InlineData("{name: p, type: openai-compatible, models: [m]}", "base_url", null)]
    [InlineData("providers: [{name: p, base_url: 'https://h?key=x', models: [m]}]", "providers[0].base_url", null)]
    [InlineData("providers: [{name: p, base_url: 'https://h', models: [{id: m, cost_per_1k_input: -1}]}]", "providers[0].models[0].cost_per_1k_input", "-1")]
    [InlineData("providers: [{name: p, base_url: 'https://h', models: [m], health_check: {interval_seconds: 0}}]", "providers[0].health_check.interval_seconds", "0")]
    [InlineData("providers: [{name: p, base_url: 'https://h', models: [m], rate_limits: {requests_per_minute: 0}}]", "providers[0].rate_limits.requests_per_minute", "0")]
    [InlineData("providers: [{name: p, base_url: 'https://h', models: [m], timeout: soon}]", "providers[0].timeout", "soon")]
    [InlineData("providers: [{name: '***', base_url: 'https://h', models: [m]}]", "providers[0].name", "***")]
    [InlineData("providers: [{name: p, base_url: 'https://h', models: [m], retries: 3}]", "providers[0].retries", null)]
    [InlineData("providers: [{name: p, base_url: 'https://h', models: [m]}]\nsettings: {}", "settings", null)]
    public void Errors_name_the_place_in_the_pasted_document(string text, string path, string? value)
    {
        var error = PastedReading.Of(text).Errors.First(error => error.Path == path);
        Assert.Equal(value, error.Value);
        Assert.NotNull(error.Line);
    }
}
