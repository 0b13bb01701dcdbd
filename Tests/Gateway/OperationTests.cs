using System.Net;
using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Tests.Gateway;

/// <summary>The endpoints beside chat: pictures, rerankers, scores and speech.</summary>
public sealed class OperationTests
{
    /// <summary>vLLM 0.15, <c>vllm/entrypoints/pooling/score/protocol.py</c>: <c>RerankResponse</c>.</summary>
    private const string Reranked = """{"id":"rerank-1","model":"upstream-model","usage":{"prompt_tokens":11,"total_tokens":11},"results":[{"index":1,"document":{"text":"b","multi_modal":null},"relevance_score":0.9}]}""";

    /// <summary>vLLM 0.15, the same file: <c>ScoreResponse</c>.</summary>
    private const string Scored = """{"id":"score-1","object":"list","created":1,"model":"upstream-model","data":[{"index":0,"object":"score","score":0.5}],"usage":{"prompt_tokens":9,"total_tokens":9,"completion_tokens":0,"prompt_tokens_details":null}}""";

    /// <summary>OpenAI's <c>ImagesResponse</c>, as its API document shows it.</summary>
    private const string Pictured = """{"created":1,"data":[{"b64_json":"iVBORw0KGgo="}],"usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}""";

    [Theory]
    [InlineData("/v1/images/generations", "picture", "\"prompt\":\"a cat\",\"n\":2", "/v1/images/generations", "image_generation", Pictured, 50, 50)]
    [InlineData("/v1/generations/images", "picture", "\"prompt\":\"a cat\"", "/v1/images/generations", "image_generation", Pictured, 50, 50)]
    [InlineData("/api/v1/ai/images/generations", "picture", "\"prompt\":\"a cat\"", "/v1/images/generations", "image_generation", Pictured, 50, 50)]
    [InlineData("/api/v1/ai/generations/images", "picture", "\"prompt\":\"a cat\"", "/v1/images/generations", "image_generation", Pictured, 50, 50)]
    [InlineData("/v1/rerank", "embed", "\"query\":\"q\",\"documents\":[\"a\",\"b\"],\"top_n\":1", "/v1/rerank", "rerank", Reranked, 11, 0)]
    [InlineData("/rerank", "embed", "\"query\":\"q\",\"documents\":{\"content\":[]}", "/v1/rerank", "rerank", Reranked, 11, 0)]
    [InlineData("/v2/rerank", "embed", "\"query\":\"q\",\"documents\":[{\"text\":\"a\"}]", "/v1/rerank", "rerank", Reranked, 11, 0)]
    [InlineData("/api/v1/ai/rerank", "embed", "\"query\":\"q\",\"documents\":[\"a\",\"b\"]", "/v1/rerank", "rerank", Reranked, 11, 0)]
    [InlineData("/v1/score", "embed", "\"text_1\":\"a\",\"text_2\":[\"b\"]", "/v1/score", "score", Scored, 9, 0)]
    [InlineData("/score", "embed", "\"queries\":\"a\",\"documents\":[\"b\"]", "/v1/score", "score", Scored, 9, 0)]
    [InlineData("/api/v1/ai/score", "embed", "\"data_1\":\"a\",\"data_2\":\"b\"", "/v1/score", "score", Scored, 9, 0)]
    public async Task A_JSON_operation_goes_out_and_comes_back_with_the_ids_exchanged(
        string path, string model, string input, string upstreamPath, string operation, string answer, long prompt, long completion)
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(answer));
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync($$"""{"model":"{{model}}",{{input}}}""", path);
        Assert.Equal(answer.Replace("upstream-model", model, StringComparison.Ordinal), await Text(response));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal((upstreamPath, $$"""{"model":"upstream-model",{{input}}}"""), (engine.Last.Path, engine.Last.Body));
        var used = await world.OnlyUsageAsync();
        Assert.Equal((operation, model, prompt, completion, UsageOutcomes.Completed), (used.Operation, used.Model, used.PromptTokens, used.CompletionTokens, used.Outcome));
    }

    [Theory]
    [InlineData("""{"error":{"message":"Not Found","type":"NotFoundError","param":null,"code":404}}""", "NotFoundError")] // vLLM
    [InlineData("""{"detail":"Not Found"}""", "invalid_request_error")] // FastAPI
    [InlineData("404 page not found", "invalid_request_error")] // Go's net/http
    [InlineData("<html><h1>Not Found</h1></html>", "invalid_request_error")]
    [InlineData("", "invalid_request_error")]
    public async Task An_engine_without_the_path_is_named_with_it(string answer, string type)
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(answer, status: 404));
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync("""{"model":"embed","query":"q","documents":["a"]}""", "/rerank");
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((404, type, "unsupported_operation"), (error.Status, error.Type, error.Code));
        Assert.Equal(
            $"The server of the provider 'p1' (engine {Engines.Vllm}) has no /v1/rerank: it answers 404. Use a model of a provider whose server has it.", error.Message);
    }

    [Fact]
    public async Task An_engine_that_says_what_is_not_there_is_quoted()
    {
        const string Said = "The model `embed` does not exist.";
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json("{\"error\":{\"message\":\"" + Said + "\",\"type\":\"NotFoundError\",\"param\":\"model\",\"code\":404}}", status: 404));
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync("""{"model":"embed","query":"q","documents":["a"]}""", "/v1/rerank");
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((404, Said, null), (error.Status, error.Message, error.Code));
    }

    [Theory]
    [InlineData("/v1/images/generations", "{\"model\":\"picture\"}", "prompt", "'prompt' is missing; expected a string.")]
    [InlineData("/v1/images/generations", "{\"model\":\"picture\",\"prompt\":[\"x\"]}", "prompt", "'prompt' is an array; expected a string.")]
    [InlineData("/v1/images/generations", "{\"model\":\"m\",\"prompt\":\"x\"}", "model", "The model 'm' is of type chat; /v1/images/generations takes image_generation models. Use /v1/chat/completions.")]
    [InlineData("/v1/rerank", "{\"model\":\"embed\",\"query\":\"x\"}", "documents", "'documents' is missing; expected an array.")]
    [InlineData("/v1/rerank", "{\"model\":\"embed\",\"documents\":\"x\"}", "documents", "'documents' is a string; expected an array.")]
    [InlineData("/v1/rerank", "{\"model\":\"m\",\"documents\":[\"x\"]}", "model", "The model 'm' is of type chat; /v1/rerank takes embedding models. Use /v1/chat/completions.")]
    [InlineData("/v1/score", "{\"model\":\"voice\"}", "model", "The model 'voice' is of type text_to_speech; /v1/score takes embedding models. Use /v1/audio/speech.")]
    [InlineData("/v1/audio/speech", "{\"model\":\"voice\",\"voice\":\"alto\"}", "input", "'input' is missing; expected a string.")]
    [InlineData("/v1/audio/speech", "{\"model\":\"voice\",\"input\":{}}", "input", "'input' is an object; expected a string.")]
    [InlineData("/v1/audio/speech", "{\"model\":\"picture\",\"input\":\"x\"}", "model", "The model 'picture' is of type image_generation; /v1/audio/speech takes text_to_speech models. Use /v1/images/generations.")]
    [InlineData("/v1/audio/speech", "{\"model\":\"film\",\"input\":\"x\"}", "model", "The model 'film' is of type video_generation; /v1/audio/speech takes text_to_speech models. Use /v1/videos.")]
    public async Task Each_says_what_it_needs(string path, string body, string param, string message)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync(body, path);
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((400, param, message), (error.Status, error.Param, error.Message));
        Assert.Empty(engine.Requests);
    }

    /// <remarks>OpenAI's API answers in chunks of no announced length, and its clients begin to play with the first.</remarks>
    [Fact]
    public async Task Speech_arrives_byte_by_byte_while_it_is_made()
    {
        var goOn = new TaskCompletionSource();
        byte[] first = [.. "ID3"u8, 0, 0xff, 0xfe], second = [.. "{\"error\":1}\r\n"u8, 0];
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            http.Response.ContentType = "audio/mpeg";
            await http.Response.Body.WriteAsync(first);
            await http.Response.Body.FlushAsync();
            await goOn.Task;
            await http.Response.Body.WriteAsync(second);
        });
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync(Speech, "/v1/audio/speech", stream: true);
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var heard = new byte[first.Length];
        await body.ReadExactlyAsync(heard, TestContext.Current.CancellationToken);
        Assert.Equal(first, heard);
        goOn.SetResult();
        using var rest = new MemoryStream();
        await body.CopyToAsync(rest, TestContext.Current.CancellationToken);
        Assert.Equal(second, rest.ToArray());
        Assert.Equal("audio/mpeg", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("p1", response.Headers.GetValues("X-Orrery-Provider").Single());
        Assert.Equal("""{"model":"upstream-model","input":"Hello","voice":"alto","response_format":"mp3","speed":1.5}""", engine.Last.Body);
        var used = await world.OnlyUsageAsync();
        Assert.Equal(("speech", 0, 0, false, UsageOutcomes.Completed), (used.Operation, used.PromptTokens, used.CompletionTokens, used.Estimated, used.Outcome));
        Assert.True(used.TimeToFirstTokenMs > 0);
    }

    [Fact]
    public async Task Speech_of_known_length_keeps_its_length_and_its_type()
    {
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            http.Response.ContentType = "audio/wav; codecs=1";
            http.Response.ContentLength = 200_000;
            await http.Response.Body.WriteAsync(new byte[200_000]);
        });
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync(Speech, "/api/v1/ai/audio/speech");
        Assert.Equal((200_000L, "audio/wav; codecs=1"), (response.Content.Headers.ContentLength!.Value, response.Content.Headers.GetValues("Content-Type").Single()));
        Assert.Equal(200_000, (await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length);
    }

    [Theory]
    [InlineData("""{"error":{"message":"unknown voice","type":"BadRequestError","param":"voice","code":400}}""", 400, 400, "unknown voice")]
    [InlineData("""{"detail":"unknown voice"}""", 422, 422, "unknown voice")]
    [InlineData("""{"error":{"message":"no voice is loaded","code":500}}""", 200, 502, "The provider 'p1' failed (500): no voice is loaded")]
    [InlineData("out of memory", 500, 502, "The provider 'p1' failed (500): out of memory")]
    public async Task An_engines_error_instead_of_speech_stays_an_error(string body, int status, int seen, string message)
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(body, status));
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync(Speech, "/v1/audio/speech");
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((seen, message), (error.Status, error.Message));
    }

    [Fact]
    public async Task Speech_that_fails_before_its_first_byte_comes_from_another_engine()
    {
        await using var broken = await ScriptedEngine.StartAsync(async http =>
        {
            http.Response.ContentType = "audio/mpeg";
            await http.Response.StartAsync();
            http.Abort();
        });
        await using var good = await ScriptedEngine.StartAsync(async http =>
        {
            http.Response.ContentType = "audio/ogg";
            await http.Response.Body.WriteAsync("OggS"u8.ToArray());
        });
        await using var world = await StartAsync(broken, good);
        using var response = await world.PostAsync(Speech, "/v1/audio/speech");
        Assert.Equal(("OggS", "audio/ogg", "p2"), (await Text(response), response.Content.Headers.ContentType?.MediaType, response.Headers.GetValues("X-Orrery-Provider").Single()));
    }

    [Fact]
    public async Task Speech_that_breaks_off_never_looks_whole()
    {
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            http.Response.ContentType = "audio/mpeg";
            await http.Response.Body.WriteAsync(new byte[1_000]);
            await http.Response.Body.FlushAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None); // An abort drops what is still queued.
            http.Abort();
        });
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync(Speech, "/v1/audio/speech", stream: true);
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(UsageOutcomes.UpstreamError, (await world.OnlyUsageAsync()).Outcome);
    }

    [Fact]
    public async Task A_listener_who_leaves_ends_the_engines_work()
    {
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            http.Response.ContentType = "audio/mpeg";
            while (true)
            {
                await http.Response.Body.WriteAsync(new byte[4_096], http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, http.RequestAborted);
            }
        });
        await using var world = await StartAsync(engine);
        using (await world.PostAsync(Speech, "/v1/audio/speech", stream: true))
        {
            // Left at once.
        }

        await Eventually.Holds(() => engine.Abandoned == 1);
        Assert.Equal(UsageOutcomes.ClientLeft, (await world.OnlyUsageAsync()).Outcome);
    }

    /// <remarks>OpenAI's API: <c>stream_format: "sse"</c>; the stream ends with <c>speech.audio.done</c> and has no [DONE].</remarks>
    [Fact]
    public async Task Speech_as_events_is_passed_on_and_its_usage_counted()
    {
        string[] events =
        [
            "data: {\"type\":\"speech.audio.delta\",\"audio\":\"SUQz\"}\n\n",
            "data: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":14,\"output_tokens\":101,\"total_tokens\":115}}\n\n",
        ];
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Sse(events));
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync("""{"model":"voice","input":"Hello","stream_format":"sse"}""", "/v1/audio/speech");
        Assert.Equal(string.Concat(events), await Text(response));
        var used = await world.OnlyUsageAsync();
        Assert.Equal((14, 101, false), (used.PromptTokens, used.CompletionTokens, used.Estimated));
    }

    /// <remarks>OpenAI's API: <c>stream: true</c> with <c>partial_images</c>. It refuses parameters that it does not know, <c>stream_options</c> among them.</remarks>
    [Fact]
    public async Task Pictures_are_streamed_without_asking_for_what_their_engine_does_not_know()
    {
        string[] events =
        [
            "event: image_generation.partial_image\ndata: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"AA==\",\"partial_image_index\":0}\n\n",
            "event: image_generation.completed\ndata: {\"type\":\"image_generation.completed\",\"b64_json\":\"AAA=\",\"usage\":{\"total_tokens\":3,\"input_tokens\":1,\"output_tokens\":2}}\n\n",
        ];
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Sse(events));
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync("""{"model":"picture","prompt":"a cat","stream":true}""", "/v1/images/generations");
        Assert.Equal(string.Concat(events), await Text(response));
        Assert.Equal("""{"model":"upstream-model","prompt":"a cat","stream":true}""", engine.Last.Body);
        var used = await world.OnlyUsageAsync();
        Assert.Equal((1, 2, true), (used.PromptTokens, used.CompletionTokens, used.Stream));
    }

    [Fact]
    public async Task A_stream_of_pictures_that_is_cut_says_so()
    {
        const string partial = "data: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"AA==\"}\n\n";
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Sse([partial]));
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync("""{"model":"picture","prompt":"a cat","stream":true}""", "/v1/images/generations", stream: true);
        var text = await CutAnswer.ReadAsync(response);
        Assert.StartsWith(partial + "data: {\"error\":{", text, StringComparison.Ordinal);
        Assert.Equal("upstream_error", JsonDocument.Parse(text[(partial.Length + 6)..]).RootElement.GetProperty("error").GetProperty("code").GetString());
    }

    private const string Speech = """{"model":"voice","input":"Hello","voice":"alto","response_format":"mp3","speed":1.5}""";

    private static Task<string> Text(HttpResponseMessage response) => response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    private static Task<GatewayWorld> StartAsync(params ScriptedEngine[] engines)
    {
        var document = GatewayWorld.Document(engines);
        string[] providers = [.. document.Providers.Select(provider => provider.Name)];
        return GatewayWorld.StartAsync(document with
        {
            Models =
            [
                .. document.Models,
                GatewayWorld.Model("picture", ModelTypes.ImageGeneration, providers),
                GatewayWorld.Model("voice", ModelTypes.TextToSpeech, providers),
                GatewayWorld.Model("film", ModelTypes.VideoGeneration, providers),
            ],
        });
    }
}
