using System.Text;
using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Tests.Gateway.Transforms;

/// <summary>The page's example for Replicate: a request is a job.</summary>
public sealed class ReplicateTests
{
    private const string Chat = """{"model":"llama-3-70b","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],"max_tokens":8}""";
    private const string Stream = """{"model":"llama-3-70b","messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_usage":true}}""";
    private const string Output = """["Hel","lo"," there"]""";
    private const string Metrics = """{"input_token_count":14,"output_token_count":3,"predict_time":0.5}""";

    private readonly ReplicateServer _server = new();

    private Task<ScriptedEngine> StartEngineAsync() => ScriptedEngine.StartAsync(_server.Serve);

    private static Task<GatewayWorld> StartAsync(ScriptedEngine engine, string more = "") =>
        GatewayWorld.StartAsync(TransformPage.Compile(Quick(TransformPage.At("replicate", engine.Address + "/v1", more))));

    /// <remarks>Nobody wants to wait half a second for a fake.</remarks>
    private static string Quick(string document) => document.Replace("interval: 500ms", "interval: 100ms", StringComparison.Ordinal);

    [Fact]
    public async Task A_prediction_that_is_done_at_once_is_an_answer()
    {
        _server.Creation = ReplicateServer.Created("succeeded", Output);
        await using var engine = await StartEngineAsync();
        await using var world = await StartAsync(engine);
        var answer = await world.AskAsync(Chat);
        OpenAiSchema.Load().Validate("CreateChatCompletionResponse", answer.GetRawText());
        Assert.Equal("Hello there", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("""{"input":{"system_prompt":"Be brief.","prompt":"User: Hi","max_tokens":8}}""", engine.Last.Body);
        Assert.Equal("wait=5", engine.Last.Headers["Prefer"]);
        Assert.Equal(["POST /v1/models/meta/meta-llama-3-70b-instruct/predictions"], _server.Asked);
    }

    [Fact]
    public async Task A_prediction_is_asked_after_until_it_is_done()
    {
        _server.Polls.Enqueue(ReplicateServer.State("starting"));
        _server.Polls.Enqueue(ReplicateServer.State("processing", "[\"Hel\"]"));
        _server.Polls.Enqueue(ReplicateServer.State("succeeded", Output, metrics: Metrics));
        await using var engine = await StartEngineAsync();
        await using var world = await StartAsync(engine);
        var answer = await world.AskAsync(Chat);
        Assert.Equal("Hello there", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal(17, answer.GetProperty("usage").GetProperty("total_tokens").GetInt32());
        Assert.Equal(4, _server.Asked.Count);
        Assert.All(_server.Authorizations, sent => Assert.Equal("Bearer " + TransformPage.Credential, sent));
        var used = await world.OnlyUsageAsync();
        Assert.Equal((14L, 3L, false, UsageOutcomes.Completed), (used.PromptTokens, used.CompletionTokens, used.Estimated, used.Outcome));
    }

    [Fact]
    public async Task A_client_that_wants_a_stream_gets_one_made_of_the_result()
    {
        _server.Polls.Enqueue(ReplicateServer.State("processing"));
        _server.Polls.Enqueue(ReplicateServer.State("succeeded", Output, metrics: Metrics));
        await using var engine = await StartEngineAsync();
        await using var world = await StartAsync(engine);
        var told = TransformWorld.Told(TransformWorld.Chunks(await world.StreamAsync(Stream)));
        Assert.Equal("role=\"assistant\" content=\"Hello there\" finish=stop usage=14+3", told);
        Assert.True((await world.OnlyUsageAsync()).Stream);
        var events = await world.StreamAsync("""{"model":"llama-3-70b","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"Hi"}]}""", "/v1/messages");
        Assert.Contains("\"text\":\"Hello there\"", events, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prediction_that_fails_is_an_error_in_its_own_words()
    {
        _server.Polls.Enqueue(ReplicateServer.State("failed", error: "\"CUDA out of memory\""));
        await using var engine = await StartEngineAsync();
        await using var world = await StartAsync(engine);
        var error = await world.RefusedAsync(Stream);
        Assert.Equal((502, "upstream_error"), (error.Status, error.Code));
        Assert.Contains("CUDA out of memory", error.Message, StringComparison.Ordinal);
        Assert.False(_server.IsCancelled);
    }

    [Fact]
    public async Task A_client_that_leaves_while_it_runs_ends_it()
    {
        var isAsked = new TaskCompletionSource();
        _server.Polls.Enqueue(http =>
        {
            isAsked.TrySetResult();
            return ReplicateServer.State("processing")(http);
        });
        await using var engine = await StartEngineAsync();
        await using var world = await StartAsync(engine);
        using var leaving = new CancellationTokenSource();
        var asking = world.Client.PostAsync("/v1/chat/completions", new StringContent(Chat, Encoding.UTF8, "application/json"), leaving.Token);
        await isAsked.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await Eventually.Holds(() => _server.IsCancelled);
        Assert.Equal(UsageOutcomes.ClientLeft, (await world.OnlyUsageAsync()).Outcome);
    }

    [Fact]
    public async Task A_client_that_leaves_while_it_is_submitted_ends_it_too()
    {
        var (isAsked, answers) = (new TaskCompletionSource(), new TaskCompletionSource());
        _server.Creation = async http =>
        {
            isAsked.SetResult();
            await answers.Task;
            await ReplicateServer.Created("starting")(http);
        };
        await using var engine = await StartEngineAsync();
        await using var world = await StartAsync(engine);
        using var leaving = new CancellationTokenSource();
        var asking = world.Client.PostAsync("/v1/chat/completions", new StringContent(Chat, Encoding.UTF8, "application/json"), leaving.Token);
        await isAsked.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        answers.SetResult();
        await Eventually.Holds(() => _server.IsCancelled);
        Assert.Equal(UsageOutcomes.ClientLeft, (await world.OnlyUsageAsync()).Outcome);
    }

    [Fact]
    public async Task A_prediction_that_takes_too_long_is_ended()
    {
        await using var engine = await StartEngineAsync();
        await using var world = await StartAsync(engine, "  timeouts: { total: 700ms }\n");
        var error = await world.RefusedAsync(Chat);
        Assert.Equal((504, "upstream_timeout"), (error.Status, error.Code));
        await Eventually.Holds(() => _server.IsCancelled);
    }

    [Theory]
    [InlineData("127.0.0.2:81")]
    [InlineData("evil.example")]
    public async Task A_url_of_another_server_is_not_asked_and_gets_no_credential(string host)
    {
        _server.Creation = ReplicateServer.Created("starting", host: host);
        await using var engine = await StartEngineAsync();
        await using var world = await StartAsync(engine);
        var error = await world.RefusedAsync(Chat);
        Assert.Equal(502, error.Status);
        Assert.Contains($"spec.transforms.chat.job.status.url leads to '{host}', which is none of the provider's endpoints", error.Message, StringComparison.Ordinal);
        Assert.All(_server.Asked, asked => Assert.EndsWith("/predictions", asked, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_url_of_a_neighbouring_port_is_not_asked()
    {
        await using var neighbour = await ScriptedEngine.StartAsync(ScriptedEngine.Json("{}"));
        _server.Creation = ReplicateServer.Created("starting", host: new Uri(neighbour.Address).Authority);
        await using var engine = await StartEngineAsync();
        await using var world = await StartAsync(engine);
        Assert.Equal(502, (await world.RefusedAsync(Chat)).Status);
        Assert.Empty(neighbour.Requests);
    }

    [Fact]
    public async Task A_redirection_of_a_question_is_not_followed()
    {
        await using var neighbour = await ScriptedEngine.StartAsync(ScriptedEngine.Json("{}"));
        _server.Polls.Enqueue(http =>
        {
            http.Response.StatusCode = 307;
            http.Response.Headers.Location = neighbour.Address + "/secrets";
            return Task.CompletedTask;
        });
        await using var engine = await StartEngineAsync();
        await using var world = await StartAsync(engine);
        Assert.Equal(502, (await world.RefusedAsync(Chat)).Status);
        Assert.Empty(neighbour.Requests);
        Assert.True(_server.IsCancelled);
    }

    [Fact]
    public async Task A_question_that_fails_is_asked_again()
    {
        _server.Polls.Enqueue(ReplicateServer.Problem(500, "Server error", "oops"));
        _server.Polls.Enqueue(ReplicateServer.Problem(429, "Throttled", "Request was throttled."));
        _server.Polls.Enqueue(ReplicateServer.State("succeeded", "\"Hello\""));
        await using var engine = await StartEngineAsync();
        await using var world = await StartAsync(engine);
        var answer = await world.AskAsync(Chat);
        Assert.Equal("Hello", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Single(_server.Asked, asked => asked.StartsWith("POST", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Questions_that_go_on_failing_end_the_job()
    {
        _server.Polls.Enqueue(ReplicateServer.Problem(500, "Server error", "oops"));
        await using var engine = await StartEngineAsync();
        await using var world = await StartAsync(engine);
        var error = await world.RefusedAsync(Chat);
        Assert.Contains("oops", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, _server.Asked.Count(asked => asked.StartsWith("GET", StringComparison.Ordinal)) / engine.Requests.Count(request => request.Path.EndsWith("/predictions", StringComparison.Ordinal)));
        Assert.True(_server.IsCancelled);
    }

    [Fact]
    public async Task Refusals_of_a_submission_keep_their_status_and_show_no_secret()
    {
        _server.Creation = ReplicateServer.Problem(422, "Input validation failed", "- input.prompt: is required");
        await using var engine = await StartEngineAsync();
        await using var world = await StartAsync(engine);
        var error = await world.RefusedAsync(Chat);
        Assert.Equal((422, "- input.prompt: is required"), (error.Status, error.Message));
        _server.Creation = http => ReplicateServer.Problem(400, "Bad", "you sent " + http.Request.Headers.Authorization)(http);
        error = await world.RefusedAsync(Chat);
        Assert.Equal("you sent Bearer [secret]", error.Message);
        _server.Polls.Enqueue(http => ReplicateServer.State("failed", error: JsonSerializer.Serialize("with " + http.Request.Headers.Authorization))(http));
        _server.Creation = ReplicateServer.Created("starting");
        error = await world.RefusedAsync(Chat);
        Assert.DoesNotContain(TransformPage.Credential, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pictures_are_listed_by_their_urls()
    {
        _server.Creation = ReplicateServer.Created("succeeded", """["https://replicate.delivery/a.webp","data:image/png;base64,iVBORw0="]""");
        await using var engine = await StartEngineAsync();
        await using var world = await StartAsync(engine);
        var answer = await world.AskAsync("""{"model":"flux","prompt":"A fox","n":2,"size":"1024x1024"}""", "/v1/images/generations");
        OpenAiSchema.Load().Validate("ImagesResponse", answer.GetRawText());
        Assert.Equal("""[{"url":"https://replicate.delivery/a.webp"},{"b64_json":"iVBORw0="}]""", answer.GetProperty("data").GetRawText());
        Assert.Equal("""{"input":{"prompt":"A fox","num_outputs":2}}""", engine.Last.Body);
        Assert.Equal("/v1/models/black-forest-labs/flux-schnell/predictions", engine.Last.Path);
    }
}
