using System.Text.Json;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway;

/// <summary><c>n</c> above 1, as vLLM 0.11 and OpenAI stream it: the answers' chunks are mingled, and each answer has a finish reason of its own.</summary>
public sealed class SeveralAnswersTests
{
    private const string Two = ",\"n\":2";

    [Fact]
    public async Task Answers_and_log_probabilities_arrive_as_sent()
    {
        string[] sent = [Of(0, "a"), Of(1, "b"), Of(1, "", "stop"), Of(0, "c"), Of(0, "", "length"), UsageChunk(7, 4), Done];
        await using var engine = await StartAsync(Sse(sent));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.StreamChat(Two + ",\"logprobs\":true,\"top_logprobs\":1"));
        Assert.Equal(
            string.Concat(sent.Where(chunk => !chunk.Contains("usage", StringComparison.Ordinal))).Replace("upstream-model", "m", StringComparison.Ordinal),
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Contains(Two + ",\"logprobs\":true,\"top_logprobs\":1", engine.Last.Body, StringComparison.Ordinal);
        Assert.Equal(4, (await world.OnlyUsageAsync()).CompletionTokens);
    }

    /// <remarks>A proxy before a server that dies may end the stream as if nothing had happened.</remarks>
    [Theory]
    [InlineData(Two, false, "0", "0.")]
    [InlineData(Two, false, "0", "1", "0.")]
    [InlineData(Two, true, "0", "1", "1.", "0.")]
    [InlineData(Two, true, "0.", "1.")]
    [InlineData(",\"n\":3", false, "0", "1", "2", "2.", "1.")]
    [InlineData("", true, "0", "0.")]
    [InlineData(",\"n\":70", false, "0", "0.", "64", "65.")]
    public async Task An_end_without_done_is_whole_once_each_answer_has_finished(string n, bool isWhole, params string[] chunks)
    {
        await using var engine = await StartAsync(Sse(chunks.Select(chunk => Of(int.Parse(chunk.TrimEnd('.'), System.Globalization.CultureInfo.InvariantCulture), "x", chunk.EndsWith('.') ? "stop" : null))));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.StreamChat(n), stream: true);
        if (isWhole)
        {
            Assert.EndsWith(Done, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            return;
        }

        var text = await CutAnswer.ReadAsync(response);
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
        Assert.Contains("ended its stream in the middle of the answer", text, StringComparison.Ordinal);
        Assert.Equal(UsageOutcomes.UpstreamError, (await world.OnlyUsageAsync()).Outcome);
    }

    /// <remarks>OpenAI's events for several pictures: one ….completed each.</remarks>
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task A_stream_of_pictures_is_whole_with_the_last_of_them(int pictures, bool isWhole)
    {
        var events = Enumerable.Repeat("data: {\"type\":\"image_generation.completed\",\"b64_json\":\"AA==\"}\n\n", pictures).ToList();
        await using var engine = await StartAsync(Sse(events));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(engine) with { Models = [GatewayWorld.Model("picture", ModelTypes.ImageGeneration, "p1")] });
        using var response = await world.PostAsync("""{"model":"picture","prompt":"x","stream":true,"n":2}""", "/v1/images/generations", stream: true);
        var text = isWhole ? await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken) : await CutAnswer.ReadAsync(response);
        Assert.Equal((true, !isWhole), (text.StartsWith(string.Concat(events), StringComparison.Ordinal), text.Contains("\"error\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Reasoning_has_one_name_in_each_of_many_answers()
    {
        var choices = Enumerable.Range(0, 12).Select(i => $$$"""{"index":{{{i}}},"message":{"role":"assistant","content":"{{{i}}}","{{{(i % 2 == 0 ? "reasoning" : "reasoning_content")}}}":"because"},"finish_reason":"stop"}""");
        await using var engine = await StartAsync(Json($$"""{"id":"x","object":"chat.completion","created":1,"choices":[{{string.Join(',', choices)}}],"model":"upstream-model"}"""));
        await using var world = await GatewayWorld.StartAsync(engine, "--Gateway:ReasoningField=reasoning_content");
        using var response = await world.PostAsync(GatewayWorld.Chat(more: ",\"n\":12"));
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("m", answer.RootElement.GetProperty("model").GetString());
        Assert.All(answer.RootElement.GetProperty("choices").EnumerateArray(), choice =>
        {
            Assert.Equal("because", choice.GetProperty("message").GetProperty("reasoning_content").GetString());
            Assert.False(choice.GetProperty("message").TryGetProperty("reasoning", out _));
        });
    }

    private static string Of(int index, string content, string? finish = null) =>
        $$$"""data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"upstream-model","choices":[{"index":{{{index}}},"delta":{"content":"{{{content}}}"},"logprobs":{"content":[{"token":"{{{content}}}","logprob":-0.5,"bytes":null,"top_logprobs":[]}]},"finish_reason":{{{(finish is null ? "null" : $"\"{finish}\"")}}}}]}"""
        + "\n\n";
}
