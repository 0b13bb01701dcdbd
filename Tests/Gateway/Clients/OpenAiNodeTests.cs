using System.Text.Json;

namespace Orrery.Tests.Gateway.Clients;

/// <summary>OpenAI's client for JavaScript, asked everything that it can ask of a gateway (<c>Tests/Node/openai.mjs</c>).</summary>
public sealed class OpenAiNodeTests
{
    private const string Weather = """{"name":"get_weather","arguments":{"city":"Paris"},"finish":"tool_calls"}""";

    [Fact]
    public async Task It_understands_every_answer_and_every_error()
    {
        await using var world = await ClientWorld.StartAsync();
        var told = await world.AskAsync("openai.mjs", "openai");
        Assert.Equal("""{"content":"Hello","finish":"stop","model":"m","tokens":10}""", Text(told, "chat"));
        Assert.Equal("""{"content":"Hello","finish":"stop","tokens":10,"arguments":""}""", Text(told, "stream"));
        Assert.Equal(Weather, Text(told, "tool"));
        Assert.Equal(Weather, Text(told, "toolStream"));
        Assert.Equal("""{"text":" there was","model":"text"}""", Text(told, "completion"));
        Assert.Equal("""{"count":2,"first":[0.5,-1],"model":"embed"}""", Text(told, "embeddings"));
        Assert.Equal("\"AAA=\"", Text(told, "image"));
        Assert.Equal("""{"type":"audio/mpeg","bytes":1000}""", Text(told, "speech"));
        Assert.Equal("\"Hello\"", Text(told, "transcription"));
        Assert.Contains("sim-embed", told.GetProperty("models").GetProperty("ids").EnumerateArray().Select(id => id.GetString()));
        Assert.Equal("m", told.GetProperty("models").GetProperty("one").GetString());
        AssertSimulated(told);
        AssertErrors(told);

        // Its own retry waits for as long as the limit says.
        var limit = told.GetProperty("limit");
        Assert.Equal(1, limit.GetProperty("first").GetInt32());
        Assert.InRange(limit.GetProperty("second").GetInt32(), 2, 3);
        Assert.InRange(limit.GetProperty("milliseconds").GetDouble(), 950, 20_000);
    }

    private static void AssertSimulated(JsonElement told)
    {
        Assert.Equal("sim", told.GetProperty("simulatedChat").GetProperty("model").GetString());
        foreach (var name in new[] { "simulatedChat", "simulatedStream" })
        {
            Assert.NotEmpty(told.GetProperty(name).GetProperty("content").GetString()!);
            Assert.True(told.GetProperty(name).GetProperty("tokens").GetInt32() > 10);
        }

        Assert.Equal("get_weather", told.GetProperty("simulatedTool").GetProperty("name").GetString());
        Assert.Equal(Text(told, "simulatedTool"), Text(told, "simulatedToolStream"));
        Assert.NotEmpty(told.GetProperty("simulatedCompletion").GetProperty("text").GetString()!);
        Assert.Equal(2, told.GetProperty("simulatedEmbeddings").GetProperty("count").GetInt32());
    }

    private static void AssertErrors(JsonElement told)
    {
        Assert.Equal(("BadRequestError", 400, "context_length_exceeded"), Error(told, "refused"));
        Assert.Equal("messages", told.GetProperty("refused").GetProperty("error").GetProperty("param").GetString());
        Assert.Equal(("NotFoundError", 404, "model_not_found"), Error(told, "unknownModel"));
        Assert.Equal(("AuthenticationError", 401, "invalid_api_key"), Error(told, "wrongKey"));
        Assert.Equal(("RateLimitError", 429, "rate_limit_exceeded"), Error(told, "throttled"));
        Assert.Equal(("InternalServerError", 502, "upstream_error"), Error(told, "failing"));
        Assert.NotEmpty(told.GetProperty("failing").GetProperty("error").GetProperty("requestId").GetString()!);

        // A stream that breaks is an error, never an answer; what came before it was told.
        foreach (var name in new[] { "broken", "cut", "ended" })
        {
            Assert.Equal(("APIError", null, "upstream_error"), Error(told, name));
            Assert.Equal(("Hel", JsonValueKind.Null), (told.GetProperty(name).GetProperty("content").GetString(), told.GetProperty(name).GetProperty("finish").ValueKind));
            Assert.Equal("TypeError: terminated", told.GetProperty("raw").GetProperty(name).GetString());
        }
    }

    private static string Text(JsonElement told, string name) => told.GetProperty(name).GetRawText();

    private static (string? Name, int? Status, string? Code) Error(JsonElement told, string name)
    {
        Assert.True(told.GetProperty(name).TryGetProperty("error", out var error), $"{name}: {told.GetProperty(name)}");
        var status = error.GetProperty("status");
        return (error.GetProperty("name").GetString(), status.ValueKind == JsonValueKind.Null ? null : status.GetInt32(), error.GetProperty("code").GetString());
    }
}
