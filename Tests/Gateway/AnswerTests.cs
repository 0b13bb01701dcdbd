using System.Net.Http.Json;
using System.Text.Json;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway;

public sealed class AnswerTests
{
    [Fact]
    public async Task An_answer_carries_the_public_id_and_the_engine_is_asked_for_its_own()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync("""{ "model" : "m", "messages":[{"role":"user","content":"Hi \u00e9"}], "min_p": 0.25, "extra_body": {"a":[1,2]} }""");
        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal(Answer.Replace("upstream-model", "m", StringComparison.Ordinal), text);
        Assert.Equal("""{ "model" : "upstream-model", "messages":[{"role":"user","content":"Hi \u00e9"}], "min_p": 0.25, "extra_body": {"a":[1,2]} }""", engine.Last.Body);
        Assert.Equal("p1", response.Headers.GetValues("X-Orrery-Provider").Single());
        Assert.False(response.Headers.Contains("X-Orrery-Simulated"));
        Assert.StartsWith("req_", response.Headers.GetValues("x-request-id").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Neither_key_nor_cookies_reach_the_engine_and_the_trace_does()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.Chat(), change: request =>
        {
            request.Headers.Add("Cookie", "a=b");
            request.Headers.Add("x-request-id", "my-own-id");
            request.Headers.Add("X-Orrery-Fault", "status=500");
            request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        });
        var sent = engine.Last.Headers;
        Assert.False(sent.ContainsKey("Authorization"));
        Assert.False(sent.ContainsKey("Cookie"));
        Assert.False(sent.ContainsKey("X-Orrery-Fault"));
        Assert.Equal("identity", sent["Accept-Encoding"]);
        Assert.Equal("my-own-id", sent["x-request-id"]);
        Assert.Contains("0af7651916cd43dd8448eb211c80319c", sent["traceparent"], StringComparison.Ordinal);
        Assert.Equal("my-own-id", response.Headers.GetValues("x-request-id").Single());
        var used = await world.OnlyUsageAsync();
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", used.TraceId);
        Assert.Equal("my-own-id", used.RequestId);
    }

    [Fact]
    public async Task A_request_without_a_trace_gets_one_that_engine_and_usage_share()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.Chat());
        var used = await world.OnlyUsageAsync();
        Assert.Equal(32, used.TraceId!.Length);
        Assert.Contains(used.TraceId, engine.Last.Headers["traceparent"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Usage_is_what_the_engine_says()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.Chat());
        var used = await world.OnlyUsageAsync();
        Assert.Equal(("default", "team-key", "chat", "m", "p1", false), (used.Namespace, used.Key, used.Operation, used.Model, used.Provider, used.Stream));
        Assert.Equal((7, 3, 4, false), (used.PromptTokens, used.CompletionTokens, used.CachedTokens, used.Estimated));
        Assert.Equal((200, UsageOutcomes.Completed), (used.Status, used.Outcome));
        Assert.True(used.DurationMs > 0);
    }

    [Fact]
    public async Task A_providers_credential_is_opened_and_sent_and_a_simulated_one_is_marked()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        var sealer = new Orrery.ServiceDefaults.SecretSealer(GatewayWorld.SecretsKey);
        var provider = GatewayWorld.Provider("p1", engine.Url) with
        {
            Simulated = true,
            ApiKey = sealer.Seal("secret/default/s/key", "sk-upstream"),
            ApiKeyContext = "secret/default/s/key",
        };
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(provider));
        using var response = await world.PostAsync(GatewayWorld.Chat(), change: request => request.Headers.Add("X-Orrery-Fault", "status=500"));
        Assert.Equal("Bearer sk-upstream", engine.Last.Headers["Authorization"]);
        Assert.Equal("status=500", engine.Last.Headers["X-Orrery-Fault"]);
        Assert.Equal("true", response.Headers.GetValues("X-Orrery-Simulated").Single());
        Assert.True((await world.OnlyUsageAsync()).Simulated);
    }

    /// <summary>Whatever an operator has declared of it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_simulator_that_says_so_is_believed(bool stream)
    {
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            http.Response.Headers["X-Orrery-Simulated"] = "true";
            await (stream ? ScriptedEngine.Sse([ScriptedEngine.Role, ScriptedEngine.Chunk("a"), ScriptedEngine.Chunk("", finish: "\"stop\""), ScriptedEngine.Done]) : ScriptedEngine.Json(ScriptedEngine.Answer))(http);
        });
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(stream ? GatewayWorld.StreamChat() : GatewayWorld.Chat());
        Assert.Equal("true", response.Headers.GetValues("X-Orrery-Simulated").Single());
        await response.Content.ReadAsStringAsync();
        Assert.True((await world.OnlyUsageAsync()).Simulated);
    }

    [Theory]
    [InlineData("/v1/chat/completions", "m", "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]")]
    [InlineData("/api/v1/ai/chat/completions", "m", "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]")]
    [InlineData("/v1/completions", "m", "\"prompt\":\"x\"")]
    [InlineData("/api/v1/ai/completions", "m", "\"prompt\":[\"x\"]")]
    [InlineData("/v1/embeddings", "embed", "\"input\":\"x\"")]
    [InlineData("/api/v1/ai/embeddings", "embed", "\"input\":[1,2]")]
    public async Task Every_endpoint_has_its_twin(string path, string model, string input)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync($$"""{"model":"{{model}}",{{input}}}""", path);
        Assert.Equal(System.Net.HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("/v1/" + path[(path.IndexOf("v1/", StringComparison.Ordinal) + 3)..].Replace("ai/", "", StringComparison.Ordinal), engine.Last.Path);
    }

    [Fact]
    public async Task A_model_is_found_by_alias_and_by_provider_even_when_ids_hold_slashes()
    {
        await using var one = await ScriptedEngine.StartAsync();
        await using var two = await ScriptedEngine.StartAsync();
        var document = GatewayWorld.Document(one, two);
        document = document with { Models = [GatewayWorld.Model("Qwen/Qwen3-8B", ModelTypes.Chat, "p1", "p2") with { Aliases = ["fast"] }] };
        await using var world = await GatewayWorld.StartAsync(document);
        foreach (var (name, engine) in new[] { ("Qwen/Qwen3-8B", one), ("fast", one), ("p2/Qwen/Qwen3-8B", two), ("p2/fast", two) })
        {
            var before = engine.Requests.Count;
            using var response = await world.PostAsync(GatewayWorld.Chat(name));
            Assert.Equal("Qwen/Qwen3-8B", (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("model").GetString());
            Assert.Equal(before + 1, engine.Requests.Count);
        }
    }

    [Fact]
    public async Task The_plan_is_explained_to_those_who_ask()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.Chat(), change: request => request.Headers.Add("X-Orrery-Explain", "1"));
        var plan = JsonDocument.Parse(response.Headers.GetValues("X-Orrery-Explain").Single()).RootElement;
        Assert.Equal("m", plan.GetProperty("model").GetString());
        var candidate = plan.GetProperty("candidates")[0];
        Assert.Equal("p1", candidate.GetProperty("provider").GetString());
        Assert.Equal("healthy", candidate.GetProperty("endpoints")[0].GetProperty("health").GetString());
    }

    [Fact]
    public async Task Models_are_listed_as_far_as_the_key_may_call_them()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        var document = GatewayWorld.Document(engine);
        const string limited = "ork_0000000000000000000000000000000000000002";
        document = document with
        {
            Models = [.. document.Models, GatewayWorld.Model("org/name", ModelTypes.Chat, "p1") with { Aliases = ["nick"] }],
            Keys = [.. document.Keys, GatewayWorld.AccessKey(limited, "limited") with { AllowedModels = ["nick"] }],
        };
        await using var world = await GatewayWorld.StartAsync(document);
        Assert.Equal(["embed", "m", "org/name"], await List(GatewayWorld.Key, "/v1/models"));
        Assert.Equal(["org/name"], await List(limited, "/api/v1/ai/models"));
        foreach (var id in new[] { "org/name", "org%2Fname", "nick" })
        {
            var one = await world.Client.GetFromJsonAsync<JsonElement>("/v1/models/" + id);
            Assert.Equal("org/name", one.GetProperty("id").GetString());
        }

        using var refused = new HttpRequestMessage(HttpMethod.Get, "/v1/models/m");
        refused.Headers.Add("Authorization", "Bearer " + limited);
        using var answer = await world.Client.SendAsync(refused);
        Assert.Equal("model_not_found", (await ErrorBody.ReadAsync(answer)).Code);

        async Task<string[]> List(string key, string path)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Add("Authorization", "Bearer " + key);
            using var response = await world.Client.SendAsync(request);
            var list = await response.Content.ReadFromJsonAsync<JsonElement>();
            return [.. list.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()!)];
        }
    }
}
