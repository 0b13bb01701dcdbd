using System.Text.Json;
using System.Text.Json.Nodes;
using Orrery.Contracts;
using Orrery.Gateway.Translation.Anthropic;

namespace Orrery.Tests.Gateway;

/// <summary>What a chat request becomes for Anthropic's Messages API.</summary>
public sealed class AnthropicRequestTests
{
    [Fact]
    public async Task It_goes_to_messages_with_anthropics_headers_and_no_other_credential()
    {
        await using var engine = await ScriptedEngine.StartAsync(AnthropicEngine.Answers(AnthropicEngine.Message()));
        var sealer = new Orrery.ServiceDefaults.SecretSealer(GatewayWorld.SecretsKey);
        var context = SecretContext.Of("default", "anthropic", "key");
        var provider = AnthropicEngine.Provider("p1", engine.Url) with { ApiKey = sealer.Seal(context, AnthropicEngine.Key), ApiKeyContext = context };
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(provider));
        (await world.PostAsync(GatewayWorld.Chat())).EnsureSuccessStatusCode();
        var headers = engine.Last.Headers;
        Assert.Equal(("/v1/messages", "2023-06-01", AnthropicEngine.Key), (engine.Last.Path, headers["anthropic-version"], headers["x-api-key"]));
        Assert.False(headers.ContainsKey("Authorization"));
        AssertJson("""{"model":"upstream-model","max_tokens":4096,"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]}""", engine.Last.Body);
    }

    [Theory]
    // Instructions go to the top, wherever they stood.
    [InlineData(
        """[{"role":"system","content":"A"},{"role":"user","content":"Hi"},{"role":"developer","content":[{"type":"text","text":"B\n\u00e9","cache_control":{"type":"ephemeral"}}]}]""",
        """{"system":[{"type":"text","text":"A"},{"type":"text","text":"B\né","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]}""")]
    // Turns of one role become one; blank texts would be refused there.
    [InlineData(
        """[{"role":"user","content":"1"},{"role":"user","name":"x","content":[{"type":"text","text":"2"},{"type":"text","text":" \n"}]},{"role":"assistant","content":""},{"role":"user","content":"3"}]""",
        """{"messages":[{"role":"user","content":[{"type":"text","text":"1"},{"type":"text","text":"2"},{"type":"text","text":"3"}]}]}""")]
    // Words that the model is to continue must not end in a blank.
    [InlineData(
        """[{"role":"user","content":"?"},{"role":"assistant","content":"It is \n"}]""",
        """{"messages":[{"role":"user","content":[{"type":"text","text":"?"}]},{"role":"assistant","content":[{"type":"text","text":"It is"}]}]}""")]
    // Results of parallel calls in one user turn, before its text; empty arguments; ids of another engine.
    [InlineData(
        """[{"role":"user","content":"?"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"a","arguments":"{\"x\": [1, \"\\u00e9\"]}"}},{"id":"functions.b:0","type":"function","function":{"name":"b","arguments":""}}]},{"role":"user","content":"and?"},{"role":"tool","tool_call_id":"call_1","content":"1"},{"role":"tool","tool_call_id":"functions.b:0","content":[{"type":"text","text":"2"},{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]}]""",
        """{"messages":[{"role":"user","content":[{"type":"text","text":"?"}]},{"role":"assistant","content":[{"type":"tool_use","id":"call_1","name":"a","input":{"x":[1,"é"]}},{"type":"tool_use","id":"_functions_b_0","name":"b","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"1"},{"type":"tool_result","tool_use_id":"_functions_b_0","content":[{"type":"text","text":"2"},{"type":"image","source":{"type":"url","url":"https://x.example/a.png"}}]},{"type":"text","text":"and?"}]}]}""")]
    // Thoughts go back sealed and first; an unsealed one stays out.
    [InlineData(
        """[{"role":"user","content":"?"},{"role":"assistant","reasoning_content":"hm","thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"sig+/="},{"type":"thinking","thinking":"no seal","signature":""},{"type":"redacted_thinking","data":"Zm9v"}],"content":"!","tool_calls":[{"id":"c","type":"function","function":{"name":"a","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":""}]""",
        """{"messages":[{"role":"user","content":[{"type":"text","text":"?"}]},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"sig+/="},{"type":"redacted_thinking","data":"Zm9v"},{"type":"text","text":"!"},{"type":"tool_use","id":"c","name":"a","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c"}]}]}""")]
    // Pictures and documents by content, with the solidus escaped as PHP does.
    [InlineData(
        """[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image\/jpg;base64,\/9j+AA==","detail":"low"}},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}}]}]""",
        """{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"/9j+AA=="}},{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"},"title":"a.pdf"}]}]}""")]
    public async Task Conversations(string messages, string expected)
    {
        var sent = await SentAsync($$"""{"model":"m","messages":{{messages}}}""");
        AssertJson(Merge("""{"model":"upstream-model","max_tokens":4096}""", expected), sent);
    }

    [Theory]
    [InlineData("\"max_tokens\":7", "\"max_tokens\":7")]
    [InlineData("\"max_tokens\":7,\"max_completion_tokens\":8", "\"max_tokens\":8")]
    [InlineData("\"temperature\":0.5,\"top_p\":0.9", "\"temperature\":0.5,\"top_p\":0.9")]
    [InlineData("\"temperature\":1.7,\"top_p\":1", "")]
    [InlineData("\"temperature\":1,\"top_p\":null,\"stop\":null", "")]
    [InlineData("\"stop\":\"END\"", "\"stop_sequences\":[\"END\"]")]
    [InlineData("\"stop\":[\"a\",\"b\\n\"]", "\"stop_sequences\":[\"a\",\"b\\n\"]")]
    [InlineData("\"stop\":[]", "")]
    [InlineData("\"user\":\"u1\"", "\"metadata\":{\"user_id\":\"u1\"}")]
    [InlineData("\"user\":\"u1\",\"safety_identifier\":\"s1\"", "\"metadata\":{\"user_id\":\"s1\"}")]
    [InlineData("\"service_tier\":\"default\"", "\"service_tier\":\"standard_only\"")]
    [InlineData("\"service_tier\":\"flex\"", "")]
    [InlineData("\"n\":1,\"logprobs\":false,\"top_logprobs\":0,\"logit_bias\":{ },\"presence_penalty\":0,\"frequency_penalty\":0.0,\"modalities\":[ \"text\" ],\"audio\":null,\"verbosity\":\"medium\",\"functions\":[]", "")]
    [InlineData("\"seed\":1,\"store\":true,\"metadata\":{\"a\":\"b\"},\"prediction\":{\"type\":\"content\",\"content\":\"x\"},\"prompt_cache_key\":\"k\"", "")]
    [InlineData("\"top_k\":5,\"a_later_field\":{\"x\":[1]}", "\"top_k\":5,\"a_later_field\":{\"x\":[1]}")]
    [InlineData("\"reasoning_effort\":\"medium\"", "\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":\"medium\"}")]
    [InlineData("\"reasoning_effort\":\"minimal\"", "\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":\"low\"}")]
    [InlineData("\"reasoning_effort\":\"none\"", "\"thinking\":{\"type\":\"disabled\"}")]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2000}", "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2000},\"max_tokens\":6096")]
    [InlineData("\"response_format\":{\"type\":\"text\"}", "")]
    [InlineData("\"reasoning_effort\":\"high\",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"strict\":true,\"schema\":{\"type\":\"object\"}}}", "\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":\"high\",\"format\":{\"type\":\"json_schema\",\"schema\":{\"type\":\"object\"}}}")]
    [InlineData("\"tools\":[],\"tool_choice\":\"auto\",\"parallel_tool_calls\":true", "")]
    public async Task Parameters(string fields, string expected) =>
        AssertJson(
            Merge("""{"model":"upstream-model","max_tokens":4096,"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]}""", "{" + expected + "}"),
            await SentAsync(GatewayWorld.Chat(more: "," + fields)));

    [Theory]
    [InlineData("", "")]
    [InlineData(",\"tool_choice\":\"auto\"", ",\"tool_choice\":{\"type\":\"auto\"}")]
    [InlineData(",\"parallel_tool_calls\":false", ",\"tool_choice\":{\"type\":\"auto\",\"disable_parallel_tool_use\":true}")]
    [InlineData(",\"tool_choice\":\"none\",\"parallel_tool_calls\":false", ",\"tool_choice\":{\"type\":\"none\"}")]
    [InlineData(",\"tool_choice\":\"required\",\"parallel_tool_calls\":false", ",\"tool_choice\":{\"type\":\"any\",\"disable_parallel_tool_use\":true}")]
    [InlineData(",\"tool_choice\":{\"function\":{\"name\":\"a\"},\"type\":\"function\"}", ",\"tool_choice\":{\"type\":\"tool\",\"name\":\"a\"}")]
    public async Task Tools(string choice, string expected)
    {
        const string tools = """ "tools":[{"type":"function","function":{"name":"a","description":"A \"thing\"","parameters":{"type":"object","properties":{"x":{"type":"string"}}},"strict":true},"cache_control":{"type":"ephemeral"}},{"type":"function","function":{"name":"b"}},{"type":"function","function":{"name":"c","parameters":{"properties":{}},"strict":false}}]""";
        const string translated = """ "tools":[{"name":"a","description":"A \"thing\"","input_schema":{"type":"object","properties":{"x":{"type":"string"}}},"strict":true,"cache_control":{"type":"ephemeral"}},{"name":"b","input_schema":{"type":"object","properties":{}}},{"name":"c","input_schema":{"type":"object","properties":{}}}]""";
        AssertJson(
            """{"model":"upstream-model","max_tokens":4096,"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}],""" + translated + expected + "}",
            await SentAsync(GatewayWorld.Chat(more: "," + tools + choice)));
    }

    [Theory]
    [InlineData("n", "\"n\":2")]
    [InlineData("logprobs", "\"logprobs\":true")]
    [InlineData("logit_bias", "\"logit_bias\":{\"1\":2}")]
    [InlineData("presence_penalty", "\"presence_penalty\":0.5")]
    [InlineData("modalities", "\"modalities\":[\"text\",\"audio\"]")]
    [InlineData("audio", "\"audio\":{\"voice\":\"x\"}")]
    [InlineData("web_search_options", "\"web_search_options\":{}")]
    [InlineData("functions", "\"functions\":[{\"name\":\"x\"}]")]
    [InlineData("response_format.type", "\"response_format\":{\"type\":\"json_object\"}")]
    [InlineData("response_format.json_schema.schema", "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\"}}")]
    [InlineData("response_format", "\"response_format\":\"json\"")]
    [InlineData("temperature", "\"temperature\":2.5")]
    [InlineData("top_p", "\"top_p\":\"1\"")]
    [InlineData("stop", "\"stop\":\"\\n\"")]
    [InlineData("stop[1]", "\"stop\":[\"a\",\" \"]")]
    [InlineData("reasoning_effort", "\"reasoning_effort\":\"much\"")]
    [InlineData("reasoning_effort", "\"reasoning_effort\":\"low\",\"thinking\":{\"type\":\"adaptive\"}")]
    [InlineData("output_config", "\"reasoning_effort\":\"low\",\"output_config\":{\"effort\":\"low\"}")]
    [InlineData("tools[0].type", "\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"x\"}}]")]
    [InlineData("tools[0].function.name", "\"tools\":[{\"type\":\"function\",\"function\":{}}]")]
    [InlineData("tool_choice", "\"tool_choice\":\"required\"")]
    [InlineData("tool_choice", "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"x\"}}],\"tool_choice\":{\"type\":\"allowed_tools\"}")]
    public Task Fields_that_cannot_be_said_are_named(string param, string field) => RefusedAsync(param, GatewayWorld.Chat(more: "," + field));

    [Theory]
    [InlineData("messages[0].role", """{"role":"function","content":"x"}""")]
    [InlineData("messages[0].content", """{"role":"user"}""")]
    [InlineData("messages[0].content", """{"role":"user","content":7}""")]
    [InlineData("messages[0].content[1].type", """{"role":"user","content":[{"type":"text","text":"x"},{"type":"input_audio","input_audio":{"data":"","format":"wav"}}]}""")]
    [InlineData("messages[0].content[0].type", """{"role":"assistant","content":[{"type":"image_url","image_url":{"url":"https://x.example/"}}]}""")]
    [InlineData("messages[0].content[0].image_url.url", """{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/bmp;base64,AA=="}}]}""")]
    [InlineData("messages[0].content[0].image_url.url", """{"role":"user","content":[{"type":"image_url","image_url":{"url":"ftp://x"}}]}""")]
    [InlineData("messages[0].content[0].image_url.url", """{"role":"user","content":[{"type":"image_url","image_url":{}}]}""")]
    [InlineData("messages[0].content[0].file.file_data", """{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}""")]
    [InlineData("messages[0].tool_calls[0].function.arguments", """{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"a","arguments":"{\"x\":"}}]}""")]
    [InlineData("messages[0].tool_calls[0].id", """{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"a","arguments":"{}"}}]}""")]
    [InlineData("messages[0].tool_call_id", """{"role":"tool","content":"x"}""")]
    [InlineData("messages[0].function_call", """{"role":"assistant","content":null,"function_call":{"name":"x","arguments":"{}"}}""")]
    [InlineData("messages[0]", "\"x\"")]
    [InlineData("messages", """{"role":"system","content":"x"}""")]
    [InlineData(null, """{"role":"assistant","content":"\ud83d "}""")]
    public Task Messages_that_cannot_be_said_are_named(string? param, string message) => RefusedAsync(param, $$"""{"model":"m","messages":[{{message}}]}""");

    [Theory]
    [InlineData("upstream-model", null, "", 4096, null)]
    [InlineData("claude-sonnet-4-5", null, "", 20_480, 16_384)]
    [InlineData("claude-sonnet-4-5", 64_000, "", 64_000, 16_384)]
    [InlineData("claude-sonnet-4-5", 64_000, ",\"max_tokens\":8000", 8_000, 4_000)]
    [InlineData("claude-sonnet-4-5", 64_000, ",\"max_tokens\":2000", 2_000, null)]
    public async Task Thinking_leaves_room_for_an_answer(string upstream, int? most, string more, long expected, int? budget)
    {
        await using var engine = await ScriptedEngine.StartAsync(AnthropicEngine.Answers(AnthropicEngine.Message()));
        var document = AnthropicEngine.Document(engine.Url);
        document = document with { Models = [GatewayWorld.Model("m", ModelTypes.Chat) with { Offers = [new SnapshotOffer("p1", upstream) { MaxOutputTokens = most }] }] };
        await using var world = await GatewayWorld.StartAsync(document);
        (await world.PostAsync(GatewayWorld.Chat(more: ",\"reasoning_effort\":\"high\"" + more))).EnsureSuccessStatusCode();
        var sent = JsonDocument.Parse(engine.Last.Body).RootElement;
        Assert.Equal(expected, sent.GetProperty("max_tokens").GetInt64());
        Assert.Equal(budget, sent.TryGetProperty("thinking", out var thinking) && thinking.TryGetProperty("budget_tokens", out var tokens) ? tokens.GetInt32() : null);
    }

    [Theory]
    [InlineData("claude-3-7-sonnet-20250219", true)]
    [InlineData("claude-opus-4-20250514", true)]
    [InlineData("claude-opus-4-1", true)]
    [InlineData("claude-haiku-4-5-20251001", true)]
    [InlineData("claude-opus-4-6", false)]
    [InlineData("claude-sonnet-5", false)]
    [InlineData("claude-opus-4-10", false)]
    public void Models_before_4_6_think_by_budget(string model, bool expected) => Assert.Equal(expected, ThinkingWish.TakesBudget(model));

    [Fact]
    public async Task A_provider_that_can_say_it_is_asked_next()
    {
        await using var engine = await ScriptedEngine.StartAsync(AnthropicEngine.Answers(AnthropicEngine.Message()));
        await using var other = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(AnthropicEngine.Provider("p1", engine.Url), GatewayWorld.Provider("p2", other.Url)));
        (await world.PostAsync(GatewayWorld.Chat(more: ",\"n\":2"))).EnsureSuccessStatusCode();
        Assert.Empty(engine.Requests);
        Assert.Contains("\"n\":2", other.Last.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_operations_are_refused_by_name()
    {
        await using var engine = await ScriptedEngine.StartAsync(AnthropicEngine.Answers(AnthropicEngine.Message()));
        await using var world = await GatewayWorld.StartAsync(AnthropicEngine.Document(engine.Url));
        var error = await ErrorBody.ReadAsync(await world.PostAsync("""{"model":"m","prompt":"x"}""", "/v1/completions"));
        Assert.Equal((400, "model", "unsupported_operation"), (error.Status, error.Param, error.Code));
        Assert.Empty(engine.Requests);
    }

    private static async Task<string> SentAsync(string body)
    {
        await using var engine = await ScriptedEngine.StartAsync(AnthropicEngine.Answers(AnthropicEngine.Message()));
        await using var world = await GatewayWorld.StartAsync(AnthropicEngine.Document(engine.Url));
        using var response = await world.PostAsync(body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return engine.Last.Body;
    }

    private static async Task RefusedAsync(string? param, string body)
    {
        await using var engine = await ScriptedEngine.StartAsync(AnthropicEngine.Answers(AnthropicEngine.Message()));
        await using var world = await GatewayWorld.StartAsync(AnthropicEngine.Document(engine.Url));
        var error = await ErrorBody.ReadAsync(await world.PostAsync(body));
        Assert.Equal((400, "invalid_request_error", param), (error.Status, error.Type, error.Param));
        Assert.Contains(param ?? "surrogate", error.Message, StringComparison.Ordinal);
        Assert.Empty(engine.Requests);
        Assert.Equal(UsageOutcomes.Refused, (await world.OnlyUsageAsync()).Outcome);
    }

    private static string Merge(string one, string other)
    {
        var merged = JsonNode.Parse(one)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(other)!.AsObject())
        {
            merged[name] = value?.DeepClone();
        }

        return merged.ToJsonString();
    }

    private static void AssertJson(string expected, string actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)), $"Expected: {expected}\nActual:   {actual}");
}
