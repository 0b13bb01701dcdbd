using System.ClientModel;
using System.Text;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;

namespace Orrery.Tests.Simulator;

/// <summary>The official .NET client, as an application would use it.</summary>
public sealed class OpenAiClientTests
{
    private static readonly ChatTool Weather = ChatTool.CreateFunctionTool("get_weather", "Weather of a city", BinaryData.FromString(
        """{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"""));

    [Fact]
    public async Task It_chats()
    {
        await using var server = await SimulatorServer.StartAsync();
        ChatCompletion answer = await Chat(server).CompleteChatAsync([new SystemChatMessage("Be brief."), new UserChatMessage("Tell me about lighthouses")]);
        Assert.Contains("lighthouses", answer.Content[0].Text, StringComparison.Ordinal);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.True(answer.Usage.OutputTokenCount > 0);
        Assert.StartsWith("simulated-", answer.SystemFingerprint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_streams()
    {
        await using var server = await SimulatorServer.StartAsync();
        var text = new StringBuilder();
        ChatFinishReason? reason = null;
        ChatTokenUsage? usage = null;
        await foreach (var update in Chat(server).CompleteChatStreamingAsync([new UserChatMessage("Tell me about lighthouses")]))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            reason ??= update.FinishReason;
            usage ??= update.Usage;
        }

        Assert.Contains("lighthouses", text.ToString(), StringComparison.Ordinal);
        Assert.Equal(ChatFinishReason.Stop, reason);
        Assert.True(usage?.OutputTokenCount > 0);
    }

    [Fact]
    public async Task It_calls_tools_and_goes_on_with_their_result()
    {
        await using var server = await SimulatorServer.StartAsync();
        var options = new ChatCompletionOptions { Tools = { Weather }, ToolChoice = ChatToolChoice.CreateRequiredChoice() };
        List<ChatMessage> messages = [new UserChatMessage("What is the weather in Oslo?")];
        ChatCompletion answer = await Chat(server).CompleteChatAsync(messages, options);
        Assert.Equal(ChatFinishReason.ToolCalls, answer.FinishReason);
        Assert.Equal("get_weather", answer.ToolCalls.Single().FunctionName);
        Assert.Equal(JsonValueKind.String, JsonDocument.Parse(answer.ToolCalls[0].FunctionArguments).RootElement.GetProperty("city").ValueKind);

        messages.Add(new AssistantChatMessage(answer));
        messages.Add(new ToolChatMessage(answer.ToolCalls[0].Id, "3 degrees"));
        ChatCompletion final = await Chat(server).CompleteChatAsync(messages, new ChatCompletionOptions { Tools = { Weather } });
        Assert.Equal(ChatFinishReason.Stop, final.FinishReason);
    }

    [Fact]
    public async Task It_streams_tool_calls()
    {
        await using var server = await SimulatorServer.StartAsync();
        var arguments = new StringBuilder();
        string? name = null;
        ChatFinishReason? reason = null;
        await foreach (var update in Chat(server).CompleteChatStreamingAsync([new UserChatMessage("weather in Oslo?")], new ChatCompletionOptions { Tools = { Weather } }))
        {
            foreach (var call in update.ToolCallUpdates)
            {
                name ??= call.FunctionName;
                arguments.Append(call.FunctionArgumentsUpdate);
            }

            reason ??= update.FinishReason;
        }

        Assert.Equal(("get_weather", ChatFinishReason.ToolCalls), (name, reason));
        Assert.True(JsonDocument.Parse(arguments.ToString()).RootElement.TryGetProperty("city", out _));
    }

    [Fact]
    public async Task It_embeds()
    {
        await using var server = await SimulatorServer.StartAsync();
        var client = Client(server).GetEmbeddingClient("embed");
        OpenAIEmbeddingCollection embeddings = await client.GenerateEmbeddingsAsync(["one", "two"], new EmbeddingGenerationOptions { Dimensions = 16 });
        Assert.Equal([16, 16], embeddings.Select(embedding => embedding.ToFloats().Length));
        Assert.True(embeddings.Usage.InputTokenCount > 0);
    }

    private static ChatClient Chat(SimulatorServer server) => Client(server).GetChatClient("chat");

    private static OpenAIClient Client(SimulatorServer server) =>
        new(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(server.Url, "/v1") });
}
