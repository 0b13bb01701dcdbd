using System.Net;
using System.Text.Json.Nodes;
using Dapper;
using Npgsql;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway.Responses;

/// <summary>Responses that last: in a real PostgreSQL, by namespace, until they are deleted or expire.</summary>
public sealed class StoredResponsesTests(PostgresServer postgres)
{
    private const string Path = "/v1/responses";
    private const string OtherKey = "ork_0000000000000000000000000000000000000002";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_response_is_there_the_moment_it_is_told_and_can_be_gone_on_from(bool streams)
    {
        await using var engine = await StartAsync(streams ? Sse([Role, Chunk("Paris"), Chunk("", finish: "\"stop\""), UsageChunk(7, 3), Done]) : Json(Completion("Paris")));
        await using var world = await WorldAsync(engine);
        var first = await AskAsync(world, $$"""{"model":"m","input":"Capital of France?","instructions":"Brief.","stream":{{(streams ? "true" : "false")}}}""");
        Assert.True((bool)first["store"]!);
        var id = (string)first["id"]!;
        Assert.Matches("^resp_[0-9a-f]{36}$", id);
        Assert.True(JsonNode.DeepEquals(first, await ReadAsync(world, $"{Path}/{id}")));

        var second = await AskAsync(world, $$"""{"model":"m","input":[{"role":"user","content":"And of Spain?"}],"previous_response_id":"{{id}}"{{(streams ? ",\"stream\":true" : "")}}}""");
        Assert.Equal(id, (string?)second["previous_response_id"]);
        var asked = JsonNode.Parse(engine.Last.Body)!["messages"]!; // The instructions of the first are not taken over, as OpenAI has it.
        Assert.Equal("""[{"role":"user","content":[{"type":"text","text":"Capital of France?"}]},{"role":"assistant","content":"Paris"},{"role":"user","content":"And of Spain?"}]""", asked.ToJsonString());

        await AskAsync(world, $$"""{"model":"m","input":"And of Italy?","previous_response_id":"{{second["id"]}}"{{(streams ? ",\"stream\":true" : "")}}}""");
        Assert.Equal(5, JsonNode.Parse(engine.Last.Body)!["messages"]!.AsArray().Count);
    }

    [Fact]
    public async Task Calls_and_their_results_go_on_where_they_belong()
    {
        var call = """{"id":"x","object":"chat.completion","created":1,"model":"u","choices":[{"index":0,"message":{"role":"assistant","reasoning_content":"hm","tool_calls":[{"id":"c1","type":"function","function":{"name":"a","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}""";
        await using var engine = await StartAsync(Json(call));
        await using var world = await WorldAsync(engine);
        var first = await AskAsync(world, """{"model":"m","input":"?","tools":[{"type":"function","name":"a"}]}""");
        await AskAsync(world, $$"""{"model":"m","previous_response_id":"{{first["id"]}}","input":[{"type":"function_call_output","call_id":"c1","output":"42"}]}""");
        Assert.Equal(
            """[{"role":"user","content":[{"type":"text","text":"?"}]},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"a","arguments":"{}"}}]},{"role":"tool","content":"42","tool_call_id":"c1"}]""",
            JsonNode.Parse(engine.Last.Body)!["messages"]!.ToJsonString());

        // Items by their ids alone, as the AI SDK sends them.
        var reference = (string)first["output"]![1]!["id"]!;
        await AskAsync(world, $$"""{"model":"m","input":[{"role":"user","content":"?"},{"type":"item_reference","id":"{{first["output"]![0]!["id"]}}"},{"type":"item_reference","id":"{{reference}}"},{"type":"function_call_output","call_id":"c1","output":"43"}]}""");
        Assert.Equal("c1", (string?)JsonNode.Parse(engine.Last.Body)!["messages"]![1]!["tool_calls"]![0]!["id"]);
    }

    [Fact]
    public async Task Items_of_a_request_are_listed_by_page()
    {
        await using var engine = await StartAsync(Json(Completion("Hi")));
        await using var world = await WorldAsync(engine);
        var response = await AskAsync(world, """{"model":"m","input":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"1"},{"id":"msg_mine","role":"user","content":[{"type":"input_text","text":"c"}]}]}""");
        var path = $"{Path}/{response["id"]}/input_items";
        var all = await ReadAsync(world, path + "?order=asc", "ResponseItemList");
        Assert.Equal(["message", "message", "function_call", "function_call_output", "message"], all["data"]!.AsArray().Select(item => (string)item!["type"]!));
        Assert.Equal(["input_text", "output_text"], all["data"]!.AsArray().Take(2).Select(item => (string)item!["content"]![0]!["type"]!));
        Assert.Equal(("msg_mine", false), ((string?)all["last_id"], (bool)all["has_more"]!));

        var newest = await ReadAsync(world, path + "?limit=2", "ResponseItemList");
        Assert.Equal(("msg_mine", true), ((string?)newest["first_id"], (bool)newest["has_more"]!));
        var rest = await ReadAsync(world, $"{path}?limit=3&after={newest["last_id"]}", "ResponseItemList");
        Assert.Equal(("function_call", 3, false), ((string?)rest["data"]![0]!["type"], rest["data"]!.AsArray().Count, (bool)rest["has_more"]!));
        foreach (var (query, message) in new[] { ("limit=0", "expected a whole number from 1 to 100"), ("order=up", "expected asc or desc"), ("after=nope", "no item of this response") })
        {
            using var refused = await world.Client.GetAsync($"{path}?{query}");
            Assert.Contains(message, (await ErrorBody.ReadAsync(refused)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_is_not_stored_or_not_ones_own_is_not_there()
    {
        await using var engine = await StartAsync(Json(Completion("Hi")));
        var document = GatewayWorld.Document(engine);
        document = document with { Keys = [.. document.Keys, GatewayWorld.AccessKey(OtherKey, "elsewhere") with { Namespace = "other" }] };
        await using var world = await WorldAsync(document);
        var (kept, passing) = (await AskAsync(world, """{"model":"m","input":"?"}"""), await AskAsync(world, """{"model":"m","input":"?","store":false}"""));
        Assert.False((bool)passing["store"]!);
        Assert.Equal(404, await StatusAsync(world, HttpMethod.Get, (string)passing["id"]!));
        Assert.Equal(404, await StatusAsync(world, HttpMethod.Get, "resp_1"));
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
        {
            Assert.Equal(404, await StatusAsync(world, method, (string)kept["id"]!, OtherKey));
            Assert.Equal(401, await StatusAsync(world, method, (string)kept["id"]!, "ork_nobody"));
        }

        using var other = await world.PostAsync($$"""{"model":"m","input":"?","previous_response_id":"{{passing["id"]}}"}""", Path);
        Assert.Equal((400, "previous_response_not_found", "previous_response_id"), ((await ErrorBody.ReadAsync(other)) is var error ? (error.Status, error.Code, error.Param) : default));
        foreach (var (request, code) in new[] { ("\"input\":\"?\",\"previous_response_id\":\"\\u0000\"", "previous_response_not_found"), ("\"input\":[{\"type\":\"item_reference\",\"id\":\"msg_\\u0000_0\"}]", "item_not_found") })
        {
            using var nothing = await world.PostAsync($$"""{"model":"m",{{request}}}""", Path);
            Assert.Equal((400, code), ((await ErrorBody.ReadAsync(nothing)) is var fault ? (fault.Status, fault.Code) : default));
        }

        using var cancel = await world.Client.PostAsync($"{Path}/{kept["id"]}/cancel", null);
        Assert.Equal((400, "response_not_cancellable"), ((await ErrorBody.ReadAsync(cancel)) is var refused ? (refused.Status, refused.Code) : default));
        using var put = await world.Client.PutAsync($"{Path}/{kept["id"]}", null);
        Assert.Equal((405, "GET, DELETE"), ((int)put.StatusCode, put.Content.Headers.Allow.Count > 0 ? string.Join(", ", put.Content.Headers.Allow) : ""));
    }

    [Fact]
    public async Task A_deleted_response_is_gone_and_what_went_on_from_it_says_so()
    {
        await using var engine = await StartAsync(Json(Completion("Hi")));
        await using var world = await WorldAsync(engine);
        var first = await AskAsync(world, """{"model":"m","input":"1"}""");
        var second = await AskAsync(world, $$"""{"model":"m","input":"2","previous_response_id":"{{first["id"]}}"}""");
        using var deleted = await world.Client.DeleteAsync($"{Path}/{first["id"]}");
        Assert.Equal($$"""{"id":"{{first["id"]}}","object":"response","deleted":true}""", await deleted.Content.ReadAsStringAsync());
        Assert.Equal(404, await StatusAsync(world, HttpMethod.Delete, (string)first["id"]!));
        using var third = await world.PostAsync($$"""{"model":"m","input":"3","previous_response_id":"{{second["id"]}}"}""", Path);
        var error = await ErrorBody.ReadAsync(third);
        Assert.Equal((400, "previous_response_not_found"), (error.Status, error.Code));
        Assert.Contains($"goes on from '{first["id"]}', which was deleted or has expired", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_has_expired_cannot_be_read_and_is_taken_away()
    {
        await using var engine = await StartAsync(Json(Completion("Hi")));
        var database = await postgres.CreateDatabaseAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(engine), "--ConnectionStrings:orrery=" + database, "--Gateway:Storage:SweepEvery=00:00:02");
        var kept = await Eventually.Holds(() => AskAsync(world, """{"model":"m","input":"?"}"""), told => (bool)told["store"]!, TimeSpan.FromSeconds(20));
        var lasting = await AskAsync(world, """{"model":"m","input":"?"}""");
        await using var source = NpgsqlDataSource.Create(database);
        await using var connection = await source.OpenConnectionAsync();
        Assert.Equal(1, await connection.ExecuteAsync($"UPDATE gateway.responses SET expires_at = now() WHERE id = '{kept["id"]}'"));
        Assert.Equal(404, await StatusAsync(world, HttpMethod.Get, (string)kept["id"]!));
        await Eventually.Holds(() => connection.ExecuteScalarAsync<string?>("SELECT string_agg(id, ',') FROM gateway.responses"), ids => ids == (string)lasting["id"]!);
    }

    [Fact]
    public async Task A_conversation_has_a_bound()
    {
        await using var engine = await StartAsync(Json(Completion("Hi")));
        await using var world = await WorldAsync(engine, "--Gateway:Storage:MaxTurns=2", "--Gateway:MaxBodyBytes=4096");
        var turn = await AskAsync(world, """{"model":"m","input":"1"}""");
        turn = await AskAsync(world, $$"""{"model":"m","input":"2","previous_response_id":"{{turn["id"]}}"}""");
        turn = await AskAsync(world, $$"""{"model":"m","input":"3","previous_response_id":"{{turn["id"]}}"}""");
        using var fourth = await world.PostAsync($$"""{"model":"m","input":"4","previous_response_id":"{{turn["id"]}}"}""", Path);
        Assert.Equal((400, "conversation_too_long"), ((await ErrorBody.ReadAsync(fourth)) is var error ? (error.Status, error.Code) : default));

        turn = await AskAsync(world, $$"""{"model":"m","input":"{{new string('x', 3_500)}}"}""");
        using var longer = await world.PostAsync($$"""{"model":"m","input":"5","previous_response_id":"{{turn["id"]}}"}""", Path);
        Assert.Contains("Gateway:MaxBodyBytes", (await ErrorBody.ReadAsync(longer)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_database_only_what_is_stored_is_refused()
    {
        await using var engine = await StartAsync(Json(Completion("Hi")));
        await using var world = await GatewayWorld.StartAsync(engine);
        Assert.False((bool)(await AskAsync(world, """{"model":"m","input":"?"}"""))["store"]!);
        foreach (var request in new[] { "\"store\":true", "\"background\":true", "\"previous_response_id\":\"resp_1\"" })
        {
            using var refused = await world.PostAsync($$"""{"model":"m","input":"?",{{request}}}""", Path);
            var error = await ErrorBody.ReadAsync(refused);
            Assert.Equal((503, "storage_unavailable"), (error.Status, error.Code));
            Assert.Contains("ConnectionStrings:orrery", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(503, await StatusAsync(world, HttpMethod.Get, "resp_1"));
    }

    /// <summary>The answer is paid for: it is told, and says that it does not last. What asks for the store is refused at once, everything else goes on.</summary>
    [Fact]
    public async Task A_database_that_goes_away_costs_no_answers()
    {
        await using var own = new PostgresServer();
        await using var engine = await StartAsync(Json(Completion("Hi")));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(engine), "--ConnectionStrings:orrery=" + await own.CreateDatabaseAsync());
        var kept = await Eventually.Holds(() => AskAsync(world, """{"model":"m","input":"?"}"""), told => (bool)told["store"]!);
        await own.StopAsync();
        Assert.False((bool)(await AskAsync(world, """{"model":"m","input":"?"}"""))["store"]!);
        Assert.Equal(503, await StatusAsync(world, HttpMethod.Get, (string)kept["id"]!));
        using var chat = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(HttpStatusCode.OK, chat.StatusCode);

        await own.StartAgainAsync();
        await Eventually.Holds(() => StatusAsync(world, HttpMethod.Get, (string)kept["id"]!), status => status == 200, TimeSpan.FromSeconds(20));
    }

    private Task<GatewayWorld> WorldAsync(ScriptedEngine engine, params string[] settings) => WorldAsync(GatewayWorld.Document(engine), settings);

    private async Task<GatewayWorld> WorldAsync(SnapshotDocument document, params string[] settings)
    {
        var world = await GatewayWorld.StartAsync(document, ["--ConnectionStrings:orrery=" + await postgres.CreateDatabaseAsync(), .. settings]);
        await Eventually.Holds(() => StatusAsync(world, HttpMethod.Get, "resp_1"), status => status == 404, TimeSpan.FromSeconds(20));
        return world;
    }

    private static string Completion(string text) =>
        $$$"""{"id":"x","object":"chat.completion","created":1,"model":"u","choices":[{"index":0,"message":{"role":"assistant","content":"{{{text}}}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}""";

    /// <summary>The response, of a stream that which its last event holds.</summary>
    private static async Task<JsonNode> AskAsync(GatewayWorld world, string body)
    {
        using var response = await world.PostAsync(body, Path);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        if (text.StartsWith("event: ", StringComparison.Ordinal))
        {
            text = JsonNode.Parse(text[(text.LastIndexOf("data: ", StringComparison.Ordinal) + "data: ".Length)..])!["response"]!.ToJsonString();
        }

        OpenAiSchema.Load().Validate("Response", text);
        return JsonNode.Parse(text)!;
    }

    private static async Task<JsonNode> ReadAsync(GatewayWorld world, string path, string schema = "Response")
    {
        var text = await world.Client.GetStringAsync(path);
        OpenAiSchema.Load().Validate(schema, text);
        return JsonNode.Parse(text)!;
    }

    private static async Task<int> StatusAsync(GatewayWorld world, HttpMethod method, string id, string key = GatewayWorld.Key)
    {
        using var request = new HttpRequestMessage(method, $"{Path}/{id}");
        request.Headers.Add("Authorization", "Bearer " + key);
        using var response = await world.Client.SendAsync(request);
        return (int)response.StatusCode;
    }
}
