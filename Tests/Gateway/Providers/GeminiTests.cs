using System.Net;
using System.Text.Json;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway.Providers;

/// <summary>Google's Gemini API in its form for OpenAI's clients.</summary>
public sealed class GeminiTests
{
    [Theory]
    [InlineData("/v1/chat/completions", "m", "/v1beta/openai/chat/completions")]
    [InlineData("/v1/embeddings", "embed", "/v1beta/openai/embeddings")]
    public async Task Its_paths_are_asked_with_a_bearer_key_and_answers_have_the_public_id(string asked, string model, string expected)
    {
        await using var engine = await StartAsync(Json(model == "m" ? GeminiEngine.Answer : GeminiEngine.Embedding));
        await using var world = await WorldOf(engine);
        using var response = await world.PostAsync(model == "m" ? GatewayWorld.Chat() : """{"model":"embed","input":"x"}""", asked);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal((expected, "Bearer " + GeminiEngine.Key), (engine.Last.Path, engine.Last.Headers["Authorization"]));
        Assert.Equal(model, JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("model").GetString());
    }

    [Fact]
    public async Task Thoughts_that_are_in_the_sum_alone_are_counted_as_answered()
    {
        await using var engine = await StartAsync(Json(GeminiEngine.Answer));
        await using var world = await WorldOf(engine);
        using var response = await world.PostAsync(GatewayWorld.Chat());
        var used = await world.OnlyUsageAsync();
        Assert.Equal((20, 603), (used.PromptTokens, used.CompletionTokens));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Usage_of_every_chunk_becomes_one_at_the_end_for_those_who_asked(bool wantsUsage)
    {
        await using var engine = await StartAsync(Sse(GeminiEngine.Stream("Hel", "lo", "!")));
        await using var world = await WorldOf(engine);
        using var response = await world.PostAsync(GatewayWorld.StreamChat(wantsUsage ? ""","stream_options":{"include_usage":true}""" : ""));
        var lines = (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", lines[^1]);
        var chunks = lines[..^1].Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement).ToList();
        Assert.All(chunks, chunk => Assert.Equal(("m", "abcDEF"), (chunk.GetProperty("model").GetString(), chunk.GetProperty("id").GetString())));
        Assert.Equal("Hello!", string.Concat(chunks.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray()).Select(choice => choice.GetProperty("delta").GetProperty("content").GetString())));
        var withUsage = chunks.Where(chunk => chunk.TryGetProperty("usage", out _)).ToList();
        Assert.Equal(wantsUsage ? 1 : 0, withUsage.Count);
        if (wantsUsage)
        {
            Assert.Equal(0, chunks[^1].GetProperty("choices").GetArrayLength());
            Assert.Equal(28, chunks[^1].GetProperty("usage").GetProperty("total_tokens").GetInt32());
        }

        var used = await world.OnlyUsageAsync();
        Assert.Equal((20, 8, false), (used.PromptTokens, used.CompletionTokens, used.Estimated));
    }

    [Fact]
    public async Task A_stream_without_its_end_mark_is_whole_with_a_finish_reason_and_has_its_usage()
    {
        await using var engine = await StartAsync(Sse(GeminiEngine.Stream("Hi")[..^1]));
        await using var world = await WorldOf(engine);
        using var response = await world.PostAsync(GatewayWorld.StreamChat(""","stream_options":{"include_usage":true}"""));
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.EndsWith(Done, text);
        Assert.Contains("\"choices\":[]", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, GeminiEngine.Unknown, 400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name \"reasoning\": Cannot find field.", null)]
    [InlineData(400, GeminiEngine.BadKey, 502, "upstream_credential_refused", "The provider 'p1' refused our credential (401). Your access key is fine; an operator must renew the provider's.", null)]
    [InlineData(429, GeminiEngine.Exhausted, 429, "rate_limit_exceeded", "The provider 'p1' takes no more requests now: You exceeded your current quota, please check your plan and billing details.", "34")]
    [InlineData(503, GeminiEngine.Overloaded, 503, "upstream_unavailable", "The provider 'p1' is not available: The model is overloaded. Please try again later.", "1")]
    [InlineData(200, GeminiEngine.Overloaded, 503, "upstream_unavailable", "The provider 'p1' is not available: The model is overloaded. Please try again later.", "1")]
    public async Task Its_errors_which_are_lists_keep_their_meaning(int status, string body, int expected, string code, string message, string? retryAfter)
    {
        foreach (var request in new[] { GatewayWorld.Chat(), GatewayWorld.StreamChat() })
        {
            await using var engine = await StartAsync(Json(body, status)); // One each: who says how long it wants to be left alone is.
            await using var world = await WorldOf(engine);
            using var response = await world.PostAsync(request);
            var error = await ErrorBody.ReadAsync(response);
            Assert.Equal((expected, code, message), (error.Status, error.Code, error.Message));
            Assert.Equal(retryAfter, response.Headers.TryGetValues("Retry-After", out var values) ? values.Single() : null);
        }
    }

    [Fact]
    public async Task An_error_inside_a_stream_is_told_as_one()
    {
        await using var engine = await StartAsync(Sse([GeminiEngine.Stream("Hel", "lo")[0], "data: " + GeminiEngine.Overloaded + "\n\n"]));
        await using var world = await WorldOf(engine);
        using var response = await world.PostAsync(GatewayWorld.StreamChat(), stream: true);
        var text = await CutAnswer.ReadAsync(response);
        Assert.Contains("The model is overloaded. Please try again later.", text, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_several_keys_a_bad_one_is_set_aside_although_it_is_answered_with_400_and_a_throttled_one_waits_as_told()
    {
        await using var engine = await StartAsync(Vendor.ByKey(key => key switch
        {
            "AIza-bad" => Json(GeminiEngine.BadKey, 400),
            "AIza-busy" => Json(GeminiEngine.Exhausted, 429),
            _ => Json(GeminiEngine.Answer),
        }));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GeminiEngine.Provider("p1", engine.Address + "/v1beta/openai", "AIza-bad", "AIza-busy", "AIza-good")));
        for (var i = 0; i < 4; i++)
        {
            using var response = await world.PostAsync(GatewayWorld.Chat());
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal(6, engine.Requests.Count);
        var (keys, _) = await Vendor.ExplainAsync(world);
        Assert.Matches(@"^1 \(keys/k1\): refused for .* \(401\)$", keys[0]);
        Assert.Matches(@"^2 \(keys/k2\): cooling for 3\d\.\d s more \(429\)$", keys[1]);
    }

    private static Task<ScriptedEngine> StartAsync(Microsoft.AspNetCore.Http.RequestDelegate answer) => ScriptedEngine.StartAsync(GeminiEngine.Serves(answer));

    private static Task<GatewayWorld> WorldOf(ScriptedEngine engine) => GatewayWorld.StartAsync(GatewayWorld.Document(GeminiEngine.Provider("p1", engine.Address + "/v1beta/openai")));
}
