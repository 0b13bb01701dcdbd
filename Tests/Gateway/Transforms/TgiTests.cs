using Orrery.Contracts;

namespace Orrery.Tests.Gateway.Transforms;

/// <summary>The page's example for Text Generation Inference.</summary>
public sealed class TgiTests
{
    private const string Overloaded = "Model is overloaded";

    private static string Chat(string more = "") => $$"""{"model":"zephyr","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hi"}]}]{{more}}}""";

    private static string Stream(string more = "") => Chat(""","stream":true""" + more);

    [Fact]
    public async Task A_request_becomes_a_prompt_and_the_answer_a_chat_completion()
    {
        await using var engine = await ScriptedEngine.StartAsync(TgiServer.Answers("Hello there."));
        await using var world = await TransformPage.StartAsync("tgi", engine);
        var answer = await world.AskAsync(Chat(""","max_tokens":20,"temperature":0.5,"top_p":1,"stop":"END","seed":7"""));
        OpenAiSchema.Load().Validate("CreateChatCompletionResponse", answer.GetRawText());
        Assert.Equal(("zephyr", "Hello there.", "stop"), (
            answer.GetProperty("model").GetString(),
            answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(),
            answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString()));
        Assert.False(answer.TryGetProperty("usage", out _)); // The server counts no prompt without its prefill, and a guess is not told as a count.
        Assert.Equal("/generate", engine.Last.Path);
        Assert.Equal(
            """{"inputs":"<|system|>\nBe brief.</s>\n<|user|>\nHi</s>\n<|assistant|>\n","parameters":{"details":true,"return_full_text":false,"max_new_tokens":20,"temperature":0.5,"do_sample":true,"seed":7,"stop":["END"]}}""",
            engine.Last.Body);
        var used = await world.OnlyUsageAsync();
        Assert.Equal((3, true, UsageOutcomes.Completed), (used.CompletionTokens, used.Estimated, used.Outcome));
        Assert.InRange(used.PromptTokens, 5, 60);
    }

    [Fact]
    public async Task The_likeliest_answer_is_asked_for_without_a_temperature_of_zero()
    {
        await using var engine = await ScriptedEngine.StartAsync(TgiServer.Answers("Hello"));
        await using var world = await TransformPage.StartAsync("tgi", engine);
        await world.AskAsync(Chat(""","temperature":0"""));
        Assert.EndsWith("\"parameters\":{\"details\":true,\"return_full_text\":false,\"do_sample\":false}}", engine.Last.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_token_becomes_a_chunk_and_the_last_brings_reason_and_usage()
    {
        await using var engine = await ScriptedEngine.StartAsync(TgiServer.Streams([TgiServer.Token(1, "Grüß"), TgiServer.Token(2, " Gott"), TgiServer.Last(3, "Grüß Gott", "length")]));
        await using var world = await TransformPage.StartAsync("tgi", engine);
        var chunks = TransformWorld.Chunks(await world.StreamAsync(Stream(""","stream_options":{"include_usage":true}""")));
        Assert.All(chunks, chunk => OpenAiSchema.Load().Validate("CreateChatCompletionStreamResponse", chunk.GetRawText()));
        Assert.Equal("role=\"assistant\" content=\"Grüß\" content=\" Gott\" finish=length usage=17+3", TransformWorld.Told(chunks));
        Assert.Equal("/generate_stream", engine.Last.Path);
        var used = await world.OnlyUsageAsync();
        Assert.Equal((17L, 3L, false, true), (used.PromptTokens, used.CompletionTokens, used.Estimated, used.Stream));
        Assert.NotNull(used.TimeToFirstTokenMs);
    }

    [Theory]
    [InlineData(422, "validation", "Input validation error: `best_of` must be > 0", 422, "invalid_request_error", null)]
    [InlineData(422, "validation", "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 9000 `inputs` tokens and 20 `max_new_tokens`", 422, "invalid_request_error", "context_length_exceeded")]
    [InlineData(424, "generation", "Request failed during generation: Server error: CUDA out of memory", 502, "upstream_error", "upstream_error")]
    [InlineData(429, "overloaded", Overloaded, 429, "rate_limit_error", "rate_limit_exceeded")]
    public async Task Errors_keep_their_meaning(int status, string type, string message, int seen, string seenType, string? code)
    {
        await using var engine = await ScriptedEngine.StartAsync(TgiServer.Fails(status, type, message));
        await using var world = await TransformPage.StartAsync("tgi", engine);
        var error = await world.RefusedAsync(Chat());
        Assert.Equal((seen, seenType, code), (error.Status, error.Type, error.Code));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_inside_a_stream_goes_to_the_next_provider_before_the_first_token()
    {
        await using var engine = await ScriptedEngine.StartAsync(TgiServer.Streams([TgiServer.ErrorEvent("overloaded", Overloaded)]));
        await using var second = await ScriptedEngine.StartAsync(TgiServer.Streams([TgiServer.Token(1, "Hi"), TgiServer.Last(2, "Hi")]));
        var further = TransformPage.At("tgi", second.Address).Replace("name: tgi", "name: tgi-b", StringComparison.Ordinal);
        await using var world = await GatewayWorld.StartAsync(TransformPage.Compile(TransformPage.At("tgi", engine.Address), further));
        Assert.Equal("role=\"assistant\" content=\"Hi\" finish=stop", TransformWorld.Told(TransformWorld.Chunks(await world.StreamAsync(Stream()))));
        Assert.Single(engine.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_that_breaks_after_the_first_token_is_never_told_as_whole(bool byError)
    {
        await using var engine = await ScriptedEngine.StartAsync(byError
            ? TgiServer.Streams([TgiServer.Token(1, "Half"), TgiServer.ErrorEvent("generation", "Request failed during generation: oops")])
            : TgiServer.Streams([TgiServer.Token(1, "Half")])); // HTTP says that it is whole, and done says that it is not.
        await using var world = await TransformPage.StartAsync("tgi", engine);
        using var response = await world.PostAsync(Stream(), stream: true);
        var seen = await CutAnswer.ReadAsync(response);
        Assert.Contains("\"content\":\"Half\"", seen, StringComparison.Ordinal);
        Assert.Contains(byError ? "Request failed during generation: oops" : "ended its stream in the middle of the answer", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("\"finish_reason\":\"", seen, StringComparison.Ordinal);
        var used = await world.OnlyUsageAsync();
        Assert.Equal((UsageOutcomes.UpstreamError, true), (used.Outcome, used.Estimated));
        Assert.Equal(1, used.CompletionTokens);
    }

    [Theory]
    [InlineData(""","tools":[{"type":"function","function":{"name":"f"}}]""", "tools")]
    [InlineData(""","n":2""", "n")]
    [InlineData(""","response_format":{"type":"json_object"}""", "response_format")]
    [InlineData(""","logprobs":true""", "logprobs")]
    public async Task What_the_transform_has_no_words_for_is_refused_by_name(string more, string param)
    {
        await using var engine = await ScriptedEngine.StartAsync(TgiServer.Answers("never"));
        await using var world = await TransformPage.StartAsync("tgi", engine);
        var error = await world.RefusedAsync(Chat(more));
        Assert.Equal((400, "unsupported_value", param), (error.Status, error.Code, error.Param));
        Assert.Contains("spec.transforms.chat.request.body does not look at it", error.Message, StringComparison.Ordinal);
        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task An_image_that_would_be_lost_is_refused_by_its_place()
    {
        await using var engine = await ScriptedEngine.StartAsync(TgiServer.Answers("never"));
        await using var world = await TransformPage.StartAsync("tgi", engine);
        var error = await world.RefusedAsync("""{"model":"zephyr","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]}]}""");
        Assert.Equal((400, "messages[0].content"), (error.Status, error.Param));
    }

    [Fact]
    public async Task Operations_that_have_no_transform_are_refused()
    {
        await using var engine = await ScriptedEngine.StartAsync(TgiServer.Answers("never"));
        await using var world = await TransformPage.StartAsync("tgi", engine);
        var error = await world.RefusedAsync("""{"model":"zephyr","prompt":"Hi"}""", "/v1/completions");
        Assert.Equal((400, "unsupported_operation"), (error.Status, error.Code));
    }

    [Fact]
    public async Task A_client_that_leaves_ends_the_work()
    {
        var hasBegun = new TaskCompletionSource();
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            await ScriptedEngine.Sse([TgiServer.Token(1, "Hi")])(http);
            hasBegun.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        });
        await using var world = await TransformPage.StartAsync("tgi", engine);
        using (var response = await world.PostAsync(Stream(), stream: true))
        {
            await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            Assert.NotEqual(0, await body.ReadAsync(new byte[64], TestContext.Current.CancellationToken));
            await hasBegun.Task;
        }

        await Eventually.Holds(() => engine.Abandoned == 1);
        Assert.Equal(UsageOutcomes.ClientLeft, (await world.OnlyUsageAsync()).Outcome);
    }
}
