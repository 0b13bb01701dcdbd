namespace Orrery.Tests.Gateway.Transforms;

/// <summary>The page's example for Ollama by its own API.</summary>
public sealed class OllamaTests
{
    private const string Question = """[{"role":"user","content":"Hi"}]""";

    private static string Chat(string more = "", string messages = Question) => $$"""{"model":"qwen3","messages":{{messages}}{{more}}}""";

    private static string Stream(string more = "") => Chat(""","stream":true""" + more);

    [Fact]
    public async Task Messages_tools_pictures_and_options_come_in_its_own_words()
    {
        await using var engine = await ScriptedEngine.StartAsync(OllamaServer.Answers("\"content\":\"Sunny.\""));
        await using var world = await TransformPage.StartAsync("ollama", engine);
        await world.AskAsync(Chat(
            ""","tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string","default":null}}}}}],"max_completion_tokens":9,"stop":["a","b"],"reasoning_effort":"low","response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}}""",
            """[{"role":"developer","content":"Brief."},{"role":"user","content":[{"type":"text","text":"What is"},{"type":"text","text":"this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0="}}]},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Zürich\"}"}}]},{"role":"tool","tool_call_id":"c1","content":"21 °C"}]"""));
        Assert.Equal(
            """{"model":"qwen3:8b","stream":false,"messages":[{"role":"system","content":"Brief."},{"role":"user","content":"What is\nthis?","images":["iVBORw0="]},{"role":"assistant","content":"","tool_calls":[{"function":{"name":"weather","arguments":{"city":"Zürich"}}}]},{"role":"tool","content":"21 °C","tool_name":"weather"}],"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string","default":null}}}}}],"format":{"type":"object"},"think":true,"options":{"num_predict":9,"stop":["a","b"]}}""",
            engine.Last.Body);
        Assert.Equal("/api/chat", engine.Last.Path);
    }

    [Fact]
    public async Task An_answer_with_thoughts_and_calls_of_tools_becomes_a_chat_completion()
    {
        await using var engine = await ScriptedEngine.StartAsync(OllamaServer.Answers(
            """
            "content":"","thinking":"The weather, then.","tool_calls":[{"function":{"name":"weather","arguments":{"city":"Zürich"}}}]
            """));
        await using var world = await TransformPage.StartAsync("ollama", engine);
        var answer = await world.AskAsync(Chat(""","tools":[{"type":"function","function":{"name":"weather"}}]"""));
        OpenAiSchema.Load().Validate("CreateChatCompletionResponse", answer.GetRawText());
        var choice = answer.GetProperty("choices")[0];
        var call = choice.GetProperty("message").GetProperty("tool_calls")[0];
        Assert.Equal("tool_calls", choice.GetProperty("finish_reason").GetString());
        Assert.Equal("The weather, then.", choice.GetProperty("message").GetProperty("reasoning_content").GetString());
        Assert.Equal(("weather", """{"city":"Zürich"}"""), (call.GetProperty("function").GetProperty("name").GetString(), call.GetProperty("function").GetProperty("arguments").GetString()));
        Assert.NotEmpty(call.GetProperty("id").GetString()!);
        Assert.Equal(31, answer.GetProperty("usage").GetProperty("total_tokens").GetInt32());
        var used = await world.OnlyUsageAsync();
        Assert.Equal((26L, 5L, false), (used.PromptTokens, used.CompletionTokens, used.Estimated));
    }

    [Fact]
    public async Task Lines_become_chunks_with_thoughts_words_and_calls()
    {
        await using var engine = await ScriptedEngine.StartAsync(OllamaServer.Streams(
            [OllamaServer.Thinking("Hm"), OllamaServer.Piece("It"), OllamaServer.Piece(" is"), OllamaServer.Call("a", """{"x":1}"""), OllamaServer.Call("b", "{}"), OllamaServer.Last()]));
        await using var world = await TransformPage.StartAsync("ollama", engine);
        var chunks = TransformWorld.Chunks(await world.StreamAsync(Stream(""","tools":[{"type":"function","function":{"name":"a"}}],"stream_options":{"include_usage":true}""")));
        Assert.All(chunks, chunk => OpenAiSchema.Load().Validate("CreateChatCompletionStreamResponse", chunk.GetRawText()));
        var calls = chunks.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray()).Select(choice => choice.GetProperty("delta"))
            .Where(delta => delta.TryGetProperty("tool_calls", out _)).Select(delta => delta.GetProperty("tool_calls")[0]).ToList();
        Assert.Equal(["0 a {\"x\":1}", "1 b {}"], calls.Select(call => $"{call.GetProperty("index")} {call.GetProperty("function").GetProperty("name")} {call.GetProperty("function").GetProperty("arguments")}"));
        Assert.Equal(2, calls.Select(call => call.GetProperty("id").GetString()).Distinct().Count());
        var told = TransformWorld.Told(chunks);
        Assert.StartsWith("role=\"assistant\" content=\"\" reasoning_content=\"Hm\" content=\"It\" content=\" is\" tool_calls=", told, StringComparison.Ordinal);
        Assert.EndsWith("finish=tool_calls usage=26+5", told, StringComparison.Ordinal);
        Assert.Contains("\"stream\":true", engine.Last.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_is_not_there_is_404()
    {
        await using var engine = await ScriptedEngine.StartAsync(OllamaServer.NotFound);
        await using var world = await TransformPage.StartAsync("ollama", engine);
        var error = await world.RefusedAsync(Stream());
        Assert.Equal((404, "model 'qwen3:8b' not found"), (error.Status, error.Message));
    }

    [Theory]
    [InlineData("{\"error\":\"an error was encountered while running the model: CUDA error\"}\n", "CUDA error")]
    [InlineData("<html>\n", "a line that is not JSON")]
    [InlineData("[1]\n", "spec.transforms.chat.stream.event fails at ")]
    [InlineData("{\"done\":false}\n", "spec.transforms.chat.stream.event fails at 2:")]
    public async Task A_line_that_is_no_piece_breaks_the_stream(string line, string told)
    {
        await using var engine = await ScriptedEngine.StartAsync(OllamaServer.Streams([OllamaServer.Piece("Half"), line, OllamaServer.Last()]));
        await using var world = await TransformPage.StartAsync("ollama", engine);
        using var response = await world.PostAsync(Stream(), stream: true);
        var seen = await CutAnswer.ReadAsync(response);
        Assert.Contains(told, seen, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_is_cut_breaks_the_stream()
    {
        await using var engine = await ScriptedEngine.StartAsync(OllamaServer.Streams([OllamaServer.Piece("Half")], cut: true));
        await using var world = await TransformPage.StartAsync("ollama", engine);
        using var response = await world.PostAsync(Stream(), stream: true);
        Assert.DoesNotContain("[DONE]", await CutAnswer.ReadAsync(response), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_is_no_stream_is_an_error_where_a_stream_was_asked_for()
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Sse([OllamaServer.Last()])); // text/event-stream where lines are declared
        await using var world = await TransformPage.StartAsync("ollama", engine);
        Assert.Equal(502, (await world.RefusedAsync(Stream())).Status);
    }

    [Fact]
    public async Task Vectors_come_in_the_encoding_that_the_client_asked_for()
    {
        await using var engine = await ScriptedEngine.StartAsync(OllamaServer.Embeds([0.5f, -1.25f], [2, 3]));
        await using var world = await TransformPage.StartAsync("ollama", engine);
        var plain = await world.AskAsync("""{"model":"nomic","input":["a","b"]}""", "/v1/embeddings");
        OpenAiSchema.Load().Validate("CreateEmbeddingResponse", plain.GetRawText());
        Assert.Equal("""[{"object":"embedding","index":0,"embedding":[0.5,-1.25]},{"object":"embedding","index":1,"embedding":[2,3]}]""", plain.GetProperty("data").GetRawText());
        Assert.Equal("""{"model":"nomic-embed-text","input":["a","b"]}""", engine.Last.Body);
        var packed = await world.AskAsync("""{"model":"nomic","input":["a","b"],"encoding_format":"base64"}""", "/v1/embeddings");
        Assert.Equal(Convert.ToBase64String([0, 0, 0, 63, 0, 0, 160, 191]), packed.GetProperty("data")[0].GetProperty("embedding").GetString());
        Assert.Equal((8, 8), (packed.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), packed.GetProperty("usage").GetProperty("total_tokens").GetInt32()));
        var error = await world.RefusedAsync("""{"model":"nomic","input":"a"}""", "/v1/embeddings");
        Assert.Equal(502, error.Status);
        Assert.Contains("spec.transforms.embeddings.response.body gives 2 vectors; expected one for each of 1 inputs", error.Message, StringComparison.Ordinal);
        Assert.Equal((400, "input"), await RefusedInput(world, "[1,2,3]"));
        Assert.Equal((400, "unsupported_value"), (await world.RefusedAsync("""{"model":"nomic","input":[[1]],"dimensions":4}""", "/v1/embeddings")) is var refused ? (refused.Status, refused.Code) : default);
        await Eventually.Holds(() => world.Catalogue.Usage.Count == 5);
        Assert.Equal([8L, 8L], world.Catalogue.Usage.Where(used => used.Status == 200).Select(used => used.PromptTokens));
    }

    [Fact]
    public async Task Clients_of_other_protocols_are_answered_in_their_words()
    {
        await using var engine = await ScriptedEngine.StartAsync(OllamaServer.Answers("\"content\":\"Hello\""));
        await using var world = await TransformPage.StartAsync("ollama", engine);
        var message = await world.AskAsync("""{"model":"qwen3","max_tokens":50,"system":"Brief.","messages":[{"role":"user","content":"Hi"}]}""", "/v1/messages");
        Assert.Equal(("message", "Hello", 26, 5), (
            message.GetProperty("type").GetString(), message.GetProperty("content")[0].GetProperty("text").GetString(),
            message.GetProperty("usage").GetProperty("input_tokens").GetInt32(), message.GetProperty("usage").GetProperty("output_tokens").GetInt32()));
        Assert.Contains("\"num_predict\":50", engine.Last.Body, StringComparison.Ordinal);
        var response = await world.AskAsync("""{"model":"qwen3","input":"Hi","store":false}""", "/v1/responses");
        Assert.Equal(("response", "Hello"), (response.GetProperty("object").GetString(), response.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString()));
        engine.Script = OllamaServer.Streams([OllamaServer.Piece("Hel"), OllamaServer.Piece("lo"), OllamaServer.Last()]);
        var events = await world.StreamAsync("""{"model":"qwen3","max_tokens":50,"stream":true,"messages":[{"role":"user","content":"Hi"}]}""", "/v1/messages");
        Assert.Contains("event: message_stop", events, StringComparison.Ordinal);
        Assert.Contains("\"text\":\"Hel\"", events, StringComparison.Ordinal);
        Assert.Contains("\"output_tokens\":5", events, StringComparison.Ordinal);
        var counted = await world.AskAsync("""{"model":"qwen3","messages":[{"role":"user","content":"Hi"}]}""", "/v1/messages/count_tokens");
        Assert.InRange(counted.GetProperty("input_tokens").GetInt32(), 1, 30); // The engine has nothing like it, so it is estimated.
        events = await world.StreamAsync("""{"model":"qwen3","input":"Hi","stream":true,"store":false}""", "/v1/responses");
        Assert.Contains("event: response.completed", events, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limits_are_settled_by_what_the_engine_counts()
    {
        await using var engine = await ScriptedEngine.StartAsync(OllamaServer.Answers("\"content\":\"Hello\"")); // 31 tokens
        await using var world = await TransformPage.StartAsync("ollama", engine, "  limits: { tokens: [{ count: 105, per: 1m }] }\n");
        for (var i = 0; i < 3; i++)
        {
            await world.AskAsync(Chat(""","max_tokens":20""")); // Held to be 40 until it is settled, so that the third would not fit.
        }

        var error = await world.RefusedAsync(Chat(""","max_tokens":20"""));
        Assert.Equal(429, error.Status);
        Assert.Equal(3, engine.Requests.Count);
    }

    private static async Task<(int, string?)> RefusedInput(GatewayWorld world, string input)
    {
        var error = await world.RefusedAsync($$"""{"model":"nomic","input":{{input}}}""", "/v1/embeddings");
        return (error.Status, error.Param);
    }
}
