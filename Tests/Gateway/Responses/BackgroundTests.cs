using System.Text;
using System.Text.Json.Nodes;
using Orrery.Contracts;
using Orrery.Contracts.Transforms;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway.Responses;

/// <summary>Responses that are answered while nobody waits: read, followed, cancelled, and gone on with when their gateway dies.</summary>
public sealed class BackgroundTests(PostgresServer postgres)
{
    private const string Path = "/v1/responses";
    private const string Asked = """{"model":"m","input":"?","background":true}""";

    [Fact]
    public async Task A_response_is_told_at_once_and_there_when_it_is_ready()
    {
        var ready = new TaskCompletionSource();
        await using var engine = await StartAsync(async http =>
        {
            await ready.Task;
            await Json(Answer)(http);
        });
        await using var world = await WorldAsync(engine);
        var begun = await AskAsync(world, Asked);
        Assert.Equal(("queued", true, true, 0), ((string?)begun["status"], (bool)begun["background"]!, (bool)begun["store"]!, begun["output"]!.AsArray().Count));
        var id = (string)begun["id"]!;
        Assert.Equal("in_progress", (string?)(await ReadAsync(world, id))["status"]);
        using var early = await world.PostAsync($$"""{"model":"m","input":"?","previous_response_id":"{{id}}"}""", Path);
        Assert.Equal("previous_response_not_finished", (await ErrorBody.ReadAsync(early)).Code);

        ready.SetResult();
        var done = await EndedAsync(world, id);
        Assert.Equal(("completed", "Hello", 10), ((string?)done["status"], (string?)done["output"]![0]!["content"]![0]!["text"], (int)done["usage"]!["total_tokens"]!));
        var used = await world.OnlyUsageAsync();
        Assert.Equal((UsageOutcomes.Completed, 7, "team-key"), (used.Outcome, used.PromptTokens, used.Key));
        var end = Assert.Single(Events(await world.Client.GetStringAsync($"{Path}/{id}?stream=true")));
        Assert.True((string?)end["type"] == "response.completed" && JsonNode.DeepEquals(done, end["response"]));
        Assert.Equal(0, (int)end["sequence_number"]!);
        Assert.Equal("", await world.Client.GetStringAsync($"{Path}/{id}?stream=true&starting_after=0"));
        await AskAsync(world, $$"""{"model":"m","input":"?","previous_response_id":"{{id}}"}""");
        Assert.Equal(3, JsonNode.Parse(engine.Last.Body)!["messages"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_stream_goes_on_without_its_client_and_is_read_again_from_any_place()
    {
        var rest = new TaskCompletionSource();
        await using var engine = await StartAsync(async http =>
        {
            await Sse([Role, Chunk("Hel")])(http);
            await rest.Task;
            await Sse([Chunk("lo"), Chunk("", finish: "\"stop\""), UsageChunk(7, 3), Done])(http);
        });
        await using var world = await WorldAsync(engine);
        string id;
        using (var response = await world.PostAsync("""{"model":"m","input":"?","background":true,"stream":true}""", Path, stream: true))
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(), Encoding.UTF8);
            var first = await EventAsync(reader);
            Assert.Equal("response.created", (string?)first["type"]);
            id = (string)first["response"]!["id"]!;
            while ((string?)(await EventAsync(reader))["type"] != "response.output_text.delta")
            {
            }
        }

        rest.SetResult(); // Its client is gone.
        var done = await EndedAsync(world, id);
        Assert.Equal("Hello", (string?)done["output"]![0]!["content"]![0]!["text"]);
        var events = Events(await world.Client.GetStringAsync($"{Path}/{id}?stream=true"));
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(one => (int)one["sequence_number"]!));
        Assert.Equal("Hello", string.Concat(events.Where(one => (string?)one["type"] == "response.output_text.delta").Select(one => (string?)one["delta"])));
        Assert.True(JsonNode.DeepEquals(done, events[^1]["response"]));
        var later = Events(await world.Client.GetStringAsync($"{Path}/{id}?stream=true&starting_after={events.Count - 3}"));
        Assert.Equal([events.Count - 2, events.Count - 1], later.Select(one => (int)one["sequence_number"]!));
        foreach (var beyond in new[] { events.Count - 1, events.Count, 99_999, int.MaxValue })
        {
            Assert.Equal("", await world.Client.GetStringAsync($"{Path}/{id}?stream=true&starting_after={beyond}"));
        }

        using var nonsense = await world.Client.GetAsync($"{Path}/{id}?stream=true&starting_after=x");
        Assert.Equal((400, "starting_after"), ((await ErrorBody.ReadAsync(nonsense)) is var error ? (error.Status, error.Param) : default));
    }

    [Fact]
    public async Task A_cancelled_response_stops_its_engine_and_stays_cancelled()
    {
        await using var engine = await StartAsync(async http => await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted));
        await using var world = await WorldAsync(engine);
        var id = (string)(await AskAsync(world, Asked))["id"]!;
        await Eventually.Holds(() => engine.Requests.Count == 1);
        using var cancelled = await world.Client.PostAsync($"{Path}/{id}/cancel", null);
        var text = await cancelled.Content.ReadAsStringAsync();
        OpenAiSchema.Load().Validate("Response", text);
        Assert.Equal("cancelled", (string?)JsonNode.Parse(text)!["status"]);
        await Eventually.Holds(() => engine.Abandoned == 1);
        Assert.Equal(UsageOutcomes.ClientLeft, (await world.OnlyUsageAsync()).Outcome);
        using var again = await world.Client.PostAsync($"{Path}/{id}/cancel", null);
        Assert.Equal("cancelled", (string?)JsonNode.Parse(await again.Content.ReadAsStringAsync())!["status"]);
        Assert.Equal("cancelled", (string?)(await ReadAsync(world, id))["status"]);
    }

    [Fact]
    public async Task What_is_refused_before_it_begins_is_refused_to_the_client_and_what_fails_later_failed()
    {
        await using var engine = await StartAsync(Json("""{"error":{"message":"too hot","type":"x","code":"bad"}}""", 400));
        await using var world = await WorldAsync(engine);
        using var unknown = await world.PostAsync(Asked.Replace("\"m\"", "\"nobody\"", StringComparison.Ordinal), Path);
        Assert.Equal((404, "model_not_found"), ((await ErrorBody.ReadAsync(unknown)) is var error ? (error.Status, error.Code) : default));

        var failed = await EndedAsync(world, (string)(await AskAsync(world, Asked))["id"]!);
        Assert.Equal(("failed", "server_error"), ((string?)failed["status"], (string?)failed["error"]!["code"]));
        Assert.Contains("too hot", (string?)failed["error"]!["message"], StringComparison.Ordinal);
    }

    /// <summary>No engine is asked for what none can be told.</summary>
    [Theory]
    [InlineData(""","tools":[{"type":"web_search"}]""", "unsupported_value", "tools[0].type", Engines.Vllm)]
    [InlineData(""","tools":[{"type":"function","name":"f","parameters":{}}]""", "unsupported_value", "tools", Engines.Custom)]
    [InlineData(""","logit_bias":{"1":2}""", "unsupported_parameter", "logit_bias", Engines.Anthropic)]
    public async Task What_a_waiting_client_is_refused_at_once_is_refused_at_once_in_the_background(string fields, string code, string param, string kind)
    {
        await using var engine = await StartAsync(Json(Answer));
        var chat = new OperationTransform { Request = new() { Path = "/x", Body = "{'a': request.turns.map(t, t.text)}" }, Response = new() { Body = "response.x" } };
        var provider = GatewayWorld.Provider("p1", engine.Url) with { Engine = kind, Transforms = kind == Engines.Custom ? new() { Chat = chat } : null };
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(provider), ["--ConnectionStrings:orrery=" + await postgres.CreateDatabaseAsync()]);
        await Eventually.Holds(async () => (int)(await world.Client.GetAsync(Path + "/resp_1")).StatusCode, status => status == 404, TimeSpan.FromSeconds(20));
        foreach (var background in new[] { "false", "true" })
        {
            using var refused = await world.PostAsync($$"""{"model":"m","input":"?","background":{{background}}{{fields}}}""", Path);
            var error = await ErrorBody.ReadAsync(refused);
            Assert.Equal((400, code, param), (error.Status, error.Code, error.Param));
        }

        Assert.Empty(engine.Requests);
    }

    /// <summary>What is read again says so as what was waited for does.</summary>
    [Theory]
    [InlineData(true, false, true)]
    [InlineData(false, true, false)]
    [InlineData(false, false, null)]
    public async Task A_simulators_answer_says_so_whenever_it_is_read(bool isDeclared, bool saysSo, bool? atOnce)
    {
        await using var engine = await StartAsync(async http =>
        {
            if (saysSo)
            {
                http.Response.Headers["X-Orrery-Simulated"] = "true";
            }

            await Json(Answer)(http);
        });
        var document = GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with { Simulated = isDeclared });
        await using var world = await GatewayWorld.StartAsync(document, ["--ConnectionStrings:orrery=" + await postgres.CreateDatabaseAsync()]);
        await Eventually.Holds(async () => (int)(await world.Client.GetAsync(Path + "/resp_1")).StatusCode, status => status == 404, TimeSpan.FromSeconds(20));
        var isSimulated = isDeclared || saysSo;
        using var begun = await world.PostAsync(Asked, Path);
        Assert.Equal(atOnce == true, IsMarked(begun));
        var id = (string)JsonNode.Parse(await begun.Content.ReadAsStringAsync())!["id"]!;
        await EndedAsync(world, id);
        using var waited = await world.PostAsync("""{"model":"m","input":"?"}""", Path);
        Assert.Equal(isSimulated, IsMarked(waited));
        var stored = (string)JsonNode.Parse(await waited.Content.ReadAsStringAsync())!["id"]!;
        foreach (var path in new[] { id, stored, id + "?stream=true" })
        {
            using var read = await world.Client.GetAsync($"{Path}/{path}");
            Assert.Equal(isSimulated, IsMarked(read));
            Assert.Equal(isSimulated, (await read.Content.ReadAsStringAsync()).Contains("\"simulated\":true", StringComparison.Ordinal));
        }

        static bool IsMarked(HttpResponseMessage response) => response.Headers.TryGetValues("X-Orrery-Simulated", out var said) && said.Single() == "true";
    }

    [Theory]
    [InlineData("POST", "input_tokens")]
    [InlineData("GET", "input_tokens")]
    [InlineData("POST", "compact")]
    public async Task What_is_not_served_is_not_taken_for_an_id(string method, string path)
    {
        await using var engine = await StartAsync(Json(Answer));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), $"{Path}/{path}"));
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((404, "unknown_url"), (error.Status, error.Code));
        Assert.Contains("not served", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_breaks_is_a_failed_response()
    {
        await using var engine = await StartAsync(Sse([Role, Chunk("Hel"), "data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n"]));
        await using var world = await WorldAsync(engine);
        using var response = await world.PostAsync("""{"model":"m","input":"?","background":true,"stream":true}""", Path);
        var events = Events(await response.Content.ReadAsStringAsync());
        Assert.Contains("response.failed", events.Select(one => (string?)one["type"]));
        var failed = await EndedAsync(world, (string)events[0]["response"]!["id"]!);
        Assert.Contains("out of memory", (string?)failed["error"]!["message"], StringComparison.Ordinal);
    }

    /// <summary>Another gateway on the same database begins it anew, and a client of either reads the same.</summary>
    [Fact]
    public async Task The_runs_of_a_gateway_that_stops_are_taken_over()
    {
        var asked = 0;
        var stuck = new TaskCompletionSource();
        await using var engine = await StartAsync(async http =>
        {
            if (Interlocked.Increment(ref asked) == 1)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted); // The first gateway waits for this until it stops.
            }

            await stuck.Task;
            await Json(Answer)(http);
        });
        await using var world = await WorldAsync(engine, "--Gateway:Storage:Lease=00:00:02", "--shutdownTimeoutSeconds=4");
        string id;
        await using (var other = world.Build(System.IO.Path.Combine(world.DataDirectory, "other"), world.Catalogue.Address))
        {
            await other.StartAsync();
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(other.Urls.First()) };
            client.DefaultRequestHeaders.Add("Authorization", "Bearer " + GatewayWorld.Key);
            var begun = await Eventually.Holds(() => client.PostAsync(Path, new StringContent(Asked, Encoding.UTF8, "application/json")), response => response.IsSuccessStatusCode, TimeSpan.FromSeconds(20));
            id = (string)JsonNode.Parse(await begun.Content.ReadAsStringAsync())!["id"]!;
            await Eventually.Holds(() => Volatile.Read(ref asked) == 1);
            await other.StopAsync();
        }

        await Eventually.Holds(() => Volatile.Read(ref asked) == 2, TimeSpan.FromSeconds(20));
        Assert.Equal("in_progress", (string?)(await ReadAsync(world, id))["status"]);
        stuck.SetResult();
        Assert.Equal("completed", (string?)(await EndedAsync(world, id))["status"]);
    }

    [Fact]
    public async Task A_gateway_takes_only_so_many()
    {
        await using var engine = await StartAsync(async http => await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted));
        await using var world = await WorldAsync(engine, "--Gateway:Storage:MaxRuns=1");
        var id = (string)(await AskAsync(world, Asked))["id"]!;
        await Eventually.Holds(() => engine.Requests.Count == 1);
        using var second = await world.PostAsync(Asked, Path);
        Assert.Equal((503, "too_many_runs"), ((await ErrorBody.ReadAsync(second)) is var error ? (error.Status, error.Code) : default));
        using var deleted = await world.Client.DeleteAsync($"{Path}/{id}");
        await Eventually.Holds(() => engine.Abandoned == 1);
    }

    private async Task<GatewayWorld> WorldAsync(ScriptedEngine engine, params string[] settings)
    {
        var world = await GatewayWorld.StartAsync(engine, ["--ConnectionStrings:orrery=" + await postgres.CreateDatabaseAsync(), .. settings]);
        await Eventually.Holds(async () => (int)(await world.Client.GetAsync(Path + "/resp_1")).StatusCode, status => status == 404, TimeSpan.FromSeconds(20));
        return world;
    }

    internal static async Task<JsonNode> AskAsync(GatewayWorld world, string body)
    {
        using var response = await world.PostAsync(body, Path);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        OpenAiSchema.Load().Validate("Response", text);
        return JsonNode.Parse(text)!;
    }

    internal static async Task<JsonNode> ReadAsync(GatewayWorld world, string id)
    {
        var text = await world.Client.GetStringAsync($"{Path}/{id}");
        OpenAiSchema.Load().Validate("Response", text);
        return JsonNode.Parse(text)!;
    }

    internal static Task<JsonNode> EndedAsync(GatewayWorld world, string id) =>
        Eventually.Holds(() => ReadAsync(world, id), response => (string?)response["status"] is not ("queued" or "in_progress"), TimeSpan.FromSeconds(20));

    private static async Task<JsonNode> EventAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return JsonNode.Parse(line["data: ".Length..])!;
            }
        }

        throw new InvalidOperationException("The stream ended.");
    }

    internal static List<JsonNode> Events(string stream) => [.. stream.Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => JsonNode.Parse(line["data: ".Length..])!)];
}
