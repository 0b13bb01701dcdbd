using Orrery.Contracts;

namespace Orrery.Tests.Catalogue.Pasted;

/// <summary>Traffic policies with an AI gateway, as ngrok's documentation has them (configuration schema and guides of ngrok.com/docs/ai-gateway).</summary>
public sealed class AiGatewayTests
{
    private const string Policy =
        """
        on_http_request:
          - type: ai-gateway
            config:
              total_timeout: "5m"
              per_request_timeout: "120s"
              on_error: "halt"
              only_allow_configured_providers: true
              only_allow_configured_models: true
              headers:
                X-Team: ml
              providers:
                - id: "openai"
                  metadata:
                    team: "ml"
                  api_keys:
                    - value: ${secrets.get('openai', 'primary')}
                    - value: ${secrets.get("openai", "backup")}
                  models:
                    - id: "gpt-4o-2024-11-20"
                      id_aliases: ["gpt-4o"]
                      metadata:
                        approved: true
                    - id: "gpt-3.5-turbo"
                      disabled: true
                - id: "anthropic"
                  api_keys:
                    - value: ${secrets.get('anthropic', 'key')}
                  models:
                    - id: "claude-3-5-sonnet-20241022"
                - id: "My_Ollama"
                  id_aliases: [ollama]
                  base_url: "https://ollama.company.internal"
                  headers: {x-team: infra, X-Trace: "1"}
                  models:
                    - id: "llama3-70b"
                      max_context_window: 8192
                      input_modalities: [text, image]
        """;

    [Fact]
    public void A_policy_becomes_a_provider_for_each_of_its_providers()
    {
        var reading = PastedReading.Of(Policy).WithoutErrors();
        Assert.Equal(["openai", "anthropic", "my-ollama", "ai-gateway"], reading.Resources.Select(resource => resource.Metadata.Name));

        var openai = reading.Provider("openai");
        Assert.Equal(("openai", "openai", "https://api.openai.com/v1"), (openai.Provider, openai.EffectiveEngine, openai.EffectiveEndpoints.Single().Url));
        Assert.Equal([new("openai", "primary"), new("openai", "backup")], openai.ApiKeySecretRefs!);
        Assert.Equal(
            [("gpt-4o-2024-11-20", null), ("gpt-4o", "gpt-4o-2024-11-20"), ("gpt-3.5-turbo", null)], openai.Models!.Select(model => (model.Id, model.UpstreamId)));
        Assert.Equal(["gpt-3.5-turbo"], openai.DeniedModels!);
        Assert.Equal((TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5)), (openai.Timeouts!.PerRequest!.Value.Value, openai.Timeouts.Total!.Value.Value));
        Assert.Equal((100, "ml"), (openai.Priority, openai.Headers!["X-Team"]));
        Assert.Equal("ml", openai.Metadata!["team"].GetString());
        Assert.Equal([true, true, false], openai.Models!.Select(model => model.Metadata?["approved"].GetBoolean() ?? false));

        var anthropic = reading.Provider("anthropic");
        Assert.Equal((Engines.Anthropic, new("anthropic", "key"), 101), (anthropic.EffectiveEngine, anthropic.ApiKeySecretRef, anthropic.Priority));

        var ollama = reading.Provider("my-ollama");
        Assert.Equal(("custom", Engines.OpenAi, "https://ollama.company.internal"), (ollama.Provider, ollama.EffectiveEngine, ollama.Endpoint));
        Assert.Equal(["My_Ollama", "ollama"], ollama.Aliases!);
        Assert.Equal(["x-team=infra", "X-Trace=1"], ollama.Headers!.Select(header => $"{header.Key}={header.Value}"));
        Assert.Equal(("multimodal", 8_192), (ollama.Models!.Single().ModelType, ollama.Models!.Single().ContextWindow));
        Assert.Null(ollama.ApiKeySecretRef);
    }

    [Fact]
    public void The_bare_configuration_camelCase_JSON_and_rules_with_actions_are_read_alike()
    {
        const string Yaml = "per_request_timeout: 45s\nproviders:\n  - id: local\n    base_url: https://local.internal\n    api_keys:\n      - ${secrets.get('local', 'key-one')}\n    models: [llama3]\n";
        const string Json = """{"perRequestTimeout":"45s","providers":[{"id":"local","baseUrl":"https://local.internal","apiKeys":[{"value":"${secrets.get('local', 'key-one')}"}],"models":[{"id":"llama3"}]}]}""";
        var expected = PastedReading.Of(Yaml).WithoutErrors();
        Assert.Equal(new SecretKeyReference("local", "key-one"), expected.Provider("local").ApiKeySecretRef);
        Assert.Equal(expected.Shown, PastedReading.Of(Json).WithoutErrors().Shown);
        Assert.Equal(expected.Shown, PastedReading.Of($$"""{"on_http_request":[{"name":"DefaultAIGateway","actions":[{"type":"ai-gateway","config":{{Json}}}]}]}""").WithoutErrors().Shown);
        Assert.Equal(expected.Shown, PastedReading.Of($$"""{"onHttpRequest":[{"type":"ai-gateway","config":{{Json}}}]}""").WithoutErrors().Shown);
    }

    [Fact]
    public void A_literal_key_goes_into_a_secret_of_its_own_and_a_headers_credential_too()
    {
        var reading = PastedReading.Of(
            """
            providers:
              - id: together
                api_keys: [sk-one, {value: sk-two}]
                headers: {X-Api-Token: t0ken, X-Plain: plain}
                models: [m]
            """).WithoutErrors();
        var provider = reading.Provider("together");
        Assert.Equal([new("together-api-keys", "key-1"), new("together-api-keys", "key-2")], provider.ApiKeySecretRefs!);
        Assert.Equal(["key-1=sk-one", "key-2=sk-two"], reading.Secret("together-api-keys").Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.Equal(["X-Plain"], provider.Headers!.Keys);
        Assert.Equal(new SecretKeyReference("together-headers", "X-Api-Token"), provider.SecretHeaders!["X-Api-Token"]);
        Assert.Equal("t0ken", reading.Secret("together-headers")["X-Api-Token"]);
    }

    [Fact]
    public void What_is_not_supported_is_refused_by_name_with_what_works_instead()
    {
        var reading = PastedReading.Of(
            """
            on_http_request:
              - type: ai-gateway
                config:
                  max_input_tokens: 4096
                  max_output_tokens: 2048
                  total_timeout: "3m"
                  query_params: {api_version: "2023-10-01"}
                  body: {temperature: 0.7}
                  on_error: "continue"
                  providers:
                    - id: "openai"
                      models:
                        - id: "gpt-4o"
                          unsupported_params: [{name: parallel_tool_calls}]
                      supported_api_surfaces:
                        - format: openai
                          supported_params: [{name: model}]
                  api_key_selection:
                    strategy:
                      - "ai.keys.filter(k, k.quota.remaining_requests > 100)"
                      - "ai.keys"
            """);
        Assert.Equal(
            [
                "on_http_request[0].config.max_input_tokens", "on_http_request[0].config.max_output_tokens", "on_http_request[0].config.query_params", "on_http_request[0].config.body",
                "on_http_request[0].config.on_error", "on_http_request[0].config.providers[0].models[0].unsupported_params",
                "on_http_request[0].config.providers[0].supported_api_surfaces[0].supported_params",
                "on_http_request[0].config.api_key_selection.strategy",
            ],
            reading.Paths);
        var selection = reading.Errors.Single(error => error.Path.Contains("api_key_selection", StringComparison.Ordinal));
        Assert.Equal((20, "nothing: it is not supported yet"), (selection.Line, selection.Expectation));
        Assert.StartsWith("Expressions choose models, not keys", selection.Remedy, StringComparison.Ordinal);
        Assert.All(reading.Errors, error => Assert.NotNull(error.Remedy));
    }

    [Fact]
    public void Empty_settings_and_the_listed_order_of_keys_ask_for_nothing()
    {
        var reading = PastedReading.Of(
            """
            headers: {}
            query_params: {}
            body: {}
            only_allow_configured_providers: false
            model_selection: {strategy: []}
            api_key_selection: {strategy: ["ai.keys"]}
            providers: [{id: openai, models: [gpt-4o]}]
            """).WithoutErrors();
        Assert.Equal(["only_allow_configured_providers", "providers[0]"], reading.Notes.Select(note => note.Path));
        Assert.Contains("requests go there without one", reading.Notes[1].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("providers: [{id: openai, models: [m]}, {id: p, base_url: 'ftp://x', models: [m]}]", "providers[1].base_url", "ftp://x", "an absolute http:// or https:// URL")]
    [InlineData("providers: [{id: openai, models: [m]}, {id: p, models: [m]}]", "providers[1].base_url", null, "required: 'p' is no provider whose address is known")]
    [InlineData("providers: [{id: openai, models: [m], api_key: sk-hidden}]", "providers[0].api_key", null, "a known field of providers[0]: api_keys, base_url, description, disabled, display_name, headers, id, id_aliases, metadata, models, supported_api_surfaces, website")]
    [InlineData("providers: [{id: openai, models: [{idd: m}]}]", "providers[0].models[0].id", null, "required: a text")]
    [InlineData("providers: [{id: openai, models: [m], apiKeys: [4711]}]", "providers[0].apiKeys[0]", null, "a key as a text, or {value: …} with the key or ${secrets.get('secret', 'key')}")]
    [InlineData("{\"providers\": [{\"id\": \"openai\", \"models\": [\"m\"], \"api_keys\": [\"${vault.read('x')}\"]}]}", "providers[0].api_keys[0]", null, "${secrets.get('secret', 'key')} as the whole text, or ${NAME} of a variable")]
    [InlineData("{\"providers\": [{\"id\": \"openai\", \"models\": [\"m\"], \"base_url\": \"https://${secrets.get('x', 'y')}\"}]}", "providers[0].base_url", "${secrets.get('x', 'y')}", "${secrets.get('secret', 'key')} as the whole text, or ${NAME} of a variable")]
    [InlineData("per_request_timeout: soon\nproviders: [{id: openai, models: [m]}]", "per_request_timeout", "soon", "a duration such as 500ms, 30s, 5m, 1h30m or 7d")]
    [InlineData("perRequestTimeout: 0s\nproviders: [{id: openai, models: [m]}]", "perRequestTimeout", "0s", "a duration above zero")]
    [InlineData("total_timeout: 1m\nproviders: []", "providers", null, "at least one provider")]
    [InlineData("providers: [{id: groq}]", "providers[0].models", null, "at least one model")]
    [InlineData("only_allow_configured_models: true\nproviders: [{id: openai}]", "providers[0].models", null, "at least one model")]
    [InlineData("on_http_request: [{type: rate-limit, config: {capacity: 3}}]", "on_http_request[0].type", "rate-limit", "ai-gateway")]
    [InlineData("on_http_request: [{expressions: [\"req.method == 'POST'\"], actions: [{type: ai-gateway, config: {providers: [{id: openai, models: [m]}]}}]}]", "on_http_request[0].expressions", null, "no expressions: what they name is not known here")]
    [InlineData("on_http_request: [{type: ai-gateway}]", "on_http_request[0].config", null, "required: a mapping with providers")]
    [InlineData("on_http_response: []\non_http_request: [{type: ai-gateway, config: {providers: [{id: openai, models: [m]}]}}]", "on_http_response", null, "on_http_request alone")]
    [InlineData("providers: [{id: openai, models: [m], headers: {Host: x}}]", "providers[0].headers.Host", "Host", "another header; 'Host' says how the message travels")]
    public void Errors_name_the_place_in_the_pasted_document(string text, string path, string? value, string expectation)
    {
        var error = PastedReading.Of(text).Errors.First(error => error.Path == path);
        Assert.Equal((value, expectation), (error.Value, error.Expectation));
        Assert.NotNull(error.Line);
    }

    [Fact]
    public void A_strategy_becomes_a_route_that_selects()
    {
        var reading = PastedReading.Of(
            """
            on_http_request:
              - type: ai-gateway
                config:
                  providers: [{id: openai, models: [gpt-4o]}, {id: my-provider, base_url: "https://mine.example", models: [llama3]}]
                  model_selection:
                    strategy:
                      - "ai.models.filter(m, m.provider_id == 'my-provider')"
                      - "ai.models.filter(m, has(m.metadata.approved) && m.metadata.approved && request.max_tokens < 1000)"
                      - "ai.models.random()"
            """).WithoutErrors();
        var route = reading.Route("ai-gateway");
        Assert.Equal(
            ["ai.models.filter(m, m.provider_id == 'my-provider')", "ai.models.filter(m, has(m.metadata.approved) && m.metadata.approved && request.max_tokens < 1000)", "ai.models.random()"],
            route.Selection!);
        Assert.Equal((1_000, null, null, null, null, null), (route.Order, route.Match, route.Target, route.Targets, route.AllowedProviders, route.AllowedModels));

        var one = PastedReading.Of("model_selection: {strategy: ai.models}\nproviders: [{id: openai, models: [gpt-4o]}]").WithoutErrors();
        Assert.Equal(["ai.models"], one.Route("ai-gateway").Selection!);
        const string Named = """{"on_http_request":[{"name":"EU gateway","actions":[{"type":"ai-gateway","config":{"modelSelection":{"strategy":["ai.models"]},"providers":[{"id":"openai","models":["m"]}]}}]}]}""";
        Assert.Equal(["ai.models"], PastedReading.Of(Named).WithoutErrors().Route("eu-gateway").Selection!);
    }

    [Fact]
    public void Configured_providers_and_models_alone_become_a_route_that_allows_them()
    {
        var reading = PastedReading.Of(Policy).WithoutErrors();
        var route = reading.Route("ai-gateway");
        Assert.Equal(["openai", "anthropic", "my-ollama"], route.AllowedProviders!);
        Assert.Equal(["openai/gpt-4o-2024-11-20", "openai/gpt-4o", "anthropic/claude-3-5-sonnet-20241022", "my-ollama/llama3-70b"], route.AllowedModels!);
        Assert.Null(route.Selection);
        Assert.Equal(
            ["on_http_request[0].config.only_allow_configured_providers", "on_http_request[0].config.only_allow_configured_models"], reading.Notes.Select(note => note.Path).TakeLast(2));

        var providers = PastedReading.Of("only_allow_configured_providers: true\nproviders: [{id: openai, models: [m]}]").WithoutErrors().Route("ai-gateway");
        Assert.Equal((1, null), (providers.AllowedProviders!.Count, providers.AllowedModels));
        var none = PastedReading.Of("only_allow_configured_models: true\nproviders: [{id: openai, models: [{id: m, disabled: true}]}]");
        Assert.Contains(none.Errors, error => (error.Path, error.Expectation) == ("only_allow_configured_models", "at least one model that is not disabled"));
    }

    [Theory]
    [InlineData("['ai.models.fliter(m, true)']", "model_selection.strategy[0]", "Did you mean 'filter'?")]
    [InlineData("[ai.models, \"ai.models.filter(m, m.providerid == 'x')\"]", "model_selection.strategy[1]", "Did you mean 'provider_id'?")]
    [InlineData("ordered", "model_selection.strategy", "of the expression: unknown name")]
    [InlineData("[\"ai.models.filter(m, m.provider_id == 'My_Ollama')\"]", "model_selection.strategy[0]", "'my-ollama' in place of 'My_Ollama': that is the provider's name here")]
    [InlineData("[{a: b}]", "model_selection.strategy[0]", "a text")]
    public void A_mistake_of_a_strategy_is_named_where_it_was_pasted(string strategy, string path, string expectation)
    {
        var error = PastedReading.Of($"model_selection: {{strategy: {strategy}}}\nproviders: [{{id: My_Ollama, base_url: 'https://o.internal', models: [m]}}]").Errors[0];
        Assert.Equal((path, 1), (error.Path, error.Line));
        Assert.Contains(expectation, $"{error.Expectation} {error.Remedy}", StringComparison.Ordinal);
    }

    [Fact]
    public void A_reference_in_braces_needs_quotes_and_the_error_says_so()
    {
        const string Flow = "on_http_request: [{type: ai-gateway, config: {providers: [{id: openai, models: [m], api_keys: [{value: ${secrets.get('name','key')}}]}]}}]";
        var error = Assert.Single(PastedReading.Of(Flow).Errors);
        Assert.Equal("A value with ${…} between braces or brackets needs quotes around it, or a line of its own.", error.Remedy);
        var quoted = Flow.Replace("${secrets.get('name','key')}", "\"${secrets.get('name','key')}\"", StringComparison.Ordinal);
        Assert.Equal(new SecretKeyReference("name", "key"), PastedReading.Of(quoted).WithoutErrors().Provider("openai").ApiKeySecretRef);
    }

    [Fact]
    public void No_error_repeats_a_key()
    {
        foreach (var keys in new[] { "[sk-hidden, 4]", "[{value: sk-hidden, values: 3}]", "{a: sk-hidden}", "sk-hidden", "[[sk-hidden]]", "[{value: {x: sk-hidden}}]" })
        {
            var reading = PastedReading.Of($"providers: [{{id: openai, models: [m], api_keys: {keys}, headers: {{Authorization: 7, \"bad name\": sk-hidden}}}}]");
            Assert.NotEmpty(reading.Errors);
            Assert.DoesNotContain("sk-hidden", string.Join('\n', reading.Errors), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("openai", "gpt-5.1")]
    [InlineData("anthropic", "claude-sonnet-4-6")]
    [InlineData("google", "gemini-2.5-pro")]
    [InlineData("deepseek", "deepseek-chat")]
    public void A_known_id_brings_its_address_and_its_models(string id, string model)
    {
        var reading = PastedReading.Of($"on_http_request:\n  - type: ai-gateway\n    config:\n      providers:\n        - id: {id}\n          api_keys:\n            - value: ${{secrets.get('vendors', '{id}')}}\n").WithoutErrors();
        var provider = reading.Provider(id);
        Assert.StartsWith("https://", provider.EffectiveEndpoints.Single().Url, StringComparison.Ordinal);
        Assert.Contains(model, provider.Models!.Select(one => one.Id));
        Assert.Equal("on_http_request[0].config.providers[0].models", Assert.Single(reading.Notes).Path);
    }

    [Fact]
    public void A_disabled_provider_stays_and_serves_nothing() =>
        Assert.True(PastedReading.Of("providers: [{id: openai, disabled: true, models: [m]}]").WithoutErrors().Provider("openai").Disabled);
}
