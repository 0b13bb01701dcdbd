using System.ClientModel;
using System.ClientModel.Primitives;
using OpenAI;
using OpenAI.Chat;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway;

/// <summary>OpenAI's own client, pointed at the gateway.</summary>
public sealed class OpenAiClientTests
{
    [Fact]
    public async Task Chat_answers_with_the_public_id_and_usage()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        var completion = (await Client(world).GetChatClient("m").CompleteChatAsync("Hi")).Value;
        Assert.Equal(("Hello", "m", 7, 3), (completion.Content[0].Text, completion.Model, completion.Usage.InputTokenCount, completion.Usage.OutputTokenCount));
    }

    [Fact]
    public async Task A_stream_is_read_to_its_end_with_usage()
    {
        await using var engine = await ScriptedEngine.StartAsync(Sse([Role, Chunk("Hel", Usage(7, 1)), Chunk("lo", Usage(7, 2)), Chunk("", finish: "\"stop\""), UsageChunk(7, 2), Done]));
        await using var world = await GatewayWorld.StartAsync(engine);
        var text = "";
        ChatTokenUsage? usage = null;
        await foreach (var update in Client(world).GetChatClient("m").CompleteChatStreamingAsync("Hi"))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            usage = update.Usage ?? usage;
        }

        Assert.Equal(("Hello", 2), (text, usage?.OutputTokenCount));
    }

    [Fact]
    public async Task Tool_calls_stream_through_unchanged()
    {
        const string tools = """[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":"}}]},"finish_reason":null}]""";
        const string more = """[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Bonn\"}"}}]},"finish_reason":null}]""";
        const string head = """data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"upstream-model","choices":""";
        await using var engine = await ScriptedEngine.StartAsync(Sse([Role, head + tools + "}\n\n", head + more + "}\n\n", Chunk("", finish: "\"tool_calls\""), Done]));
        await using var world = await GatewayWorld.StartAsync(engine);
        var options = new ChatCompletionOptions { Tools = { ChatTool.CreateFunctionTool("weather") } };
        var (name, arguments) = ("", "");
        ChatFinishReason? finish = null;
        await foreach (var update in Client(world).GetChatClient("m").CompleteChatStreamingAsync([ChatMessage.CreateUserMessage("?")], options))
        {
            foreach (var call in update.ToolCallUpdates)
            {
                name += call.FunctionName;
                arguments += call.FunctionArgumentsUpdate.ToString();
            }

            finish = update.FinishReason ?? finish;
        }

        Assert.Equal(("weather", "{\"city\":\"Bonn\"}", ChatFinishReason.ToolCalls), (name, arguments, finish));
        Assert.Contains("\"tools\":", engine.Last.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("error")]
    [InlineData("cut")]
    [InlineData("end")]
    public async Task A_stream_that_breaks_is_never_a_whole_answer(string how)
    {
        var heard = new TaskCompletionSource();
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            await Sse([Role, Chunk("Hel")])(http);
            await heard.Task;
            await Sse(how == "error" ? ["data: {\"error\":{\"message\":\"boom\"}}\n\n"] : [], cut: how == "cut")(http);
        });
        await using var world = await GatewayWorld.StartAsync(engine);
        var text = "";
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await foreach (var update in Client(world).GetChatClient("m").CompleteChatStreamingAsync("Hi"))
            {
                text += string.Concat(update.ContentUpdate.Select(part => part.Text));
                heard.TrySetResult();
            }
        });
        Assert.Equal("Hel", text);
    }

    [Fact]
    public async Task Embeddings_and_models_are_read()
    {
        await using var engine = await ScriptedEngine.StartAsync(Json("""{"object":"list","model":"upstream-model","data":[{"object":"embedding","index":0,"embedding":[0.5,-1]}],"usage":{"prompt_tokens":2,"total_tokens":2}}"""));
        await using var world = await GatewayWorld.StartAsync(engine);
        var embedding = (await Client(world).GetEmbeddingClient("embed").GenerateEmbeddingsAsync(["Hi"], new() { Dimensions = 2 })).Value;
        Assert.Equal("embed", embedding.Model);
        var models = (await Client(world).GetOpenAIModelClient().GetModelsAsync()).Value;
        Assert.Equal(["embed", "m"], models.Select(model => model.Id).Order());
        var used = await world.OnlyUsageAsync();
        Assert.Equal(("embeddings", 2, 0), (used.Operation, used.PromptTokens, used.CompletionTokens));
    }

    [Theory]
    [InlineData(400, 400)]
    [InlineData(429, 429)]
    [InlineData(401, 502)]
    [InlineData(500, 502)]
    public async Task Errors_arrive_as_the_clients_own_exception(int status, int expected)
    {
        await using var engine = await ScriptedEngine.StartAsync(Json("""{"error":{"message":"said by the engine"}}""", status));
        await using var world = await GatewayWorld.StartAsync(engine);
        var error = await Assert.ThrowsAsync<ClientResultException>(() => Client(world).GetChatClient("m").CompleteChatAsync("Hi"));
        Assert.Equal(expected, error.Status);
        Assert.Equal(status != 401, error.Message.Contains("said by the engine", StringComparison.Ordinal));
    }

    private static OpenAIClient Client(GatewayWorld world) => new(
        new ApiKeyCredential(GatewayWorld.Key),
        new OpenAIClientOptions { Endpoint = new Uri(world.Address + "/v1"), RetryPolicy = new ClientRetryPolicy(0) });
}
