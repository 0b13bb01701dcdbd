using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway.Messages;

/// <summary><c>POST /v1/messages/count_tokens</c>: who is asked, and what is answered where nobody can be.</summary>
public sealed class CountTokensTests
{
    private const string Path = "/v1/messages/count_tokens";
    private const string Question = """{"model":"m","system":"Be brief.","tools":[{"name":"a","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"How many tokens are these words?"}]}""";

    /// <summary>vLLM's answer of <c>/tokenize</c>, as <c>vllm/entrypoints/openai/protocol.py</c> has it.</summary>
    [Fact]
    public async Task Vllm_is_asked_for_the_whole_prompt()
    {
        await using var engine = await StartAsync(Json("""{"count":42,"max_model_len":32768,"tokens":[1,2,3],"token_strs":null}"""));
        await using var world = await GatewayWorld.StartAsync(engine);
        Assert.Equal(("""{"input_tokens":42}""", false), await CountAsync(world));
        Assert.Equal("/tokenize", engine.Last.Path);
        Assert.Equal(
            """{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"How many tokens are these words?"}],"model":"upstream-model","tools":[{"type":"function","function":{"name":"a","parameters":{"type":"object"}}}]}""",
            engine.Last.Body);
        var used = await world.OnlyUsageAsync();
        Assert.Equal(("count_tokens", 0, 0, UsageOutcomes.Completed), (used.Operation, used.PromptTokens, used.CompletionTokens, used.Outcome));
    }

    [Fact]
    public async Task Anthropic_gets_the_question_as_it_is()
    {
        await using var engine = await StartAsync(Json("""{"input_tokens":14}"""));
        await using var world = await GatewayWorld.StartAsync(AnthropicEngine.Document(engine.Url));
        Assert.Equal(("""{"input_tokens":14}""", false), await CountAsync(world));
        Assert.Equal(("/v1/messages/count_tokens", Question.Replace("\"m\"", "\"upstream-model\"", StringComparison.Ordinal)), (engine.Last.Path, engine.Last.Body));
        Assert.Equal(0, (await world.OnlyUsageAsync()).CompletionTokens);
    }

    /// <summary>Nobody can be asked, or nobody answers what can be understood: it is estimated, and the answer says so.</summary>
    [Theory]
    [InlineData("openai", Engines.OpenAi, 200, "{}", 0)]
    [InlineData("gemini", Engines.Gemini, 200, "{}", 0)]
    [InlineData("azure-openai", Engines.AzureOpenAi, 200, "{}", 0)]
    [InlineData("self_hosted", Engines.Transformers, 200, "{}", 0)]
    [InlineData("self_hosted", Engines.Vllm, 404, """{"detail":"Not Found"}""", 1)]
    [InlineData("self_hosted", Engines.Vllm, 200, """{"tokens":[]}""", 1)]
    [InlineData("self_hosted", Engines.Vllm, 200, "nonsense", 1)]
    public async Task Elsewhere_it_is_estimated(string vendor, string name, int status, string answer, int asked)
    {
        await using var engine = await StartAsync(Json(answer, status));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with { Provider = vendor, Engine = name }));
        var (told, isEstimated) = await CountAsync(world);
        Assert.True(isEstimated);
        Assert.InRange(System.Text.Json.JsonDocument.Parse(told).RootElement.GetProperty("input_tokens").GetInt64(), 20, 250);
        Assert.Equal(asked, engine.Requests.Count);
        Assert.Equal((UsageOutcomes.Completed, 200), (await world.OnlyUsageAsync()) is var used ? (used.Outcome, used.Status) : default);
    }

    /// <summary>It is one request to a key's limits, and no tokens.</summary>
    [Fact]
    public async Task A_count_uses_requests_and_no_tokens()
    {
        await using var engine = await StartAsync(Json("""{"count":42}"""));
        var limits = new Limits { Requests = [new WindowLimit { Count = 2, Per = new Duration(TimeSpan.FromHours(1)) }], Tokens = [new WindowLimit { Count = 5, Per = new Duration(TimeSpan.FromHours(1)) }] };
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(engine) with { Keys = [GatewayWorld.AccessKey() with { Limits = limits }] });
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(("""{"input_tokens":42}""", false), await CountAsync(world));
        }

        using var third = await world.PostAsync(Question, Path);
        Assert.Equal(429, (int)third.StatusCode);
    }

    private static async Task<(string Told, bool IsEstimated)> CountAsync(GatewayWorld world)
    {
        using var response = await world.PostAsync(Question, Path);
        var told = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, told);
        return (told, response.Headers.Contains("X-Orrery-Estimated"));
    }
}
