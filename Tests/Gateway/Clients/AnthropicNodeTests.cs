using System.Text.Json;

namespace Orrery.Tests.Gateway.Clients;

/// <summary>Anthropic's client for JavaScript, before engines that speak OpenAI's API only (<c>Tests/Node/anthropic.mjs</c>).</summary>
public sealed class AnthropicNodeTests
{
    private const string AllEvents = """["message_start","content_block_start","content_block_delta","content_block_stop","message_delta","message_stop"]""";

    [Fact]
    public async Task It_understands_every_answer_and_every_error()
    {
        await using var world = await ClientWorld.StartAsync();
        var told = await world.AskAsync("anthropic.mjs", "@anthropic-ai/sdk");
        Assert.Equal("""{"text":"Hello","stop":"end_turn","model":"m","tokens":10}""", Text(told, "message"));
        Assert.Equal($$"""{"events":{{AllEvents}},"text":"Hello","final":"Hello","stop":"end_turn","tokens":3}""", Text(told, "stream"));
        foreach (var name in new[] { "turn", "turnStream" })
        {
            Assert.Equal("""{"stop":"tool_use","name":"get_weather","input":{"city":"Paris"},"answer":"Sunny","end":"end_turn"}""", Text(told, name));
        }

        foreach (var name in new[] { "simulatedTurn", "simulatedTurnStream" })
        {
            var turn = told.GetProperty(name);
            Assert.Equal(("tool_use", "get_weather", JsonValueKind.String), (turn.GetProperty("stop").GetString(), turn.GetProperty("name").GetString(), turn.GetProperty("input").GetProperty("city").ValueKind));
            Assert.NotEmpty(turn.GetProperty("answer").GetString()!);
        }

        Assert.NotEmpty(told.GetProperty("simulated").GetProperty("text").GetString()!);
        Assert.Equal((AllEvents, told.GetProperty("simulatedStream").GetProperty("final").GetString()), (told.GetProperty("simulatedStream").GetProperty("events").GetRawText(), told.GetProperty("simulatedStream").GetProperty("text").GetString()));
        Assert.InRange(told.GetProperty("simulatedCount").GetInt32(), 20, 200);
        AssertErrors(told);
    }

    private static void AssertErrors(JsonElement told)
    {
        Assert.Equal(("BadRequestError", 400, "invalid_request_error", "context_length_exceeded"), Error(told.GetProperty("refused")));
        Assert.Equal(("NotFoundError", 404, "not_found_error", "model_not_found"), Error(told.GetProperty("unknownModel")));
        Assert.Equal(("BadRequestError", 400, "invalid_request_error", "invalid_value"), Error(told.GetProperty("badField")));
        Assert.Equal(("AuthenticationError", 401, "authentication_error", "invalid_api_key"), Error(told.GetProperty("wrongKey")));
        Assert.Equal(("RateLimitError", 429, "rate_limit_error", "rate_limit_exceeded"), Error(told.GetProperty("throttled")));
        Assert.Equal(("InternalServerError", 502, "api_error", "upstream_error"), Error(told.GetProperty("failing")));
        Assert.StartsWith("req_", told.GetProperty("failing").GetProperty("requestId").GetString(), StringComparison.Ordinal);

        // A stream that breaks is an error, never an answer; what came before it was told.
        foreach (var name in new[] { "broken", "cut", "ended" })
        {
            var stream = told.GetProperty(name);
            Assert.Equal(("Hel", "api_error", "upstream_error"), (stream.GetProperty("text").GetString(), stream.GetProperty("error").GetProperty("type").GetString(), stream.GetProperty("error").GetProperty("code").GetString()));
        }
    }

    private static string Text(JsonElement told, string name) => told.GetProperty(name).GetRawText();

    private static (string? Name, int? Status, string? Type, string? Code) Error(JsonElement error) =>
        (error.GetProperty("name").GetString(), error.GetProperty("status").GetInt32(), error.GetProperty("type").GetString(), error.GetProperty("code").GetString());
}
