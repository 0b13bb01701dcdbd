using System.Text.Json.Nodes;
using Orrery.Contracts;

namespace Orrery.Tests.Gateway.Responses;

/// <summary>A client of the Responses API whose model OpenAI's own server has. The fake answers as OpenAI's API document (openapi 2.3.0, createResponse) shows.</summary>
public sealed class ResponsesNativeTests(PostgresServer postgres)
{
    private const string Path = "/v1/responses";

    private const string Answer =
        """
        {"id":"resp_67cb71","object":"response","created_at":1741386163,"status":"completed","background":false,"completed_at":1741386164,"error":null,"incomplete_details":null,"instructions":null,"max_output_tokens":null,"model":"upstream-model-2024-08-06","output":[{"type":"reasoning","id":"rs_67cb","summary":[]},{"type":"web_search_call","id":"ws_67cb","status":"completed","action":{"type":"search","query":"q"}},{"type":"message","id":"msg_67cb","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Grüße","annotations":[],"logprobs":[]}]}],"parallel_tool_calls":true,"previous_response_id":null,"reasoning":{"effort":null,"summary":null},"store":false,"temperature":1.0,"text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"top_p":1.0,"truncation":"disabled","usage":{"input_tokens":32,"input_tokens_details":{"cached_tokens":5,"cache_write_tokens":2},"output_tokens":18,"output_tokens_details":{"reasoning_tokens":9},"total_tokens":50},"metadata":{}}
        """;

    [Fact]
    public async Task The_request_goes_as_it_is_and_is_stored_here_alone()
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(Answer));
        await using var world = await GatewayWorld.StartAsync(Document(engine));
        using var response = await world.PostAsync("""{"model":"m","routing":{"fallback":false},"input":"caf\u00e9","tools":[{"type":"web_search"}],"top_logprobs":2,"store":false}""", Path, request => request.Headers.Add("OpenAI-Beta", "x=1"));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        OpenAiSchema.Load().Validate("Response", text);
        Assert.Equal("""{"store":false,"model":"upstream-model","input":"caf\u00e9","tools":[{"type":"web_search"}],"top_logprobs":2}""", engine.Last.Body);
        Assert.Equal(("/v1/responses", "x=1"), (engine.Last.Path, engine.Last.Headers["OpenAI-Beta"]));
        Assert.Equal(Answer.Replace("upstream-model-2024-08-06", "m", StringComparison.Ordinal), text);
        var used = await world.OnlyUsageAsync();
        Assert.Equal((32, 18, 5, UsageOutcomes.Completed), (used.PromptTokens, used.CompletionTokens, used.CachedTokens, used.Outcome));
    }

    [Theory]
    [InlineData("self_hosted", Engines.Vllm, true, "/v1/responses")]
    [InlineData("azure", Engines.AzureOpenAi, true, "/v1/responses")]
    [InlineData("self_hosted", Engines.Vllm, null, "/v1/chat/completions")]
    [InlineData("openai", Engines.OpenAi, false, "/v1/chat/completions")]
    public async Task A_provider_says_whether_its_servers_speak_it(string provider, string engineName, bool? native, string path)
    {
        await using var engine = await ScriptedEngine.StartAsync(path.EndsWith("responses", StringComparison.Ordinal) ? ScriptedEngine.Json(Answer) : ScriptedEngine.Json("""{"id":"c","object":"chat.completion","created":1,"model":"upstream-model","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"""));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with { Provider = provider, Engine = engineName, NativeResponses = native }));
        using var response = await world.PostAsync("""{"model":"m","input":"?","store":false}""", Path);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        Assert.EndsWith(path, engine.Last.Path, StringComparison.Ordinal);
    }

    /// <summary>What only OpenAI's servers do, nobody else is asked for, also where another provider would come first.</summary>
    [Theory]
    [InlineData("\"tools\":[{\"type\":\"code_interpreter\",\"container\":{\"type\":\"auto\"}}],\"input\":\"?\"")]
    [InlineData("\"prompt\":{\"id\":\"pmpt_1\"},\"input\":\"?\"")]
    [InlineData("\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_file\",\"file_id\":\"f\"}]}]")]
    [InlineData("\"input\":[{\"type\":\"web_search_call\",\"id\":\"ws_1\",\"status\":\"completed\"}]")]
    public async Task What_only_they_do_goes_to_them(string rest)
    {
        await using var other = await ScriptedEngine.StartAsync();
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(Answer));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", other.Url), OpenAi("p2", engine)));
        using var response = await world.PostAsync($$"""{"model":"m",{{rest}}}""", Path);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        Assert.Equal((0, 1), (other.Requests.Count, engine.Requests.Count));
    }

    [Fact]
    public async Task What_it_answered_can_be_gone_on_from_with_anybody()
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(Answer));
        await using var other = await ScriptedEngine.StartAsync();
        var document = GatewayWorld.Document(OpenAi("p1", engine), GatewayWorld.Provider("p2", other.Url));
        document = document with { Models = [GatewayWorld.Model("m", ModelTypes.Chat, "p1"), GatewayWorld.Model("own", ModelTypes.Chat, "p2")] };
        await using var world = await GatewayWorld.StartAsync(document, "--ConnectionStrings:orrery=" + await postgres.CreateDatabaseAsync());
        var first = await Eventually.Holds(() => AskAsync(world, """{"model":"m","input":"?"}"""), told => (bool)told["store"]!);
        Assert.Equal(("resp_67cb71", "m"), ((string?)first["id"], (string?)first["model"]));
        Assert.True(JsonNode.DeepEquals(first, JsonNode.Parse(await world.Client.GetStringAsync(Path + "/resp_67cb71"))));

        // Thoughts that are not sealed are known only where they are stored, and nothing is stored there.
        var again = await AskAsync(world, """{"model":"m","input":"And?","previous_response_id":"resp_67cb71","store":false,"models":["own"]}""");
        Assert.Equal("resp_67cb71", (string?)again["previous_response_id"]);
        var sent = JsonNode.Parse(engine.Last.Body)!;
        Assert.Equal(["message", "web_search_call", "message", null], sent["input"]!.AsArray().Select(item => (string?)item!["type"]));
        Assert.Equal((null, false), (sent["previous_response_id"], (bool)sent["store"]!));

        // A search that OpenAI made cannot be told to others.
        using var refused = await world.PostAsync("""{"model":"own","input":"And?","previous_response_id":"resp_67cb71"}""", Path);
        Assert.Contains("web_search_call", (await ErrorBody.ReadAsync(refused)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(61)]
    [InlineData(7)]
    public async Task Its_stream_goes_as_it_is_and_its_end_says_where_it_lies(int length)
    {
        var events = new[]
        {
            """{"type":"response.created","sequence_number":0,"response":{"id":"resp_67cb71","status":"in_progress","model":"upstream-model-2024-08-06","store":false,"previous_response_id":null}}""",
            """{"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"type":"web_search_call","id":"ws_67cb","status":"in_progress"}}""",
            """{"type":"response.web_search_call.searching","sequence_number":2,"output_index":0,"item_id":"ws_67cb"}""",
            """{"type":"response.output_text.delta","sequence_number":3,"output_index":1,"content_index":0,"item_id":"msg_67cb","delta":"Grüße","logprobs":[]}""",
        };
        var stream = string.Concat(events.Append($$"""{"type":"response.completed","sequence_number":4,"response":{{Answer.Trim()}}}""").Select(data => $"event: {(string?)JsonNode.Parse(data)!["type"]}\ndata: {data}\n\n"));
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Sse(stream.Chunk(length).Select(characters => new string(characters))));
        await using var world = await GatewayWorld.StartAsync(Document(engine), "--ConnectionStrings:orrery=" + await postgres.CreateDatabaseAsync());
        await Eventually.Holds(async () => (int)(await world.Client.GetAsync(Path + "/resp_1")).StatusCode, status => status == 404, TimeSpan.FromSeconds(20));
        using var response = await world.PostAsync("""{"model":"m","input":"?","stream":true}""", Path);
        var told = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(5, told.Length);
        Assert.Equal(events.Skip(1).Select(data => $"event: {(string?)JsonNode.Parse(data)!["type"]}\ndata: {data}"), told[1..4]);
        Assert.Contains("\"model\":\"m\",\"store\":true,\"previous_response_id\":null", told[0], StringComparison.Ordinal);
        var end = JsonNode.Parse(told[4].Split("data: ")[1])!;
        Assert.Equal(("response.completed", 4, true), ((string?)end["type"], (int)end["sequence_number"]!, (bool)end["response"]!["store"]!));
        Assert.True(JsonNode.DeepEquals(end["response"], JsonNode.Parse(await world.Client.GetStringAsync(Path + "/resp_67cb71"))));
    }

    [Theory]
    [InlineData("event: error\ndata: {\"type\":\"error\",\"sequence_number\":1,\"code\":\"server_error\",\"message\":\"boom\",\"param\":null}\n\n", 502)]
    [InlineData("event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":1,\"response\":{\"id\":\"resp_1\",\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"boom\"}}}\n\n", 502)]
    public async Task An_error_before_the_first_piece_is_an_error(string @event, int status)
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Sse([@event]));
        await using var world = await GatewayWorld.StartAsync(Document(engine));
        using var response = await world.PostAsync("""{"model":"m","input":"?","stream":true}""", Path);
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal(status, error.Status);
        Assert.Contains("boom", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_breaks_is_cut_with_a_word()
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Sse(
            ["event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":0,\"output_index\":0,\"content_index\":0,\"item_id\":\"m\",\"delta\":\"Hel\",\"logprobs\":[]}\n\n"]));
        await using var world = await GatewayWorld.StartAsync(Document(engine));
        using var response = await world.PostAsync("""{"model":"m","input":"?","stream":true}""", Path, stream: true);
        var last = (await CutAnswer.ReadAsync(response)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)[^1];
        Assert.StartsWith("event: error\ndata: {\"type\":\"error\",\"sequence_number\":1,", last, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_may_be_deeper_than_any_request()
    {
        var deep = Answer.Trim()[..^1] + $",\"x\":{new string('[', 100)}{new string(']', 100)}}}";
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(deep));
        await using var world = await StoringAsync(engine);
        var begun = await AskAsync(world, """{"model":"m","input":"?","background":true}""");
        var id = (string)begun["id"]!;
        var end = await world.Client.GetStringAsync($"{Path}/{id}?stream=true");
        Assert.StartsWith("event: response.completed\n", end, StringComparison.Ordinal);
        Assert.Contains(new string('[', 100), end, StringComparison.Ordinal);
        using var cancelled = await world.Client.PostAsync($"{Path}/{id}/cancel", null);
        Assert.Equal(200, (int)cancelled.StatusCode);
        using var next = await world.PostAsync($$"""{"model":"m","input":"And?","previous_response_id":"{{id}}","store":false}""", Path);
        Assert.Equal(200, (int)next.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_that_is_not_at_its_end_is_none(bool stream)
    {
        var open = Answer.Trim().Replace("\"status\":\"completed\",\"background\"", "\"status\":\"in_progress\",\"background\"", StringComparison.Ordinal);
        await using var engine = await ScriptedEngine.StartAsync(stream
            ? ScriptedEngine.Sse([$"event: response.completed\ndata: {{\"type\":\"response.completed\",\"sequence_number\":0,\"response\":{open}}}\n\n"])
            : ScriptedEngine.Json(open));
        await using var world = await StoringAsync(engine);
        using var refused = await world.PostAsync($$"""{"model":"m","input":"?","stream":{{(stream ? "true" : "false")}}}""", Path);
        Assert.Equal(502, (await ErrorBody.ReadAsync(refused)).Status);
        var begun = await AskAsync(world, """{"model":"m","input":"?","background":true}""");
        Assert.Equal("failed", (string?)(await BackgroundTests.EndedAsync(world, (string)begun["id"]!))["status"]);
    }

    private async Task<GatewayWorld> StoringAsync(ScriptedEngine engine)
    {
        var world = await GatewayWorld.StartAsync(Document(engine), "--ConnectionStrings:orrery=" + await postgres.CreateDatabaseAsync());
        await Eventually.Holds(async () => (int)(await world.Client.GetAsync(Path + "/resp_1")).StatusCode, status => status == 404, TimeSpan.FromSeconds(20));
        return world;
    }

    private static SnapshotProvider OpenAi(string name, ScriptedEngine engine) => GatewayWorld.Provider(name, engine.Url) with { Provider = "openai", Engine = Engines.OpenAi };

    private static SnapshotDocument Document(ScriptedEngine engine) => GatewayWorld.Document(OpenAi("p1", engine));

    private static async Task<JsonNode> AskAsync(GatewayWorld world, string body)
    {
        using var response = await world.PostAsync(body, Path);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }
}
