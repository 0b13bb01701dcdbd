using System.Text.Json;

namespace Orrery.Tests.Gateway.Clients;

/// <summary>OpenAI's client for JavaScript by the Responses API, and OpenAI's Agents SDK, before engines that speak chat completions only (<c>Tests/Node/responses.mjs</c>).</summary>
public sealed class ResponsesNodeTests(PostgresServer postgres)
{
    private const string AllEvents = """["response.created","response.in_progress","response.output_item.added","response.content_part.added","response.output_text.delta","response.output_text.done","response.content_part.done","response.output_item.done","response.completed"]""";

    [Fact]
    public async Task They_understand_every_answer_and_every_error()
    {
        await using var world = await ClientWorld.StartAsync("--ConnectionStrings:orrery=" + await postgres.CreateDatabaseAsync());
        await Eventually.Holds(async () => (int)(await world.World.Client.GetAsync("/v1/responses/resp_1")).StatusCode, status => status == 404, TimeSpan.FromSeconds(20));
        var told = await world.AskAsync("responses.mjs", "@openai/agents");
        Assert.Equal("""{"text":"Hello","status":"completed","model":"m","tokens":10}""", Text(told, "response"));
        Assert.Equal($$"""{"events":{{AllEvents}},"text":"Hello","final":"Hello","status":"completed"}""", Text(told, "stream"));
        foreach (var name in new[] { "turn", "turnStream" })
        {
            Assert.Equal("""{"name":"get_weather","arguments":{"city":"Paris"},"answer":"Sunny"}""", Text(told, name));
        }

        foreach (var name in new[] { "agent", "agentStream" })
        {
            Assert.Equal("""{"calls":1,"city":"string","answer":"string","said":"Sunny"}""", Text(told, name));
        }

        Assert.Equal("""["celsius","city"]""", Text(told, "object"));
        AssertSimulated(told);
        Assert.Equal((400, "context_length_exceeded"), Error(told.GetProperty("refused")));
        Assert.Equal((404, "model_not_found"), Error(told.GetProperty("unknownModel")));
        Assert.Equal((400, "previous_response_not_found"), Error(told.GetProperty("unknownPrevious")));
        Assert.Equal("""{"same":true,"items":["message","message"],"again":["Hello","completed"],"deleted":404}""", Text(told, "stored"));
        Assert.Equal("""{"queued":"queued","done":"completed","text":"Hello"}""", Text(told, "background"));
        Assert.Equal("""{"read":"Hello","resumed":"Hello","status":"completed"}""", Text(told, "backgroundStream"));
        Assert.Equal("\"cancelled\"", Text(told, "cancelled"));

        // A stream that breaks is an error, never an answer; what came before it was told.
        foreach (var name in new[] { "broken", "cut", "ended" })
        {
            Assert.Equal("Hel", told.GetProperty(name).GetProperty("text").GetString());
            Assert.True(told.GetProperty(name).TryGetProperty("error", out var error), Text(told, name));
            Assert.Equal("upstream_error", error.GetProperty("code").GetString());
        }
    }

    private static void AssertSimulated(JsonElement told)
    {
        Assert.NotEmpty(told.GetProperty("simulated").GetProperty("text").GetString()!);
        Assert.Equal(told.GetProperty("simulatedStream").GetProperty("text").GetString(), told.GetProperty("simulatedStream").GetProperty("final").GetString());
        foreach (var name in new[] { "simulatedTurn", "simulatedTurnStream" })
        {
            Assert.Equal(("get_weather", JsonValueKind.String), (told.GetProperty(name).GetProperty("name").GetString(), told.GetProperty(name).GetProperty("arguments").GetProperty("city").ValueKind));
            Assert.NotEmpty(told.GetProperty(name).GetProperty("answer").GetString()!);
        }

        Assert.True(told.GetProperty("simulatedAgent").GetProperty("calls").GetInt32() >= 1);
    }

    private static string Text(JsonElement told, string name) => told.GetProperty(name).GetRawText();

    private static (int? Status, string? Code) Error(JsonElement error) => (error.GetProperty("status").GetInt32(), error.GetProperty("code").GetString());
}
