using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orrery.Contracts;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue.Pasted;

/// <summary>Pasted documents at the Catalogue's API: what they become, again and edited, among others, and all or nothing.</summary>
public sealed class PastedApplyTests(PostgresServer postgres) : IAsyncLifetime
{
    private const string Value = "sk-do-not-show-this-value-0815";

    private const string Gateway =
        $$"""
        on_http_request:
          - type: ai-gateway
            config:
              per_request_timeout: "120s"
              providers:
                - id: openai
                  api_keys:
                    - value: {{Value}}
                  models:
                    - id: gpt-4o
        """;

    private string _database = null!;
    private CatalogueReplica _catalogue = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateDatabaseAsync();
        _catalogue = await StartAsync(_database, "Logging:LogLevel:Default=Trace");
    }

    public ValueTask DisposeAsync() => _catalogue.DisposeAsync();

    [Fact]
    public async Task A_dry_run_shows_what_a_document_becomes_and_changes_nothing()
    {
        var answer = (await _catalogue.Apply(Gateway, "?dryRun=true")).ExpectOk();
        Assert.Equal(["created ModelProvider openai 0", "created Secret openai-api-keys 0"], Results(answer.Json));
        Assert.Equal(
            """{"provider":"openai","apiKeySecretRef":{"name":"openai-api-keys","key":"key-1"},"models":[{"id":"gpt-4o"}],"simulated":false,"timeouts":{"perRequest":"2m"}}""",
            answer.Json["results"]![0]!["spec"]!.ToJsonString());
        Assert.Equal("""{"data":{"key-1":""}}""", answer.Json["results"]![1]!["spec"]!.ToJsonString());
        Assert.DoesNotContain(Value, answer.Text, StringComparison.Ordinal);
        (await _catalogue.Get($"{Root}/modelproviders/openai")).Expect(HttpStatusCode.NotFound);
        Assert.Null((await _catalogue.Apply(Documents.Model("plain", "plain"), "?dryRun=true")).ExpectOk().Json["results"]![0]!["spec"]);
    }

    [Fact]
    public async Task The_same_again_changes_nothing_and_an_edited_one_what_was_edited()
    {
        (await _catalogue.Apply(Gateway)).ExpectOk();
        Assert.Equal(["unchanged ModelProvider openai 0", "unchanged Secret openai-api-keys 0"], Results((await _catalogue.Apply(Gateway)).ExpectOk().Json));

        var edited = (await _catalogue.Apply(Gateway.Replace("120s", "60s", StringComparison.Ordinal))).ExpectOk().Json;
        Assert.Equal(["configured ModelProvider openai 0", "unchanged Secret openai-api-keys 0"], Results(edited));
        Assert.Equal("""{"path":"spec.timeouts.perRequest","from":"2m","to":"1m"}""", Assert.Single(edited["results"]![0]!["changes"]!.AsArray())!.ToJsonString());

        var renewed = (await _catalogue.Apply(Gateway.Replace("120s", "60s", StringComparison.Ordinal).Replace(Value, "sk-new", StringComparison.Ordinal))).ExpectOk().Json;
        Assert.Equal(["unchanged ModelProvider openai 0", "configured Secret openai-api-keys 0"], Results(renewed));
    }

    [Fact]
    public async Task A_literal_key_is_in_no_table_no_log_and_no_answer()
    {
        var answers = new List<Answer>
        {
            await _catalogue.Apply(Gateway, "?dryRun=true"),
            await _catalogue.Apply(Gateway.Replace("gpt-4o", "gpt-4o\n                      unknown: 1", StringComparison.Ordinal)),
            await _catalogue.Apply(Gateway),
            await _catalogue.Apply(Gateway.Replace(Value, Value + "-2", StringComparison.Ordinal)),
            await _catalogue.Get($"{Root}/secrets/openai-api-keys"),
            await _catalogue.Get($"{Root}/secrets/openai-api-keys/revisions"),
            await _catalogue.Get($"{Root}/modelproviders/openai"),
        };
        await using var stream = await _catalogue.Snapshot();
        answers.Add(new Answer(HttpStatusCode.OK, (await stream.NextAsync("snapshot")).Data, null, null));
        Assert.All(answers, answer => Assert.DoesNotContain(Value, answer.Text, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.BadRequest, answers[1].Status);
        Assert.DoesNotContain(Value, _catalogue.Logged, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Documents_of_every_shape_stand_in_one_stream_and_are_applied_together()
    {
        const string Provider = "name: my-vllm\ntype: openai-compatible\nbase_url: http://127.0.0.1:9/v1\nmodels: [{id: m1}]";
        const string Routes = "routes: [{match: {tag: regulated}, target: m1, fallback: []}, {match: {tag: general}, target: m1, fallback: [openai]}]";
        var answer = (await _catalogue.Apply(Documents.Many(Documents.Model("big", "gpt-4o"), Gateway, Provider, Routes))).ExpectOk().Json;
        Assert.Equal(
            ["created Model big 0", "created ModelProvider openai 1", "created Secret openai-api-keys 1", "created ModelProvider my-vllm 2", "created Route route-tag-regulated 3", "created Route route-tag-general 3"],
            Results(answer));
        var route = (await _catalogue.Get($"{Root}/routes/route-tag-regulated")).ExpectOk().Json;
        Assert.Equal("""{"order":10,"match":{"tag":"regulated"},"target":"m1","fallback":[]}""", route["spec"]!.ToJsonString());
    }

    [Fact]
    public async Task One_bad_document_refuses_the_stream_and_faults_of_the_whole_name_the_pasted_place()
    {
        const string Routes = "routes:\n- match: {tag: regulated}\n  target: nowhere\n";
        const string Referring = "on_http_request:\n- type: ai-gateway\n  config:\n    providers:\n    - id: groq\n      models: [llama]\n      api_keys:\n      - value: ${secrets.get('vault', 'groq')}\n";
        var answer = (await _catalogue.Apply(Documents.Many(Documents.Model("good", "good"), Referring, Routes))).Expect(HttpStatusCode.BadRequest);
        Assert.Equal(
            ["1 on_http_request[0].config.providers[0].api_keys[0].value vault a Secret of namespace 'default'", "2 routes[0].target nowhere a model's id or alias, or provider/model of namespace 'default'"],
            answer.Errors.Select(error => $"{error["document"]} {error["path"]} {error["value"]} {error["expectation"]}"));
        Assert.Equal([16, 21], answer.Errors.Select(error => (int)error["line"]!));
        (await _catalogue.Get($"{Root}/models/good")).Expect(HttpStatusCode.NotFound);

        (await _catalogue.Apply(Documents.Many("kind: Secret\nmetadata: {name: vault}\nspec: {data: {groq: v}}", Referring))).ExpectOk();
        var twice = (await _catalogue.Apply(Documents.Many(Gateway, Gateway))).Expect(HttpStatusCode.BadRequest);
        Assert.Equal("on_http_request[0].config.providers[0].id", (string?)twice.Errors[0]["path"]);
    }

    [Fact]
    public async Task Notes_come_with_the_answer()
    {
        var answer = (await _catalogue.Apply("only_allow_configured_models: false\nproviders: [{id: deepseek, api_keys: [k], models: [deepseek-chat]}]")).ExpectOk().Json;
        Assert.Equal(
            """[{"document":0,"path":"only_allow_configured_models","text":"Only declared models can be called here, whatever this says."}]""",
            answer["notes"]!.ToJsonString());
        Assert.Null((await _catalogue.Apply(Documents.Model("m", "m"))).ExpectOk().Json["notes"]);
    }

    [Fact]
    public async Task A_put_takes_resources_only()
    {
        var error = Assert.Single((await _catalogue.Put($"{Root}/modelproviders/my-vllm", "name: my-vllm\ntype: openai-compatible\nbase_url: http://h\nmodels: [m]")).Expect(HttpStatusCode.BadRequest).Errors, one => (string?)one["path"] == "name");
        Assert.Equal("a known field: apiVersion, kind, metadata, spec, status", (string?)error["expectation"]);
    }

    [Fact]
    public async Task A_managed_set_may_hold_pasted_documents_with_variables()
    {
        Environment.SetEnvironmentVariable("ORRERY_TESTS_MANAGED_KEY", Value);
        const string Set = "Catalogue:ManagedResources:pasted={\"name\": \"managed\", \"base_url\": \"http://127.0.0.1:9/v1\", \"api_key\": \"${ORRERY_TESTS_MANAGED_KEY}\", \"models\": [\"m\"]}";
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync(), Set, "Catalogue:EnvironmentNames:0=ORRERY_TESTS_MANAGED_KEY");
        Assert.Equal("apphost", (string?)(await catalogue.Get($"{Root}/secrets/managed-api-keys")).ExpectOk().Json["metadata"]!["managedBy"]);

        var other = (string)(await catalogue.Apply(Documents.Key("other-admin", role: "administrator", @namespace: "elsewhere"))).ExpectOk().Json["results"]![0]!["token"]!;
        const string Theirs = "{\"name\": \"theirs\", \"base_url\": \"http://127.0.0.1:9/v1\", \"api_key\": \"${ORRERY_TESTS_MANAGED_KEY}\", \"models\": [\"m\"]}";
        var refused = Assert.Single((await catalogue.Apply(Theirs, token: other)).Expect(HttpStatusCode.BadRequest).Errors);
        Assert.StartsWith("no variable: only administrators of the namespace 'default'", (string?)refused["expectation"], StringComparison.Ordinal);
        (await catalogue.Apply(Theirs)).ExpectOk();
    }

    [Fact]
    public async Task A_provider_with_budgets_is_declared_as_it_is_elsewhere_and_reaches_the_snapshot()
    {
        const string Provider =
            """
            apiVersion: pai.io/v1
            kind: ModelProvider
            metadata:
              name: vllm-local
            spec:
              provider: vllm
              endpoint: http://vllm.vllm-system.svc.cluster.local:8000/v1
              apiKeySecretRef:
                name: vllm-token
                key: api-key
              allowedModels:
                - meta-llama/Meta-Llama-3-70B-Instruct
                - mistralai/Mistral-7B-Instruct-v0.3
              deniedModels:
                - mistralai/Mistral-7B-Instruct-v0.3
              maxTokensPerDay: 50000000
              maxTokensPerRequest: 32000
              externalAccess:
                enabled: true
                maxTokensPerDay: 5000000
            """;
        (await _catalogue.Apply(Documents.Many("kind: Secret\nmetadata: {name: vllm-token}\nspec: {data: {api-key: v}}", Provider))).ExpectOk();
        var snake = Provider.Replace("maxTokensPerDay", "max_tokens_per_day", StringComparison.Ordinal).Replace("externalAccess", "external_access", StringComparison.Ordinal)
            .Replace("apiKeySecretRef", "api_key_secret_ref", StringComparison.Ordinal).Replace("maxTokensPerRequest", "max_tokens_per_request", StringComparison.Ordinal);
        Assert.Equal(["unchanged ModelProvider vllm-local 0"], Results((await _catalogue.Apply(snake)).ExpectOk().Json));

        await using var stream = await _catalogue.Snapshot();
        var snapshot = JsonSerializer.Deserialize((await stream.NextAsync("snapshot")).Data, ContractsJson.Default.SnapshotDocument)!;
        Assert.Equal("meta-llama/Meta-Llama-3-70B-Instruct", Assert.Single(snapshot.Models).Id);
        var provider = Assert.Single(snapshot.Providers);
        Assert.Equal((50_000_000, true), (provider.Limits!.Tokens!.Single().Count, provider.Limits.Tokens!.Single().Calendar));
        Assert.Equal((5_000_000, true), (provider.ExternalLimits!.Tokens!.Single().Count, provider.ExternalLimits.Tokens!.Single().Calendar));
        Assert.Equal((32_000, false), (provider.MaxTokensPerRequest, provider.InternalOnly));

        (await _catalogue.Apply(Provider.Replace("enabled: true", "enabled: false", StringComparison.Ordinal))).ExpectOk();
        var delta = JsonSerializer.Deserialize((await stream.NextAsync("delta")).Data, ContractsJson.Default.SnapshotDelta)!;
        Assert.True(Assert.Single(delta.Providers).InternalOnly);
        (await _catalogue.Apply(Provider.Replace("  provider: vllm", "  disabled: true\n  provider: vllm", StringComparison.Ordinal))).ExpectOk();
        delta = JsonSerializer.Deserialize((await stream.NextAsync("delta")).Data, ContractsJson.Default.SnapshotDelta)!;
        Assert.Contains("provider/default/vllm-local", delta.Removed);
    }

    [Theory]
    [InlineData("maxTokensPerDay: 0", "spec.maxTokensPerDay", "a number of tokens from 1 to 1000000000000")]
    [InlineData("maxTokensPerRequest: -1", "spec.maxTokensPerRequest", "a number of tokens from 1 to 1000000000000")]
    [InlineData("externalAccess: {maxTokensPerDay: 5}", "spec.externalAccess.enabled", "required: true or false")]
    [InlineData("externalAccess: {enabled: true, maxTokensPerDay: 0}", "spec.externalAccess.maxTokensPerDay", "a number of tokens from 1 to 1000000000000")]
    [InlineData("limits: {tokens: [{count: 5, per: 1h, calendar: true}]}", "spec.limits.tokens[0].per", "1d, where calendar is true")]
    [InlineData("maxTokensPerDay: 5, limits: {tokens: [{count: 5, per: 1d, calendar: true}]}", "spec.maxTokensPerDay", "a day's tokens that are limited once; limits.tokens limits the calendar day too")]
    public async Task A_budget_that_cannot_be_meant_is_refused_by_name(string budget, string path, string expectation)
    {
        var error = Assert.Single((await _catalogue.Apply($"kind: ModelProvider\nmetadata: {{name: p}}\nspec: {{provider: vllm, endpoint: http://h, {budget}}}")).Errors);
        Assert.Equal((path, expectation), ((string?)error["path"], (string?)error["expectation"]));
    }

    private static IEnumerable<string> Results(JsonNode answer) =>
        answer["results"]!.AsArray().Select(result => $"{result!["action"]} {result["kind"]} {result["name"]} {result["document"]}");
}
