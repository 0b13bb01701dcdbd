using System.Net;
using System.Text;
using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Tests.Gateway;

/// <summary>Clients that mean well and do it otherwise: none of it may cost an engine its good name.</summary>
public sealed class ClumsyClientTests
{
    private const string Vectors = """{"object":"list","data":[{"object":"embedding","embedding":"AACAPwAAAEA=","index":0}],"model":"upstream-model","usage":{"prompt_tokens":8,"total_tokens":8}}""";

    /// <remarks>vLLM 0.11's embeddings, rerank and score pass a <c>stream</c> over: their requests have no such field, and their models allow others.</remarks>
    [Theory]
    [InlineData("/v1/embeddings", "\"input\":\"x\"")]
    [InlineData("/v1/rerank", "\"documents\":[\"x\"]")]
    [InlineData("/v1/score", "\"text_1\":\"x\"")]
    public async Task A_stream_asked_of_what_has_none_is_passed_over(string path, string input)
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(Vectors));
        await using var world = await GatewayWorld.StartAsync(engine);
        for (var i = 0; i < 6; i++)
        {
            using var response = await world.PostAsync($$$"""{"model":"embed",{{{input}}},"stream":true,"stream_options":{"include_usage":true}}""", path);
            Assert.Equal((HttpStatusCode.OK, Vectors.Replace("upstream-model", "embed", StringComparison.Ordinal)), (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        }

        Assert.Equal($$$"""{"model":"upstream-model",{{{input}}},"stream":true,"stream_options":{"include_usage":true}}""", engine.Last.Body);
        Assert.Equal("healthy", await HealthAsync(world));
    }

    /// <remarks>OpenAI's Python client asks for base64 unless it is told otherwise.</remarks>
    [Theory]
    [InlineData("\"input\":\"x\",\"encoding_format\":\"base64\",\"dimensions\":2")]
    [InlineData("\"input\":[[1,2],[3]],\"encoding_format\":\"base64\"")]
    public async Task Vectors_in_base64_arrive_as_sent(string input)
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(Vectors));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync($$"""{"model":"embed",{{input}}}""", "/v1/embeddings");
        Assert.Equal(Vectors.Replace("upstream-model", "embed", StringComparison.Ordinal), await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal($$"""{"model":"upstream-model",{{input}}}""", engine.Last.Body);
        Assert.Equal((8, false), ((await world.OnlyUsageAsync()).PromptTokens, (await world.OnlyUsageAsync()).Estimated));
    }

    [Theory]
    [InlineData("tracestate", "vendor=é")]
    [InlineData("tracestate", "vendor=\u0001")]
    [InlineData("tracestate", "")]
    [InlineData("traceparent", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-é")]
    [InlineData("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-é")]
    [InlineData("X-Orrery-Tags", "é, \u4e2d")]
    [InlineData("X-Orrery-Session", "é")]
    [InlineData("X-Orrery-Fault", "é")]
    [InlineData("X-Orrery-Explain", "é")]
    [InlineData("x-request-id", "é")]
    public async Task A_header_that_no_engine_takes_is_not_passed_on(string name, string value)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with { Simulated = true }));
        for (var i = 0; i < 6; i++)
        {
            var status = await RawAsync(world, "POST", "/v1/chat/completions", GatewayWorld.Chat(), $"{name}: {value}\r\n");
            Assert.StartsWith("HTTP/1.1 200 ", status, StringComparison.Ordinal);
        }

        Assert.Equal("healthy", await HealthAsync(world));
    }

    [Theory]
    [InlineData("/v1/chat/completions/", 200)]
    [InlineData("/V1/Chat/Completions", 200)]
    [InlineData("/v1/chat/completions?api-version=1&x=%ff", 200)]
    [InlineData("/v1/./chat/completions", 200)]
    [InlineData("/v1/x/../chat/completions", 200)]
    [InlineData("/v1%2Fchat/completions", 404)]
    [InlineData("//v1/chat/completions", 404)]
    [InlineData("/v1/v1/chat/completions", 404)]
    [InlineData("/chat/completions", 404)]
    [InlineData("/v1", 404)]
    [InlineData("/v1/", 404)]
    [InlineData("/api/v1/ai", 404)]
    [InlineData("/v1/chat", 404)]
    [InlineData("/api/v1/ai/v1/chat/completions", 404)]
    [InlineData("/v1/assistants", 404)]
    [InlineData("/v1/moderations", 404)]
    [InlineData("/v1/files", 404)]
    public async Task Paths_in_other_words(string path, int status)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        var answer = await RawAsync(world, "POST", path, GatewayWorld.Chat(), "");
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Equal(status == 404, answer.Contains("\"code\":\"unknown_url\"", StringComparison.Ordinal));
        Assert.Equal(status == 200 ? 1 : 0, engine.Requests.Count);
    }

    [Theory]
    [InlineData("HEAD", "/v1/chat/completions", 405, "POST")]
    [InlineData("OPTIONS", "/v1/chat/completions", 405, "POST")]
    [InlineData("PATCH", "/api/v1/ai/embeddings", 405, "POST")]
    [InlineData("HEAD", "/v1/models", 405, "GET")]
    [InlineData("OPTIONS", "/v1/models", 405, "GET")]
    [InlineData("HEAD", "/v1/nothing", 404, null)]
    [InlineData("OPTIONS", "/v1/nothing", 404, null)]
    [InlineData("GET", "/v1/audio/transcriptions", 405, "POST")]
    [InlineData("POST", "/v1/models", 405, "GET")]
    [InlineData("BREW", "/v1/rerank", 405, "POST")]
    public async Task Other_methods_are_answered_with_those_that_are_right(string method, string path, int status, string? allow)
    {
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document());
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await world.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((status, allow), ((int)response.StatusCode, response.Content.Headers.Allow.SingleOrDefault()));
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(method == "HEAD", body.Length == 0);
    }

    [Theory]
    [InlineData("/v1/models/")]
    [InlineData("/api/v1/ai/models/")]
    [InlineData("/V1/MODELS?limit=1")]
    public async Task The_list_of_models_is_found_with_a_slash_too(string path)
    {
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document());
        using var list = JsonDocument.Parse(await world.Client.GetStringAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal(2, list.RootElement.GetProperty("data").GetArrayLength());
    }

    /// <remarks>"application/json" is what a body is read as; its parameters and its case change nothing. curl -d says it is a form.</remarks>
    [Theory]
    [InlineData("application/json", 200)]
    [InlineData("Application/JSON ; charset=UTF-8", 200)]
    [InlineData("application/x-www-form-urlencoded", 415)]
    [InlineData("multipart/form-data; boundary=x", 415)]
    [InlineData("application/jsonp", 415)]
    [InlineData("application/json/", 415)]
    [InlineData("", 415)]
    public async Task Content_types(string type, int status)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        var answer = await RawAsync(world, "POST", "/v1/chat/completions", GatewayWorld.Chat(), "", type);
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Equal(status == 415, answer.Contains("expected application/json.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\ufeff", 400, "line 1, position 1")]
    [InlineData("\r\n\t ", 200, null)]
    public async Task What_stands_before_the_body(string before, int status, string? place)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(before + GatewayWorld.Chat());
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(place ?? "Hello", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_body_and_a_long_answer_pass_whole()
    {
        var words = new string('x', 20 << 20);
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(ScriptedEngine.Answer.Replace("Hello", words, StringComparison.Ordinal)));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.Chat(more: $",\"x\":\"{words}\""));
        Assert.Equal(ScriptedEngine.Answer.Length - "Hello".Length + words.Length - "upstream-model".Length + "m".Length, (await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length);
        Assert.Equal(GatewayWorld.Chat("upstream-model", $",\"x\":\"{words}\"").Length, engine.Last.Body.Length);
    }

    [Fact]
    public async Task An_engine_that_names_no_known_type_of_sound_is_heard_all_the_same()
    {
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            http.Response.Headers.ContentType = "audio/\u00e9";
            await http.Response.Body.WriteAsync("OggS"u8.ToArray());
        }, headerEncoding: Encoding.Latin1);
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(engine) with { Models = [GatewayWorld.Model("voice", ModelTypes.TextToSpeech, "p1")] });
        using var response = await world.PostAsync("""{"model":"voice","input":"x"}""", "/v1/audio/speech");
        Assert.Equal(("OggS", "application/octet-stream"), (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response.Content.Headers.ContentType?.MediaType));
    }

    private static async Task<string?> HealthAsync(GatewayWorld world)
    {
        using var response = await world.PostAsync(GatewayWorld.Chat(), change: request => request.Headers.Add("X-Orrery-Explain", "1"));
        using var plan = JsonDocument.Parse(response.Headers.GetValues("X-Orrery-Explain").Single());
        return plan.RootElement.GetProperty("candidates")[0].GetProperty("endpoints")[0].GetProperty("health").GetString();
    }

    /// <summary>A request that no client library would write.</summary>
    private static async Task<string> RawAsync(GatewayWorld world, string method, string path, string body, string headers, string contentType = "application/json")
    {
        var address = new Uri(world.Address);
        using var socket = new System.Net.Sockets.TcpClient(address.Host, address.Port);
        var type = contentType.Length > 0 ? $"Content-Type: {contentType}\r\n" : "";
        var head = $"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {GatewayWorld.Key}\r\n{type}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{headers}\r\n";
        await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(head + body), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(socket.GetStream(), Encoding.UTF8);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
