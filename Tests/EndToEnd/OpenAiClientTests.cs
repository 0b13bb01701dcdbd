using System.ClientModel;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;

namespace Orrery.Tests.EndToEnd;

/// <summary>What an application does first: the official clients, pointed at the gateway, with the first key.</summary>
[Collection(RunningGraphCollection.Name)]
public sealed class OpenAiClientTests(RunningGraph graph)
{
    private static readonly ChatTool Weather = ChatTool.CreateFunctionTool(
        "get_weather",
        "The weather in a city",
        BinaryData.FromString(
            """{"type":"object","properties":{"city":{"type":"string"},"unit":{"type":"string","enum":["celsius","fahrenheit"]}},"required":["city","unit"],"additionalProperties":false}"""));

    private CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_JavaScript_client_gets_chat_stream_tool_call_embedding_and_models()
    {
        var seen = await NodeClient.Ask(graph);

        var chat = seen.GetProperty("chat");
        Assert.NotEqual("", chat.GetProperty("content").GetString());
        Assert.Equal(RunningGraph.ChatModel, chat.GetProperty("model").GetString());
        Assert.InRange(chat.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), 1, 32);

        var stream = seen.GetProperty("stream");
        Assert.True(stream.GetProperty("deltas").GetInt32() > 1, "The answer came in one piece.");
        Assert.Equal(chat.GetProperty("content").GetString(), stream.GetProperty("content").GetString());
        Assert.Equal(chat.GetProperty("usage").GetProperty("total_tokens").GetInt32(), stream.GetProperty("usage").GetProperty("total_tokens").GetInt32());

        var tool = seen.GetProperty("tool");
        Assert.Equal("get_weather", tool.GetProperty("name").GetString());
        RequireWeatherArguments(tool.GetProperty("arguments"));

        Assert.Equal(2, seen.GetProperty("embedding").GetProperty("count").GetInt32());
        Assert.Equal([RunningGraph.EmbeddingModel, RunningGraph.ChatModel], seen.GetProperty("models").EnumerateArray().Select(id => id.GetString()).Order(StringComparer.Ordinal));

        var unknown = seen.GetProperty("unknownModel");
        Assert.Equal(404, unknown.GetProperty("status").GetInt32());
        Assert.Equal("model_not_found", unknown.GetProperty("code").GetString());
        Assert.NotNull(unknown.GetProperty("requestId").GetString());
    }

    [Fact]
    public async Task The_dotnet_client_gets_a_completion_and_the_same_streamed_with_usage()
    {
        var chat = Client().GetChatClient(RunningGraph.ChatModel);
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 24 };

        var whole = await chat.CompleteChatAsync([new UserChatMessage("Tell me about rivers.")], options, Token);
        var text = "";
        ChatTokenUsage? usage = null;
        await foreach (var update in chat.CompleteChatStreamingAsync([new UserChatMessage("Tell me about rivers.")], options, Token))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            usage = update.Usage ?? usage;
        }

        Assert.Equal(whole.Value.Content[0].Text, text);
        Assert.Equal(whole.Value.Usage.TotalTokenCount, usage?.TotalTokenCount);
    }

    [Fact]
    public async Task The_dotnet_client_gets_a_tool_call_whose_arguments_fit_the_schema()
    {
        var options = new ChatCompletionOptions { Tools = { Weather }, ToolChoice = ChatToolChoice.CreateRequiredChoice() };

        var answer = await Client().GetChatClient(RunningGraph.ChatModel).CompleteChatAsync([new UserChatMessage("The weather in Oslo?")], options, Token);

        Assert.Equal(ChatFinishReason.ToolCalls, answer.Value.FinishReason);
        RequireWeatherArguments(JsonDocument.Parse(answer.Value.ToolCalls[0].FunctionArguments).RootElement);
    }

    [Fact]
    public async Task The_dotnet_client_gets_embeddings_and_the_model_list()
    {
        var embeddings = await Client().GetEmbeddingClient(RunningGraph.EmbeddingModel).GenerateEmbeddingsAsync(["one", "two"], cancellationToken: Token);
        var models = await Client().GetOpenAIModelClient().GetModelsAsync(Token);

        Assert.Equal(2, embeddings.Value.Count);
        Assert.Equal(embeddings.Value[0].ToFloats().Length, embeddings.Value[1].ToFloats().Length);
        Assert.Contains(models.Value, model => model.Id == RunningGraph.ChatModel);
    }

    private static void RequireWeatherArguments(JsonElement arguments)
    {
        Assert.Equal(["city", "unit"], arguments.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
        Assert.Equal(JsonValueKind.String, arguments.GetProperty("city").ValueKind);
        Assert.Contains(arguments.GetProperty("unit").GetString(), new[] { "celsius", "fahrenheit" });
    }

    private OpenAIClient Client() =>
        new(new ApiKeyCredential(RunningGraph.FirstKey), new OpenAIClientOptions { Endpoint = new Uri(graph.Gateway, "/v1") });
}
