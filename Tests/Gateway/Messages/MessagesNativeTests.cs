using System.Text.Json.Nodes;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.AnthropicEngine;

namespace Orrery.Tests.Gateway.Messages;

/// <summary>A client of the Messages API whose model Anthropic's own server has: nothing is translated, nothing is lost.</summary>
public sealed class MessagesNativeTests
{
    private const string Path = "/v1/messages";

    [Fact]
    public async Task The_request_goes_as_it_is_but_for_the_models_name_and_what_is_ours()
    {
        await using var engine = await ScriptedEngine.StartAsync(Answers(Message()));
        await using var world = await GatewayWorld.StartAsync(Document(engine.Url));
        const string rest = """ "max_tokens": 9, "thinking":{"type":"adaptive"}, "cache_control":{"type":"ephemeral"}, "messages":[{"role":"user","content":"caf\u00e9"}]}""";
        using var response = await world.PostAsync("""{"model":"m", "routing":{"fallback":false},""" + rest, Path, request =>
        {
            request.Headers.Add("anthropic-beta", "context-management-2025-06-27");
            request.Headers.Add("anthropic-version", "2023-06-01");
        });
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        Assert.Equal("""{"model":"upstream-model", """ + rest, engine.Last.Body);
        Assert.Equal(("2023-06-01", "context-management-2025-06-27"), (engine.Last.Headers["anthropic-version"], engine.Last.Headers["anthropic-beta"]));
        Assert.Equal(Message().Replace("upstream-model", "m", StringComparison.Ordinal), await response.Content.ReadAsStringAsync());
        Assert.False(response.Headers.Contains("X-Orrery-Left-Out"));
        var used = await world.OnlyUsageAsync();
        Assert.Equal((113, 12, 100, UsageOutcomes.Completed), (used.PromptTokens, used.CompletionTokens, used.CachedTokens, used.Outcome));
    }

    /// <summary>What only Anthropic's servers do, they do, and nobody else is asked: also where another provider would come first.</summary>
    [Theory]
    [InlineData("""  "tools":[{"type":"web_search_20250305","name":"web_search"}],"messages":[{"role":"user","content":"?"}]}""")]
    [InlineData("""  "mcp_servers":[],"messages":[{"role":"user","content":[{"type":"document","source":{"type":"file","file_id":"f"}}]}]}""")]
    [InlineData("""  "messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"search_result","source":"s","title":"t","content":[]}]}]},{"role":"assistant","content":[{"type":"server_tool_use","id":"s","name":"web_search","input":{}}]}]}""")]
    public async Task What_only_they_do_goes_to_them(string rest)
    {
        await using var other = await ScriptedEngine.StartAsync();
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(Message()));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", other.Url), Provider("p2", engine.Url)));
        using var response = await world.PostAsync("""{"model":"m","max_tokens":9,""" + rest, Path);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        Assert.Equal((0, 1, """{"model":"upstream-model","max_tokens":9,""" + rest), (other.Requests.Count, engine.Requests.Count, engine.Last.Body));
    }

    [Fact]
    public async Task Its_stream_goes_as_it_is_but_for_the_models_name()
    {
        string[] pieces =
        [
            Start(), BlockStart(0, """{"type":"server_tool_use","id":"srv_1","name":"web_search","input":{}}"""), Ping, Json(0, "{\"query\": \"x\"}"), BlockStop(0),
            BlockStart(1, """{"type":"web_search_tool_result","tool_use_id":"srv_1","content":[]}"""), BlockStop(1),
            TextStart(2), Text(2, "Grüße 漢😀"), BlockStop(2), End(), Stop,
        ];
        var expected = string.Concat(pieces).Replace("upstream-model", "m", StringComparison.Ordinal);
        foreach (var length in new[] { int.MaxValue, 61, 7 })
        {
            await using var engine = await ScriptedEngine.StartAsync(Streams(string.Concat(pieces).Chunk(length).Select(characters => new string(characters))));
            await using var world = await GatewayWorld.StartAsync(Document(engine.Url));
            using var response = await world.PostAsync(Ask(",\"stream\":true"), Path);
            Assert.Equal(expected, await response.Content.ReadAsStringAsync());
            var used = await world.OnlyUsageAsync();
            Assert.Equal((113, 12, 100, UsageOutcomes.Completed), (used.PromptTokens, used.CompletionTokens, used.CachedTokens, used.Outcome));
        }
    }

    [Theory]
    [InlineData("overloaded_error", "upstream_unavailable")]
    [InlineData("api_error", "upstream_error")]
    public async Task An_error_before_the_first_content_goes_to_the_next_provider_and_its_protocol(string type, string code)
    {
        await using var first = await ScriptedEngine.StartAsync(Streams([Start(), Ping, Event("error", Error(type, "no"))]));
        await using var second = await ScriptedEngine.StartAsync(ScriptedEngine.Sse([ScriptedEngine.Role, ScriptedEngine.Chunk("Hello", finish: "\"stop\""), ScriptedEngine.Done]));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(Provider("p1", first.Url), GatewayWorld.Provider("p2", second.Url)));
        using var response = await world.PostAsync(Ask(",\"stream\":true,\"thinking\":{\"type\":\"adaptive\"}"), Path);
        var told = await response.Content.ReadAsStringAsync();
        Assert.Contains("\"text\":\"Hello\"", told, StringComparison.Ordinal);
        Assert.EndsWith("{\"type\":\"message_stop\"}\n\n", told, StringComparison.Ordinal);
        Assert.Equal(("p2", "thinking"), (response.Headers.GetValues("X-Orrery-Provider").Single(), response.Headers.GetValues("X-Orrery-Left-Out").Single()));

        using var alone = await world.PostAsync(Ask(",\"stream\":true,\"routing\":{\"fallback\":false,\"providers\":[\"p1\"]}"), Path);
        var error = JsonNode.Parse(await alone.Content.ReadAsStringAsync())!;
        Assert.Equal(code, (string?)error["error"]!["code"]);
    }

    [Fact]
    public async Task A_stream_that_breaks_says_so_once()
    {
        await using var engine = await ScriptedEngine.StartAsync(Streams([Start(), TextStart(0), Text(0, "Hel"), string.Concat(Enumerable.Repeat(Ping, 1_000)), Event("error", Error("overloaded_error", "no"))]));
        await using var world = await GatewayWorld.StartAsync(Document(engine.Url));
        using var response = await world.PostAsync(Ask(",\"stream\":true"), Path, stream: true);
        var told = await CutAnswer.ReadAsync(response);
        Assert.Equal(2, told.Split("event: error\n").Length);
        Assert.Contains("\"type\":\"overloaded_error\"", told, StringComparison.Ordinal);
        Assert.DoesNotContain("message_stop", told, StringComparison.Ordinal);
    }

    private static string Ask(string more = "") => $$"""{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]{{more}}}""";
}
