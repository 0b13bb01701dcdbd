using System.Net;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;

namespace Orrery.Tests.Gateway;

/// <summary>Engines' own paths: those that are listed, for the keys that may, and no other.</summary>
public sealed class PassThroughTests
{
    private const string Plain = "ork_0000000000000000000000000000000000000003";

    /// <summary>vLLM 0.11, <c>vllm/entrypoints/openai/protocol.py</c>: <c>TokenizeResponse</c>.</summary>
    private const string Tokens = """{"count":2,"max_model_len":4096,"tokens":[9707,1879],"token_strs":null}""";

    [Theory]
    [InlineData("/tokenize", "m", "\"prompt\":\"Hello world\"", Tokens)]
    [InlineData("/v1/pooling", "embed", "\"input\":\"x\"", """{"id":"pool-1","object":"list","created":1,"model":"upstream-model","data":[{"index":0,"object":"pooling","data":[0.5]}],"usage":{"prompt_tokens":2,"total_tokens":2}}""")]
    [InlineData("/embed", "embed", "\"inputs\":\"x\"", "[[0.5,0.25]]")]
    public async Task A_listed_path_goes_to_the_servers_root_and_back(string path, string model, string input, string answer)
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(answer));
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync($$"""{"model":"{{model}}",{{input}}}""", path, request => request.Headers.Add("Cookie", "a=b"));
        Assert.Equal(answer.Replace("upstream-model", model, StringComparison.Ordinal), await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal((path, $$"""{"model":"upstream-model",{{input}}}"""), (engine.Last.Path, engine.Last.Body));
        Assert.False(engine.Last.Headers.ContainsKey("Authorization") || engine.Last.Headers.ContainsKey("Cookie"));
        var used = await world.OnlyUsageAsync();
        Assert.Equal(("pass_through", model, path == "/v1/pooling" ? 2 : 0), (used.Operation, used.Model, used.PromptTokens));
    }

    /// <remarks>SGLang's <c>/generate</c>, TGI's <c>/generate_stream</c>: each has its own kind of event, so none is looked into.</remarks>
    [Fact]
    public async Task Events_are_passed_on_as_bytes()
    {
        const string events = "data:{\"token\":{\"text\":\"Hi\"},\"generated_text\":null}\n\ndata:{\"token\":{\"text\":\"!\"},\"generated_text\":\"Hi!\"}\n\n";
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Sse([events]));
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync("""{"model":"m","inputs":"Hello","stream":true}""", "/generate");
        Assert.Equal((events, "text/event-stream"), (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response.Content.Headers.ContentType?.ToString()));
    }

    [Theory]
    [InlineData(201, "application/json", """{"id":"job-1"}""")]
    [InlineData(202, "text/plain; charset=utf-8", "queued")]
    [InlineData(204, null, "")]
    public async Task Whatever_succeeds_there_succeeds_here(int status, string? type, string body)
    {
        await using var engine = await ScriptedEngine.StartAsync(http =>
        {
            (http.Response.StatusCode, http.Response.ContentType) = (status, type);
            return body.Length == 0 ? Task.CompletedTask : http.Response.WriteAsync(body);
        });
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync("""{"model":"m","inputs":"Hello"}""", "/generate");
        Assert.Equal(
            (status, type, body),
            ((int)response.StatusCode, response.Content.Headers.ContentType?.ToString(), await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        Assert.Equal((status, UsageOutcomes.Completed), ((await world.OnlyUsageAsync()).Status, (await world.OnlyUsageAsync()).Outcome));
    }

    [Theory]
    [InlineData(Plain, "POST", "/tokenize", "m", 403, "pass_through_not_allowed", "The access key 'plain' may not call /tokenize, which goes to the engine as it is. An operator sets its passThrough.")]
    [InlineData("ork_x", "POST", "/tokenize", "m", 401, "invalid_api_key", "The access key 'ork_...' is unknown, disabled or deleted.")]
    [InlineData(GatewayWorld.Key, "POST", "/tokenize", "other", 404, "unknown_url", "No provider of the model 'other' lets /tokenize through. An operator lists it in the passThrough of a ModelProvider.")]
    [InlineData(GatewayWorld.Key, "POST", "/tokenize", "nobody", 404, "model_not_found", "The model 'nobody' does not exist here. GET /v1/models lists what this key may call.")]
    [InlineData(GatewayWorld.Key, "GET", "/tokenize", "m", 405, "method_not_allowed", "/tokenize takes POST, not GET.")]
    [InlineData(GatewayWorld.Key, "POST", "/detokenize", "m", 404, "unknown_url", null)]
    [InlineData(GatewayWorld.Key, "POST", "/tokenize/", "m", 404, "unknown_url", null)]
    [InlineData(GatewayWorld.Key, "POST", "/Tokenize", "m", 404, "unknown_url", null)]
    [InlineData(GatewayWorld.Key, "POST", "/tokenize%2f..%2fsleep", "m", 404, "unknown_url", null)]
    [InlineData(GatewayWorld.Key, "POST", "/sleep", "m", 404, "unknown_url", null)]
    [InlineData(GatewayWorld.Key, "POST", "/v1/load_lora_adapter", "m", 404, "unknown_url", null)]
    public async Task All_else_stays_closed(string key, string method, string path, string model, int status, string code, string? message)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync(engine);
        world.Client.DefaultRequestHeaders.Remove("Authorization");
        using var response = await world.PostAsync($$"""{"model":"{{model}}","prompt":"x"}""", path, request =>
        {
            request.Method = new HttpMethod(method);
            request.Headers.Add("Authorization", "Bearer " + key);
        });
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((status, code, message ?? error.Message), (error.Status, error.Code, error.Message));
        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task A_query_stays_here()
    {
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            Assert.False(http.Request.QueryString.HasValue);
            await http.Response.WriteAsJsonAsync(new { count = 0 });
        });
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync("""{"model":"m","prompt":"x"}""", "/tokenize?adapter=x");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    /// <remarks>The snapshot comes from a catalogue that checks; one that did not must open nothing all the same.</remarks>
    private static Task<GatewayWorld> StartAsync(ScriptedEngine engine)
    {
        var open = GatewayWorld.Provider("p1", engine.Url) with { PassThrough = ["/tokenize", "/v1/pooling", "/embed", "/generate", "/sleep", "/v1/load_lora_adapter"] };
        var document = GatewayWorld.Document(open, GatewayWorld.Provider("p2", engine.Url));
        return GatewayWorld.StartAsync(document with
        {
            Models = [.. document.Models, GatewayWorld.Model("other", ModelTypes.Chat, "p2")],
            Keys = [GatewayWorld.AccessKey() with { PassThrough = true }, GatewayWorld.AccessKey(Plain, "plain")],
        });
    }
}
