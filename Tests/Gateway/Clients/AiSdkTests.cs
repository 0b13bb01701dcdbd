using System.Text.Json;

namespace Orrery.Tests.Gateway.Clients;

/// <summary>The AI SDK, <c>ai</c> with <c>@ai-sdk/openai-compatible</c> (<c>Tests/Node/ai.mjs</c>).</summary>
public sealed class AiSdkTests
{
    [Fact]
    public async Task It_understands_every_answer_and_every_error()
    {
        await using var world = await ClientWorld.StartAsync();
        var told = await world.AskAsync("ai.mjs", "@ai-sdk/openai-compatible");
        Assert.Equal("""{"text":"Hello","finish":"stop","tokens":10}""", Text(told, "text"));
        Assert.Equal("""{"text":"Hello","errors":[],"finish":"stop","tokens":10}""", Text(told, "stream"));
        Assert.Equal("""{"steps":2,"calls":["get_weather"],"results":1,"text":"Sunny"}""", Text(told, "tools"));
        Assert.Equal("""{"keys":["celsius","city"],"celsius":"number"}""", Text(told, "object"));
        Assert.Equal("""{"count":2,"first":[0.5,-1]}""", Text(told, "embeddings"));

        Assert.NotEmpty(told.GetProperty("simulatedText").GetProperty("text").GetString()!);
        Assert.Equal("[]", told.GetProperty("simulatedStream").GetProperty("errors").GetRawText());
        Assert.NotEmpty(told.GetProperty("simulatedStream").GetProperty("text").GetString()!);
        Assert.Equal((2, "[\"get_weather\"]"), (told.GetProperty("simulatedTools").GetProperty("steps").GetInt32(), told.GetProperty("simulatedTools").GetProperty("calls").GetRawText()));
        Assert.Equal("""{"keys":["celsius","city"],"celsius":"number"}""", Text(told, "simulatedObject"));
        Assert.Equal(2, told.GetProperty("simulatedEmbeddings").GetProperty("count").GetInt32());

        Assert.Equal("""{"name":"AI_APICallError","status":400,"message":"said by the engine","isRetryable":false}""", told.GetProperty("refused").GetProperty("error").GetRawText());
        foreach (var name in new[] { "broken", "cut", "ended" })
        {
            var stream = told.GetProperty(name);
            Assert.Equal("Hel", stream.GetProperty("text").GetString());
            Assert.Contains("The provider", stream.GetProperty("errors")[0].GetString(), StringComparison.Ordinal);
            Assert.Equal(JsonValueKind.Null, stream.GetProperty("finish").ValueKind);
            Assert.StartsWith("AI_APICallError", stream.GetProperty("thrown").GetString(), StringComparison.Ordinal);
        }
    }

    private static string Text(JsonElement told, string name) => told.GetProperty(name).GetRawText();
}
