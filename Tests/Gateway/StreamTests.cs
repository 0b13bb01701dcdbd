using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway;

public sealed class StreamTests
{
    private static readonly string[] Whole =
    [
        Role, Chunk("Hel", Usage(7, 1)), Chunk("lo", Usage(7, 2)), Chunk("", Usage(7, 2), "\"stop\""), UsageChunk(7, 2), Done,
    ];

    [Fact]
    public async Task Usage_is_asked_for_and_taken_out_when_the_client_did_not_ask()
    {
        await using var engine = await ScriptedEngine.StartAsync(Sse(Whole));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.StreamChat());
        Assert.Equal(
            Public(Role + Chunk("Hel") + Chunk("lo") + Chunk("", finish: "\"stop\"") + Done),
            await response.Content.ReadAsStringAsync());
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("no", response.Headers.GetValues("X-Accel-Buffering").Single());
        Assert.Equal(
            """{"model":"upstream-model","messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true}}""",
            engine.Last.Body);
        var used = await world.OnlyUsageAsync();
        Assert.Equal((7, 2, false, true), (used.PromptTokens, used.CompletionTokens, used.Estimated, used.Stream));
        Assert.True(used.TimeToFirstTokenMs > 0);
    }

    [Fact]
    public async Task The_usage_chunk_stays_when_the_client_asked_and_usage_in_every_chunk_only_when_asked_too()
    {
        await using var engine = await ScriptedEngine.StartAsync(Sse(Whole));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var asked = await world.PostAsync(GatewayWorld.StreamChat(""","stream_options":{"x":1,"include_usage":true}"""));
        Assert.Equal(
            Public(Role + Chunk("Hel") + Chunk("lo") + Chunk("", finish: "\"stop\"") + UsageChunk(7, 2) + Done), await asked.Content.ReadAsStringAsync());
        Assert.EndsWith("""{"continuous_usage_stats":true,"x":1,"include_usage":true}}""", engine.Last.Body, StringComparison.Ordinal);
        using var both = await world.PostAsync(GatewayWorld.StreamChat(""","stream_options":{"include_usage":true,"continuous_usage_stats":true}"""));
        Assert.Equal(Public(string.Concat(Whole)), await both.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_plain_openai_server_is_not_asked_for_vllms_own()
    {
        await using var engine = await ScriptedEngine.StartAsync(Sse([Chunk("Hi"), Chunk("", finish: "\"stop\""), UsageChunk(3, 1), Done]));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with { Engine = Engines.OpenAi }));
        using var response = await world.PostAsync(GatewayWorld.StreamChat(""","stream_options":{"include_usage":false}"""));
        Assert.Equal(Public(Chunk("Hi") + Chunk("", finish: "\"stop\"") + Done), await response.Content.ReadAsStringAsync());
        Assert.EndsWith(""","stream_options":{"include_usage":true}}""", engine.Last.Body, StringComparison.Ordinal);
        Assert.Equal(1, (await world.OnlyUsageAsync()).CompletionTokens);
    }

    [Theory]
    [InlineData("as-sent", "\"reasoning\":\"a\"", "\"reasoning_content\":\"b\"")]
    [InlineData("reasoning", "\"reasoning\":\"a\"", "\"reasoning\":\"b\"")]
    [InlineData("reasoning_content", "\"reasoning_content\":\"a\"", "\"reasoning_content\":\"b\"")]
    public async Task Reasoning_has_the_name_that_the_operator_chose(string option, string first, string second)
    {
        static string Delta(string delta) => Chunk("x").Replace("\"content\":\"x\"", delta, StringComparison.Ordinal);
        await using var engine = await ScriptedEngine.StartAsync(Sse([Delta("\"reasoning\":\"a\""), Delta("\"reasoning_content\":\"b\""), Delta("\"reasoning\":\"c\",\"reasoning_content\":\"c\""), Chunk("", finish: "\"stop\""), Done]));
        await using var world = await GatewayWorld.StartAsync(engine, $"--Gateway:ReasoningField={option}");
        using var response = await world.PostAsync(GatewayWorld.StreamChat());
        var body = await response.Content.ReadAsStringAsync();
        Assert.Contains(first, body, StringComparison.Ordinal);
        Assert.Contains(second, body, StringComparison.Ordinal);
        Assert.Contains("\"reasoning\":\"c\",\"reasoning_content\":\"c\"", body, StringComparison.Ordinal);

        engine.Script = Json(Answer.Replace("\"content\":\"Hello\"", "\"content\":\"Hello\",\"reasoning\":\"a\"", StringComparison.Ordinal));
        using var whole = await world.PostAsync(GatewayWorld.Chat());
        var text = await whole.Content.ReadAsStringAsync();
        Assert.Contains(first, text, StringComparison.Ordinal);
        Assert.Equal(text.Length, whole.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Tokens_arrive_as_they_come()
    {
        var next = new SemaphoreSlim(0);
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            foreach (var piece in Whole)
            {
                await http.Response.WriteAsync(piece);
                await http.Response.Body.FlushAsync();
                if (piece.Contains("Hel", StringComparison.Ordinal))
                {
                    await next.WaitAsync(http.RequestAborted);
                }
            }
        });
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.StreamChat(), stream: true);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var seen = "";
        while (!seen.Contains("Hel", StringComparison.Ordinal))
        {
            seen += await reader.ReadLineAsync();
        }

        next.Release();
        Assert.Contains("[DONE]", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n")]
    [InlineData("data: {\"object\":\"error\",\"message\":\"engine died\",\"code\":500}\n\n")]
    [InlineData("data: not json\n\n")]
    [InlineData("")]
    public async Task A_stream_that_fails_before_its_first_content_is_tried_elsewhere(string failure)
    {
        await using var broken = await ScriptedEngine.StartAsync(Sse([": hello\n\n", Role, failure], cut: failure.Length == 0));
        await using var good = await ScriptedEngine.StartAsync(Sse(Whole));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(broken, good));
        using var response = await world.PostAsync(GatewayWorld.StreamChat());
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("p2", response.Headers.GetValues("X-Orrery-Provider").Single());
        Assert.Equal(Public(Role + Chunk("Hel") + Chunk("lo") + Chunk("", finish: "\"stop\"") + Done), await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task An_engines_refusal_inside_its_stream_is_the_callers_400()
    {
        await using var engine = await ScriptedEngine.StartAsync(Sse(["data: {\"error\":{\"message\":\"too long\",\"type\":\"BadRequestError\",\"code\":400}}\n\n", Done]));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.StreamChat());
        Assert.Equal((400, "too long"), ((await ErrorBody.ReadAsync(response)).Status, (await ErrorBody.ReadAsync(response)).Message));
    }

    [Theory]
    [InlineData("cut", "upstream_error", "The provider 'p1' broke off its answer.")]
    [InlineData("end", "upstream_error", "The provider 'p1' ended its stream in the middle of the answer.")]
    [InlineData("malformed", "upstream_error", "The provider 'p1' sent a chunk that is not a JSON object.")]
    [InlineData("error", "upstream_error", "The provider 'p1' failed (502): boom")]
    [InlineData("stall", "upstream_timeout", "The provider 'p1' stopped in the middle of its answer for too long.")]
    public async Task An_answer_cut_after_its_first_byte_says_so_and_has_no_done(string how, string code, string message)
    {
        var seen = new TaskCompletionSource();
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            string[] rest = how switch
            {
                "malformed" => ["data: {\"x\n\n", Done],
                "error" => ["data: {\"error\":{\"message\":\"boom\"}}\n\n", Done],
                _ => [],
            };
            await Sse([Chunk("Hel", Usage(7, 1))])(http);
            await seen.Task;
            await Sse(rest, cut: how == "cut")(http);
            if (how == "stall")
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
            }
        });
        await using var other = await ScriptedEngine.StartAsync(Sse(Whole));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(engine, other), "--Gateway:IdleTimeout=00:00:00.4");
        using var response = await world.PostAsync(GatewayWorld.StreamChat(), stream: true);
        seen.SetResult();
        var text = await CutAnswer.ReadAsync(response);
        Assert.StartsWith(Public(Chunk("Hel")), text, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
        var last = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)[^1];
        var error = JsonDocument.Parse(last["data: ".Length..]).RootElement.GetProperty("error");
        Assert.Equal(("upstream_error", code, message), (error.GetProperty("type").GetString(), error.GetProperty("code").GetString(), error.GetProperty("message").GetString()));
        Assert.Empty(other.Requests);
        var used = await world.OnlyUsageAsync();
        Assert.Equal((UsageOutcomes.UpstreamError, 1, 200), (used.Outcome, used.CompletionTokens, used.Status));
    }

    [Fact]
    public async Task A_stream_that_ends_after_its_finish_reason_is_whole_even_without_done()
    {
        await using var engine = await ScriptedEngine.StartAsync(Sse([Chunk("Hi"), Chunk("", finish: "\"stop\"").TrimEnd('\n')]));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.StreamChat());
        Assert.Equal(Public(Chunk("Hi") + Chunk("", finish: "\"stop\"") + Done), await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_leaves_stops_the_engine_and_is_charged_for_what_it_got(bool reports)
    {
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            for (var i = 1; i <= 1_000_000 && !http.RequestAborted.IsCancellationRequested; i++)
            {
                await http.Response.WriteAsync(Chunk("a", reports ? Usage(7, i) : null), http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, http.RequestAborted);
            }
        });
        await using var world = await GatewayWorld.StartAsync(engine);
        using (var response = await world.PostAsync(GatewayWorld.StreamChat(), stream: true))
        {
            await using var body = await response.Content.ReadAsStreamAsync();
            await body.ReadExactlyAsync(new byte[2_000]);
        }

        await Eventually.Holds(() => engine.Abandoned == 1, TimeSpan.FromSeconds(5));
        var used = await world.OnlyUsageAsync();
        Assert.Equal((UsageOutcomes.ClientLeft, 200, !reports), (used.Outcome, used.Status, used.Estimated));
        Assert.True(used.CompletionTokens >= 5 && used.PromptTokens > 0, $"{used}");
    }

    [Fact]
    public async Task A_client_that_leaves_before_any_answer_is_charged_nothing()
    {
        await using var engine = await ScriptedEngine.StartAsync(http => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var patience = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(GatewayWorld.Chat(), System.Text.Encoding.UTF8, "application/json"),
        };
        var sending = world.Client.SendAsync(request, patience.Token);
        await Eventually.Holds(() => engine.Requests.Count == 1);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await Eventually.Holds(() => engine.Abandoned == 1);
        var used = await world.OnlyUsageAsync();
        Assert.Equal((UsageOutcomes.ClientLeft, 0, 0), (used.Outcome, used.PromptTokens, used.CompletionTokens));
    }

    [Fact]
    public async Task A_long_beginning_without_content_is_let_go_at_its_bound()
    {
        var begun = new TaskCompletionSource();
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            await Sse(Enumerable.Repeat(": " + new string('k', 1_000) + "\n\n", 20))(http);
            await begun.Task;
            await http.Response.WriteAsync(Chunk("Hi", finish: "\"stop\"") + Done);
        });
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.StreamChat(), stream: true);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        begun.SetResult();
        Assert.Contains("[DONE]", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static string Public(string text) => text.Replace("upstream-model", "m", StringComparison.Ordinal);
}
