using System.Net;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway.Sending;

/// <summary>A prompt that is longer than a model's context, as each engine says it: another model is asked, the same one nowhere else.</summary>
public sealed class ContextOverflowTests
{
    /// <summary>What the servers write.</summary>
    public static TheoryData<string, int, string> Refusals => new()
    {
        { "openai", 400, """{"error":{"message":"This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. Please reduce the length of the messages.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}""" },
        { "vllm", 400, """{"error":{"message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4900 in the messages, 100 in the completion). Please reduce the length of the messages or completion.","type":"BadRequestError","param":null,"code":400}}""" },
        { "vllm", 400, """{"object":"error","message":"The decoder prompt (length 5000) is longer than the maximum model length of 4096. Make sure that `max_model_len` is no smaller than the number of text tokens.","type":"BadRequestError","param":null,"code":400}""" },
        { "openai", 400, """{"object":"error","message":"The input (9000 tokens) is longer than the model's context length (8192 tokens).","type":"BadRequestError","param":null,"code":400}""" },
        { "openai", 400, """{"object":"error","message":"Requested token count exceeds the model's maximum context length of 8192 tokens. You requested a total of 9000 tokens: 8000 tokens from the input messages and 1000 tokens for the completion.","type":"BadRequestError","param":null,"code":400}""" },
        { "openai", 422, """{"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens and 512 `max_new_tokens`","error_type":"validation"}""" },
        { "openai", 400, """{"error":{"code":400,"message":"request (9412 tokens) exceeds the available context size (8192 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":9412,"n_ctx":8192}}""" },
        { "anthropic", 400, """{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}""" },
        { "anthropic", 400, """{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 199000 + 8000 > 200000, decrease input length or `max_tokens` and try again"}}""" },
        { "gemini", 400, """[{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}]""" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Another_model_is_asked_and_no_other_endpoint_of_the_same(string engine, int status, string body)
    {
        await using var small = await ScriptedEngine.StartAsync(Json(body, status));
        await using var large = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync(engine, small, large);
        for (var i = 1; i <= 4; i++)
        {
            using var response = await world.PostAsync("""{"models":["small","large"],"max_tokens":10,"messages":[{"role":"user","content":"Hi"}]}""");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal((i, i), (small.Requests.Count, large.Requests.Count)); // Nor is it held against the engine.
        }
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task When_none_takes_it_the_code_says_why(string engine, int status, string body)
    {
        await using var small = await ScriptedEngine.StartAsync(Json(body, status));
        await using var large = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync(engine, small, large);
        foreach (var wish in (string[])["\"model\":\"small\"", "\"models\":[\"small\",\"large\"],\"routing\":{\"fallback\":false}"])
        {
            using var response = await world.PostAsync($$"""{{{wish}},"max_tokens":10,"messages":[{"role":"user","content":"Hi"}]}""");
            var error = await ErrorBody.ReadAsync(response);
            Assert.Equal((status, "context_length_exceeded"), (error.Status, error.Code));
            Assert.Null(response.Headers.RetryAfter);
        }

        Assert.Equal((2, 0), (small.Requests.Count, large.Requests.Count));
        await Eventually.Holds(() => world.Catalogue.Usage.Count == 2);
        Assert.All(world.Catalogue.Usage, used => Assert.Equal(UsageOutcomes.Refused, used.Outcome));
    }

    /// <summary>The small model has two endpoints, of which one would do.</summary>
    private static Task<GatewayWorld> StartAsync(string engine, ScriptedEngine small, ScriptedEngine large) => GatewayWorld.StartAsync(
        GatewayWorld.Document() with
        {
            Providers =
            [
                GatewayWorld.Provider("p1", small.Url, small.Url.Replace("127.0.0.1", "localhost", StringComparison.Ordinal)) with { Engine = engine, Auth = new ProviderAuth { Type = AuthTypes.None } },
                GatewayWorld.Provider("p2", large.Url),
            ],
            Models = [GatewayWorld.Model("small", ModelTypes.Chat, "p1"), GatewayWorld.Model("large", ModelTypes.Chat, "p2")],
        },
        "--Gateway:MaxAttempts=2");
}
