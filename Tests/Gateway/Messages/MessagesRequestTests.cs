using System.Text.Json.Nodes;
using Orrery.Gateway.Translation;

namespace Orrery.Tests.Gateway.Messages;

/// <summary>What a request of the Messages API becomes for an engine that speaks OpenAI's.</summary>
public sealed class MessagesRequestTests
{
    private const string Path = "/v1/messages";

    [Theory]
    // Words, as a string or as blocks.
    [InlineData(
        """{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"},{"role":"user","content":[{"type":"text","text":"caf\u00e9 \"漢\" 😀"}]}]}""",
        """{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"},{"role":"user","content":[{"type":"text","text":"café \"漢\" 😀"}]}]}""")]
    [InlineData("""{"system":"Be brief.","messages":[{"role":"user","content":"Hi"}]}""", """{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}]}""")]
    [InlineData(
        """{"system":[{"type":"text","text":"A"},{"type":"text","text":"B","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"Hi"}]}""",
        """{"messages":[{"role":"system","content":"A\nB"},{"role":"user","content":"Hi"}]}""")]
    [InlineData(
        """{"messages":[{"role":"user","content":"Hi"},{"role":"system","content":[{"type":"text","text":"It is late."}]}]}""",
        """{"messages":[{"role":"user","content":"Hi"},{"role":"system","content":"It is late."}]}""")]
    [InlineData("""{"system":[],"messages":[{"role":"user","content":"Hi"}]}""", """{"messages":[{"role":"user","content":"Hi"}]}""")]
    // Tools, their calls and their results, pictures in results among them; thoughts stay with the client.
    [InlineData(
        """{"tools":[{"name":"a","description":"d","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}},{"type":"custom","name":"b","strict":true,"input_schema":{}}],"tool_choice":{"type":"any","disable_parallel_tool_use":true},"messages":[{"role":"user","content":"?"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":""},{"type":"text","text":"I"},{"type":"text","text":"look"},{"type":"tool_use","id":"t1","name":"a","input":{"x": "\"é\""}},{"type":"tool_use","id":"t2","name":"b","input":{}}]},{"role":"user","content":[{"type":"text","text":"and?"},{"type":"tool_result","tool_use_id":"t1","content":"1"},{"type":"tool_result","tool_use_id":"t2","is_error":true,"content":[{"type":"text","text":"2"},{"type":"image","source":{"type":"url","url":"https://x.example/a.png"}}]}]}]}""",
        """{"tools":[{"type":"function","function":{"name":"a","description":"d","parameters":{"type":"object"}}},{"type":"function","function":{"name":"b","strict":true,"parameters":{}}}],"tool_choice":"required","parallel_tool_calls":false,"messages":[{"role":"user","content":"?"},{"role":"assistant","content":"I\nlook","tool_calls":[{"id":"t1","type":"function","function":{"name":"a","arguments":"{\"x\": \"\\\"é\\\"\"}"}},{"id":"t2","type":"function","function":{"name":"b","arguments":"{}"}}]},{"role":"tool","content":"1","tool_call_id":"t1"},{"role":"tool","content":"Error: 2","tool_call_id":"t2"},{"role":"user","content":[{"type":"text","text":"and?"},{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]}]}""")]
    [InlineData(
        """{"tools":[],"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"a"}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]}]}""",
        """{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"t","type":"function","function":{"name":"a","arguments":"{}"}}]},{"role":"tool","content":"","tool_call_id":"t"}]}""")]
    // Pictures and documents.
    [InlineData(
        """{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"/9j+"}},{"type":"document","title":"a.pdf","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"}},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"}},{"type":"document","source":{"type":"content","content":[{"type":"text","text":"more"}]}}]}]}""",
        """{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,/9j+"}},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}},{"type":"text","text":"words"},{"type":"text","text":"more"}]}]}""")]
    public async Task Conversations(string request, string expected)
    {
        var (sent, _) = await SentAsync(request);
        AssertJson(Merge("""{"model":"upstream-model","max_tokens":9}""", expected), sent);
    }

    [Theory]
    [InlineData("\"stop_sequences\":[\"x\"]", "\"stop\":[\"x\"]", "")]
    [InlineData("\"temperature\":0.5,\"top_p\":0.9,\"top_k\":4", "\"temperature\":0.5,\"top_p\":0.9,\"top_k\":4", "")]
    [InlineData("\"metadata\":{\"user_id\":\"u\"}", "\"user\":\"u\"", "")]
    [InlineData("\"metadata\":{},\"system\":null,\"tools\":null", "", "")]
    [InlineData("\"tool_choice\":{\"type\":\"auto\"}", "\"tool_choice\":\"auto\"", "")]
    [InlineData("\"tool_choice\":{\"type\":\"none\"}", "\"tool_choice\":\"none\"", "")]
    [InlineData("\"tool_choice\":{\"type\":\"tool\",\"name\":\"a\"}", "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"a\"}}", "")]
    [InlineData("\"output_config\":{\"effort\":\"low\",\"format\":{\"type\":\"json_schema\",\"schema\":{\"type\":\"object\"}}}", "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"strict\":true,\"schema\":{\"type\":\"object\"}}}", "output_config.effort")]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024},\"service_tier\":\"auto\",\"cache_control\":{\"type\":\"ephemeral\"}", "", "cache_control, service_tier, thinking")]
    [InlineData("\"chat_template_kwargs\":{\"enable_thinking\":false}", "\"chat_template_kwargs\":{\"enable_thinking\":false}", "")]
    public async Task Fields(string fields, string expected, string leftOut)
    {
        var (sent, told) = await SentAsync($$"""{"messages":[{"role":"user","content":"Hi"}],{{fields}}}""");
        AssertJson($$"""{"model":"upstream-model","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]{{(expected.Length > 0 ? "," : "")}}{{expected}}}""", sent);
        Assert.Equal(leftOut, told);
    }

    /// <summary>An answer that its client has begun is gone on with where an engine can; elsewhere its client is told.</summary>
    [Theory]
    [InlineData(Orrery.Contracts.Engines.Vllm, "\"The\"", "", true)]
    [InlineData(Orrery.Contracts.Engines.Vllm, "[{\"type\":\"text\",\"text\":\"The\"}]", "", true)]
    [InlineData(Orrery.Contracts.Engines.Vllm, "\"The\"", ",\"add_generation_prompt\":true", false)]
    [InlineData(Orrery.Contracts.Engines.Transformers, "\"The\"", "", false)]
    [InlineData(Orrery.Contracts.Engines.OpenAi, "\"The\"", "", false)]
    public async Task An_answer_that_has_begun_is_gone_on_with_or_named(string kind, string content, string more, bool goesOn)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with { Engine = kind }));
        foreach (var stream in new[] { "", ",\"stream\":true" })
        {
            engine.Script = stream.Length == 0 ? ScriptedEngine.Json(ScriptedEngine.Answer) : ScriptedEngine.Sse([ScriptedEngine.Role, ScriptedEngine.Chunk("end"), ScriptedEngine.Chunk("", finish: "\"stop\""), ScriptedEngine.Done]);
            using var response = await world.PostAsync($$"""{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":{{content}}}]{{stream}}{{more}}}""", Path);
            response.EnsureSuccessStatusCode();
            var sent = JsonNode.Parse(engine.Last.Body)!;
            Assert.Equal(goesOn, (bool?)sent["continue_final_message"] == true && (bool?)sent["add_generation_prompt"] == false);
            Assert.Equal(goesOn || more.Length > 0 ? null : "prefill", response.Headers.TryGetValues("X-Orrery-Left-Out", out var leftOut) ? leftOut.Single() : null);
        }
    }

    [Fact]
    public async Task What_is_not_there_is_told_in_anthropics_form_and_a_wrong_type_names_what_was_called()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        foreach (var path in new[] { "/v1/messages/batches", "/api/v1/ai/messages/nope/more" })
        {
            using var missing = await world.Client.GetAsync(path);
            var error = JsonNode.Parse(await missing.Content.ReadAsStringAsync())!;
            Assert.Equal((404, "error", "not_found_error", "unknown_url"), ((int)missing.StatusCode, (string?)error["type"], (string?)error["error"]!["type"], (string?)error["error"]!["code"]));
            Assert.Equal(missing.Headers.GetValues("request-id").Single(), (string?)error["request_id"]);
        }

        foreach (var path in new[] { "/v1/messages", "/v1/messages/count_tokens" })
        {
            using var wrong = await world.PostAsync("""{"model":"embed","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}""", path);
            Assert.Contains($"; {path} takes chat and multimodal models.", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_vendor_that_knows_only_the_newer_name_gets_the_bound_under_it()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        var provider = GatewayWorld.Provider("p1", engine.Url) with { Provider = "openai", Engine = Orrery.Contracts.Engines.OpenAi };
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(provider));
        (await world.PostAsync("""{"model":"m","max_tokens":9,"stream":false,"messages":[{"role":"user","content":"Hi"}]}""", Path)).EnsureSuccessStatusCode();
        AssertJson("""{"model":"upstream-model","max_completion_tokens":9,"messages":[{"role":"user","content":"Hi"}]}""", engine.Last.Body);
    }

    [Theory]
    [InlineData("", "The body is empty", "invalid_json")]
    [InlineData("[]", "The body is []; expected a JSON object.", "invalid_body")]
    [InlineData("""{"model":"m","model":"n"}""", "model", "invalid_json")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"Hi"}]}""", "'max_tokens' is missing", "missing_required_parameter")]
    [InlineData("""{"model":"m","max_tokens":0,"messages":[{"role":"user","content":"Hi"}]}""", "'max_tokens' is 0; expected a whole number of at least 1.", "invalid_value")]
    [InlineData("""{"max_tokens":1,"messages":[{"role":"user","content":"Hi"}]}""", "'model' is missing", "missing_required_parameter")]
    [InlineData("""{"model":"m","max_tokens":1}""", "'messages' is missing", "missing_required_parameter")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[]}""", "'messages' is empty", "invalid_value")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[]}]}""", "'messages[0].content' is []", "invalid_value")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":["Hi"]}""", "'messages[0]' is \"Hi\"", "invalid_value")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"tool","content":"Hi"}]}""", "'messages[0].role' is \"tool\"; expected \"user\", \"assistant\" or \"system\".", "invalid_value")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"text"}]}]}""", "'messages[0].content[0].text' is missing", "missing_required_parameter")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}]}""", "A file by its id is something that only Anthropic's own servers do", "unsupported_value")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"txt","text":"a"}]}]}""", "It stands in 'messages[0].content[0]", "unsupported_value")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_result"}]}]}""", "'messages[0].content[0].tool_use_id' is missing", "missing_required_parameter")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"web_search_20250305","name":"web_search"}]}""", "The tool of type 'web_search_20250305' is something that only Anthropic's own servers do", "unsupported_value")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"a"}]}""", "'tools[0].input_schema' is missing", "missing_required_parameter")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"Hi"}],"tool_choice":"auto"}""", "'tool_choice' is \"auto\"", "invalid_value")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"Hi"}],"mcp_servers":[]}""", "'mcp_servers' is something that only Anthropic's own servers do", "unsupported_value")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"Hi"}],"stream":1}""", "'stream' is 1; expected true or false.", "invalid_value")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"\ud83d"}]}]}""", "surrogate", "invalid_json")]
    public async Task What_cannot_be_meant_is_refused_in_anthropics_form(string body, string message, string code)
    {
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", "http://127.0.0.1:1/v1")));
        using var response = await world.PostAsync(body, Path);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal((400, "error", "invalid_request_error", code), ((int)response.StatusCode, (string?)error["type"], (string?)error["error"]!["type"], (string?)error["error"]!["code"]));
        Assert.Contains(message, (string?)error["error"]!["message"], StringComparison.Ordinal);
        Assert.Equal(response.Headers.GetValues("request-id").Single(), (string?)error["request_id"]);
    }

    /// <summary>Two hundred thousand blocks take no longer than their bytes do.</summary>
    [Fact]
    public async Task Many_blocks_cost_no_more_than_their_bytes()
    {
        var blocks = string.Join(',', Enumerable.Repeat("""{"type":"text","text":"a"}""", 200_000));
        var body = $$"""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{{blocks}}]}]}""";
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var (reading, chat) = await ProtocolReading.ReadAsync(new Orrery.Gateway.Translation.Clients.Messages.MessagesProtocol(), body);
        Assert.Null(reading.Refusal);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.True(AnswerScan.IsJson(chat));
    }

    private static async Task<(string Sent, string LeftOut)> SentAsync(string request)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(Merge("""{"model":"m","max_tokens":9}""", request), Path);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return (engine.Last.Body, response.Headers.TryGetValues("X-Orrery-Left-Out", out var names) ? names.Single() : "");
    }

    /// <remarks>As texts: how the client wrote a string is how the engine gets it.</remarks>
    private static string Merge(string first, string second) => string.Concat(first.AsSpan(0, first.Length - 1), ",", second.AsSpan(1));

    private static void AssertJson(string expected, string actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)), $"Expected {expected}\nbut got  {actual}");
}
