using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orrery.Simulator.Timing;

namespace Orrery.Tests.Simulator;

public sealed class ServerTests
{
    private const string Path = "/v1/chat/completions";
    private const string Slow = """{"model":"chat","stream":true,"max_tokens":60,"ignore_eos":true,"messages":[{"role":"user","content":"hi"}]}""";
    private const string Quick = """{"model":"chat","max_tokens":10,"ignore_eos":true,"messages":[{"role":"user","content":"hi"}]}""";

    [Fact]
    public async Task The_server_says_what_it_is()
    {
        await using var server = await SimulatorServer.StartAsync();
        using var health = await server.Client.GetAsync("/health");
        Assert.Equal((HttpStatusCode.OK, ""), (health.StatusCode, await health.Content.ReadAsStringAsync()));
        Assert.StartsWith("simulated-", (await server.GetAsync("/version")).GetProperty("version").GetString(), StringComparison.Ordinal);
        var models = (await server.GetAsync("/v1/models")).GetProperty("data").EnumerateArray().ToList();
        Assert.Equal(["chat", "embed"], models.Select(model => model.GetProperty("id").GetString()));
        Assert.All(models, model => Assert.Equal("orrery-simulator", model.GetProperty("owned_by").GetString()));
        using var nowhere = await server.Client.GetAsync("/v1/nowhere");
        Assert.Equal((HttpStatusCode.NotFound, "true"), (nowhere.StatusCode, nowhere.Headers.GetValues("X-Orrery-Simulated").Single()));
    }

    [Fact]
    public async Task With_a_key_v1_wants_it_and_health_stays_open()
    {
        await using var server = await SimulatorServer.StartAsync([("ApiKey", "let-me-in")]);
        foreach (var key in (string?[])[null, "wrong", "let-me-in2"])
        {
            server.Client.DefaultRequestHeaders.Authorization = key is null ? null : new("Bearer", key);
            using var refused = await server.PostAsync(Path, Quick);
            Assert.Equal((HttpStatusCode.Unauthorized, """{"error":"Unauthorized"}"""), (refused.StatusCode, await refused.Content.ReadAsStringAsync()));
            using var models = await server.Client.GetAsync("/v1/models");
            using var health = await server.Client.GetAsync("/health");
            Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (models.StatusCode, health.StatusCode));
        }

        server.Client.DefaultRequestHeaders.Authorization = new("Bearer", "let-me-in");
        await server.JsonAsync(Path, Quick);
    }

    [Fact]
    public async Task Until_the_startup_delay_has_passed_the_engine_is_unready()
    {
        var time = new VirtualTime();
        await using var server = await SimulatorServer.StartAsync([("Profile:StartupDelay", "00:00:30")], time);
        using var health = await server.Client.GetAsync("/health");
        using var refused = await server.PostAsync(Path, Quick);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, ""), (health.StatusCode, await health.Content.ReadAsStringAsync()));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "30"), (refused.StatusCode, refused.Headers.RetryAfter?.ToString()));
        time.Advance(TimeSpan.FromSeconds(30));
        using var ready = await server.Client.GetAsync("/health");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task Metrics_count_what_was_done_under_vllms_names()
    {
        await using var server = await SimulatorServer.StartAsync();
        var answer = await server.JsonAsync(Path, Quick);
        var metrics = await server.Client.GetStringAsync("/metrics");
        double Value(string name, string labels = "") => double.Parse(
            metrics.Split('\n').Single(line => line.StartsWith($"{name}{{engine=\"0\",model_name=\"chat\"{labels}}} ", StringComparison.Ordinal)).Split(' ')[^1],
            CultureInfo.InvariantCulture);

        Assert.Equal(answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), Value("vllm:prompt_tokens_total"));
        Assert.Equal(10, Value("vllm:generation_tokens_total"));
        Assert.Equal(1, Value("vllm:request_success_total", ",finished_reason=\"length\""));
        Assert.Equal(0, Value("vllm:request_success_total", ",finished_reason=\"stop\""));
        Assert.Equal(1, Value("vllm:time_to_first_token_seconds_count"));
        Assert.Equal(1, Value("vllm:time_to_first_token_seconds_bucket", ",le=\"+Inf\""));
        Assert.Equal(9, Value("vllm:inter_token_latency_seconds_count"));
        Assert.Equal(1, Value("vllm:e2e_request_latency_seconds_count"));
        foreach (var gauge in (string[])["vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc",
            "vllm:num_preemptions_total", "vllm:prefix_cache_hits_total"])
        {
            Assert.Equal(0, Value(gauge));
        }
    }

    [Fact]
    public async Task A_client_that_leaves_frees_its_place()
    {
        await using var server = await SimulatorServer.StartAsync([("Models:0:Profile", "8b")]);
        using (var response = await server.PostAsync(Path, Slow.Replace("60", "20000", StringComparison.Ordinal), waitsForBody: false))
        {
            await Eventually.Holds(() => State(server), state => state.GetProperty("running").GetInt32() == 1);
        }

        var after = await Eventually.Holds(() => State(server), state => state.GetProperty("running").GetInt32() == 0);
        Assert.Equal(0, after.GetProperty("usedBlocks").GetInt32());
    }

    [Fact]
    public async Task Streams_keep_their_pace_on_real_time_hundreds_at_once()
    {
        await using var server = await SimulatorServer.StartAsync([("Models:0:Profile", "8b"), ("Profile:JitterPercent", "0"), ("Profile:PerSequenceMs", "0")]);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var streams = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => server.ChunksAsync(Path, Slow)));
        Assert.All(streams, chunks => Assert.Equal("length", chunks[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString()));
        // 60 tokens at 12 ms: the model's time, and whatever this machine adds by being busy.
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.72, 15);
    }

    [Fact]
    public async Task A_server_that_is_told_to_stop_lets_running_streams_finish()
    {
        await using var server = await SimulatorServer.StartAsync([("Models:0:Profile", "8b")]);
        var stream = server.ChunksAsync(Path, Slow);
        await Eventually.Holds(() => State(server), state => state.GetProperty("running").GetInt32() == 1);
        await server.StopAsync();
        Assert.Equal("length", (await stream)[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Speed_faults_and_replicas_change_while_it_runs()
    {
        await using var server = await SimulatorServer.StartAsync();
        await Put(server, "/simulator/profile?model=chat", """{"timeToFirstTokenMs":400}""", HttpStatusCode.NoContent);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await server.JsonAsync(Path, Quick);
        Assert.True(clock.ElapsedMilliseconds >= 400);
        await Put(server, "/simulator/profile", """{"kvBlocks":4}""", HttpStatusCode.BadRequest, "fixed when an engine starts");

        await Put(server, "/simulator/faults", """[{"fault":"status=429","everyNth":1}]""", HttpStatusCode.NoContent);
        await server.JsonAsync(Path, Quick, HttpStatusCode.TooManyRequests);
        await Put(server, "/simulator/faults", """[{"fault":"boom"}]""", HttpStatusCode.BadRequest, "Unknown fault 'boom'");
        await Put(server, "/simulator/faults", "[]", HttpStatusCode.NoContent);

        await Put(server, "/simulator/replicas/r2", """[{"id":"other","type":"chat","contextWindow":4096,"profile":"instant"}]""", HttpStatusCode.OK);
        var answer = await server.JsonAsync("/replicas/r2" + Path, Quick.Replace("chat", "other", StringComparison.Ordinal));
        Assert.Equal("other", answer.GetProperty("model").GetString());
        using var health = await server.Client.GetAsync("/replicas/r2/health");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.Equal(["", "r2"], (await server.GetAsync("/simulator/state")).GetProperty("replicas").EnumerateArray().Select(replica => replica.GetProperty("name").GetString()));
        await Put(server, "/simulator/replicas/r3", """[{"id":"x","profile":"warp"}]""", HttpStatusCode.BadRequest, "body:Models:0:Profile is 'warp'");
        using var removed = await server.Client.DeleteAsync("/simulator/replicas/r2");
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        await server.JsonAsync("/replicas/r2" + Path, Quick, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_replica_keeps_its_labels_and_its_own_changes_and_stays_when_it_is_put_only_if_new()
    {
        await using var server = await SimulatorServer.StartAsync();
        const string Model = """[{"id":"m","profile":"instant","contextWindow":500000,"changes":{"kvBlocks":31250,"startupDelay":"00:10:00"}}]""";
        await Put(server, "/simulator/replicas/r1?label=owner%3Da%3Db&label=empty%3D", Model, HttpStatusCode.OK);
        var first = await Replica(server);
        Assert.Equal(("a=b", "", false), (first.GetProperty("labels").GetProperty("owner").GetString(), first.GetProperty("labels").GetProperty("empty").GetString(), first.GetProperty("isReady").GetBoolean()));
        Assert.Equal(31_250, first.GetProperty("models")[0].GetProperty("blocks").GetInt32());

        server.Client.DefaultRequestHeaders.IfNoneMatch.ParseAdd("*");
        await Put(server, "/simulator/replicas/r1", Model, HttpStatusCode.PreconditionFailed, "There is a replica 'r1' already");
        Assert.Equal(first.GetProperty("startedAt").GetDateTimeOffset(), (await Replica(server)).GetProperty("startedAt").GetDateTimeOffset());
        server.Client.DefaultRequestHeaders.IfNoneMatch.Clear();
        await Put(server, "/simulator/replicas/r1", Model, HttpStatusCode.OK);
        Assert.NotEqual(first.GetProperty("startedAt").GetDateTimeOffset(), (await Replica(server)).GetProperty("startedAt").GetDateTimeOffset());
        await Put(server, "/simulator/replicas/r1?label=nothing", Model, HttpStatusCode.BadRequest, "The label is 'nothing'; expected name=value.");
        await Put(server, "/simulator/replicas/r1", Model.Replace("31250", "0", StringComparison.Ordinal), HttpStatusCode.BadRequest, "body:Models:0:Changes:KvBlocks is 0; expected 1 to 10000000.");
    }

    [Fact]
    public async Task Wrong_options_stop_the_start_and_every_key_is_named()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => SimulatorServer.StartAsync([
            ("Models:0:Type", "oracle"), ("Models:1:Id", ""), ("Models:1:Profile", "warp"), ("Profile:DecodeMsPerStep", "0"), ("Profile:JitterPercent", "95"),
            ("Faults:0:Fault", "boom"), ("Faults:0:Probability", "2"), ("ApiKey", "")]));
        Assert.Equal(
            [
                "Simulator:Models:0:Type is 'oracle'; expected one of chat, multimodal, embedding.",
                "Simulator:Models:1:Id has 0 characters; expected 1 to 256.",
                "Simulator:Models:1:Profile is 'warp'; expected one of 8b, 70b, embedding, instant.",
                "Simulator:Profile:DecodeMsPerStep is 0; expected 0.01 to 60000.",
                "Simulator:Profile:JitterPercent is 95; expected 0 to 90.",
                "Simulator:Faults:0:Fault: Unknown fault 'boom'.",
                "Simulator:Faults:0:Probability is 2; expected a number from 0 to 1.",
                "Simulator:ApiKey is empty; remove it to serve without a key.",
            ],
            error.Failures.Select(failure => failure.Split(" Known:")[0]));
    }

    private static async Task<JsonElement> State(SimulatorServer server) =>
        (await server.GetAsync("/simulator/state")).GetProperty("replicas")[0].GetProperty("models")[0];

    private static async Task<JsonElement> Replica(SimulatorServer server) => (await server.GetAsync("/simulator/state")).GetProperty("replicas")[1];

    private static async Task Put(SimulatorServer server, string path, string body, HttpStatusCode expected, string? message = null)
    {
        using var response = await server.Client.PutAsync(path, new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == expected, $"{(int)response.StatusCode}: {text}");
        Assert.Contains(message ?? "", text, StringComparison.Ordinal);
    }
}
