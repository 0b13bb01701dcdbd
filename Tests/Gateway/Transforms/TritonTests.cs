using Orrery.Contracts;

namespace Orrery.Tests.Gateway.Transforms;

/// <summary>The page's example for Triton, which counts nothing and announces no end.</summary>
public sealed class TritonTests
{
    private const string Chat = """{"model":"mistral","messages":[{"role":"user","content":"Hi"}],"max_tokens":16}""";
    private const string Stream = """{"model":"mistral","messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_usage":true}}""";

    [Fact]
    public async Task A_text_is_a_whole_answer_and_is_counted_by_an_estimate()
    {
        await using var engine = await ScriptedEngine.StartAsync(TritonServer.Answers("The quick brown fox jumps over the lazy dog, again and again."));
        await using var world = await TransformPage.StartAsync("triton", engine);
        var answer = await world.AskAsync(Chat);
        OpenAiSchema.Load().Validate("CreateChatCompletionResponse", answer.GetRawText());
        Assert.Equal("stop", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal("""{"text_input":"[INST] Hi [/INST]","parameters":{"stream":false,"exclude_input_in_output":true,"max_tokens":16}}""", engine.Last.Body);
        var used = await world.OnlyUsageAsync();
        Assert.True(used.Estimated);
        Assert.InRange(used.CompletionTokens, 12, 24);
        Assert.InRange(used.PromptTokens, 3, 50);
    }

    [Fact]
    public async Task A_stream_is_whole_at_its_end()
    {
        await using var engine = await ScriptedEngine.StartAsync(TritonServer.Streams(["The quick", " brown", " fox"]));
        await using var world = await TransformPage.StartAsync("triton", engine);
        var told = TransformWorld.Told(TransformWorld.Chunks(await world.StreamAsync(Stream)));
        Assert.Equal("role=\"assistant\" content=\"The quick\" content=\" brown\" content=\" fox\" finish=stop", told);
        var used = await world.OnlyUsageAsync();
        Assert.True(used.Estimated);
        Assert.InRange(used.CompletionTokens, 3, 6);
    }

    [Fact]
    public async Task A_stream_that_says_nothing_is_an_empty_answer()
    {
        await using var engine = await ScriptedEngine.StartAsync(TritonServer.Streams([""]));
        await using var world = await TransformPage.StartAsync("triton", engine);
        Assert.Equal("role=\"assistant\" content=\"\" finish=stop", TransformWorld.Told(TransformWorld.Chunks(await world.StreamAsync(Stream))));
    }

    [Fact]
    public async Task A_stream_without_an_event_is_an_error()
    {
        await using var engine = await ScriptedEngine.StartAsync(TritonServer.Streams([]));
        await using var world = await TransformPage.StartAsync("triton", engine);
        Assert.Equal(502, (await world.RefusedAsync(Stream)).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_that_is_cut_or_fails_is_never_told_as_whole(bool cut)
    {
        await using var engine = await ScriptedEngine.StartAsync(TritonServer.Streams(["Half"], cut ? null : "Engine process died", cut));
        await using var world = await TransformPage.StartAsync("triton", engine);
        using var response = await world.PostAsync(Stream, stream: true);
        var seen = await CutAnswer.ReadAsync(response);
        Assert.Contains(cut ? "broke off its answer" : "Engine process died", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", seen, StringComparison.Ordinal);
        Assert.Equal((UsageOutcomes.UpstreamError, 1L, true), await world.OnlyUsageAsync() is var used ? (used.Outcome, used.CompletionTokens, used.Estimated) : default);
    }

    [Fact]
    public async Task Completions_are_asked_and_answered_too()
    {
        await using var engine = await ScriptedEngine.StartAsync(TritonServer.Answers(" upon a time"));
        await using var world = await TransformPage.StartAsync("triton", engine);
        var answer = await world.AskAsync("""{"model":"mistral","prompt":["Once"],"max_tokens":4}""", "/v1/completions");
        OpenAiSchema.Load().Validate("CreateCompletionResponse", answer.GetRawText());
        Assert.Equal(("text_completion", " upon a time"), (answer.GetProperty("object").GetString(), answer.GetProperty("choices")[0].GetProperty("text").GetString()));
        engine.Script = TritonServer.Streams([" upon", " a time"]);
        var stream = await world.StreamAsync("""{"model":"mistral","prompt":"Once","stream":true}""", "/v1/completions");
        Assert.All(TransformWorld.Chunks(stream), chunk => OpenAiSchema.Load().Validate("CreateCompletionResponse", chunk.GetRawText().Replace("\"finish_reason\":null", "\"finish_reason\":\"stop\"", StringComparison.Ordinal)));
        Assert.Equal([" upon", " a time", ""], TransformWorld.Chunks(stream).Select(chunk => chunk.GetProperty("choices")[0].GetProperty("text").GetString()));
        Assert.Equal((400, "prompt"), await world.RefusedAsync("""{"model":"mistral","prompt":["a","b"]}""", "/v1/completions") is var two ? (two.Status, two.Param) : default);
        Assert.Equal((400, "echo"), await world.RefusedAsync("""{"model":"mistral","prompt":"a","echo":true}""", "/v1/completions") is var echo ? (echo.Status, echo.Param) : default);
        Assert.Equal((400, "stop"), await world.RefusedAsync("""{"model":"mistral","prompt":"a","stop":"x"}""", "/v1/completions") is var stop ? (stop.Status, stop.Param) : default);
    }
}
