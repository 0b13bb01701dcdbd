using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orrery.Contracts;
using Orrery.Gateway.Intake;

namespace Orrery.Tests.Gateway;

/// <summary>Transcriptions and translations: forms with a file in them, short and long.</summary>
public sealed class FormTests
{
    private const string Boundary = "----formdata-undici-0123";
    private const string Transcript = """{"text":"Hello there.","usage":{"type":"tokens","input_tokens":14,"output_tokens":3,"total_tokens":17,"input_token_details":{"text_tokens":4,"audio_tokens":10}}}""";

    /// <summary>Longer than what is kept in memory, and full of what looks like a boundary.</summary>
    private static readonly string Long = string.Concat(Enumerable.Repeat("RIFF\r\n--\r\n------formdata-undici-012\r\r\n\n-", 80_000));

    [Theory]
    [InlineData("/v1/audio/transcriptions", "model file", false)]
    [InlineData("/v1/audio/transcriptions", "file model", false)]
    [InlineData("/v1/audio/transcriptions", "language file model prompt", true)]
    [InlineData("/v1/audio/translations", "file model", true)]
    [InlineData("/v1/audio/translations", "model file", true)]
    [InlineData("/api/v1/ai/audio/transcriptions", "file model", false)]
    [InlineData("/api/v1/ai/audio/translations", "file model", false)]
    public async Task The_engine_gets_the_form_as_it_came_with_its_own_id_in_it(string path, string order, bool isLong)
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(Transcript));
        await using var world = await StartAsync([engine]);
        var parts = order.Split(' ').Select(name => (name, value: name switch { "model" => "ears", "file" => isLong ? Long : "RIFF", var other => other + " of it" })).ToArray();
        using var response = await PostAsync(world, path, Form([.. parts.Select(part => Part(part.name, part.value))]));
        Assert.Equal(Transcript, await Text(response));
        Assert.Equal(Form([.. parts.Select(part => Part(part.name, part.name == "model" ? "upstream-model" : part.value))]), engine.Last.Body);
        Assert.Equal("multipart/form-data; boundary=" + Boundary, engine.Last.Headers["Content-Type"]);
        Assert.Equal($"{engine.Last.Body.Length}", engine.Last.Headers["Content-Length"]);
        Assert.Equal("/v1/audio/" + path[(path.LastIndexOf('/') + 1)..], engine.Last.Path);
        Assert.False(engine.Last.Headers.ContainsKey("Authorization"));
        var used = await world.OnlyUsageAsync();
        Assert.Equal((path.EndsWith('s') ? path[(path.LastIndexOf('/') + 1)..^1] : "", "ears", 14, 3), (used.Operation, used.Model, used.PromptTokens, used.CompletionTokens));
    }

    /// <remarks>OkHttp writes a length into every part; .NET writes names without quotation marks; curl may send no final line break.</remarks>
    [Theory]
    [InlineData("Content-Disposition: form-data; name=\"model\"\r\nContent-Length: 4\r\n\r\nears")]
    [InlineData("Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=model\r\n\r\nears")]
    [InlineData("content-disposition:form-data ;\tname = \"model\" ;\r\n\r\nears")]
    public async Task A_model_is_read_from_every_spelling_that_means_one_thing(string part)
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(Transcript));
        await using var world = await StartAsync([engine]);
        using var response = await PostAsync(world, "/v1/audio/transcriptions", "\r\n" + Form(part, Part("file", "RIFF"))[..^2]);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("\r\n" + Form(Part("model", "upstream-model"), Part("file", "RIFF")), engine.Last.Body);
    }

    [Fact]
    public async Task A_form_that_dotnets_own_client_writes_arrives()
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(Transcript));
        await using var world = await StartAsync([engine]);
        using var form = new MultipartFormDataContent { { new ByteArrayContent([.. "RIFF"u8]), "file", "späte Töne.wav" }, { new StringContent("ears"), "model" } };
        using var response = await world.Client.PostAsync("/v1/audio/transcriptions", form, TestContext.Current.CancellationToken);
        Assert.Equal(Transcript, await Text(response));
        Assert.Contains("name=\"model\"\r\n\r\nupstream-model\r\n--", engine.Last.Body, StringComparison.Ordinal);
    }

    /// <remarks>The types that OpenAI's API answers with for <c>response_format</c>.</remarks>
    [Theory]
    [InlineData("text", "text/plain; charset=utf-8", "Hello there.\n")]
    [InlineData("srt", "text/plain; charset=utf-8", "1\n00:00:00,000 --> 00:00:01,000\nHello there.\n")]
    [InlineData("vtt", "text/vtt", "WEBVTT\n\n00:00.000 --> 00:01.000\nHello there.\n")]
    [InlineData("json", "application/json", Transcript)]
    [InlineData("verbose_json", "application/json", """{"task":"transcribe","language":"english","duration":1.0,"text":"Hello there.","segments":[]}""")]
    [InlineData("text", "application/json", "\"Hello there.\"")]
    [InlineData("text", "text/plain", "")]
    public async Task Every_format_is_kept(string format, string type, string answer)
    {
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            http.Response.ContentType = type;
            await http.Response.WriteAsync(answer);
        });
        await using var world = await StartAsync([engine]);
        using var response = await PostAsync(world, "/v1/audio/transcriptions", Form(Part("file", "RIFF"), Part("model", "ears"), Part("response_format", format)));
        Assert.Equal((answer, type), (await Text(response), response.Content.Headers.ContentType?.ToString()));
        Assert.Contains("\r\n\r\n" + format + "\r\n", engine.Last.Body, StringComparison.Ordinal);
        Assert.Equal(UsageOutcomes.Completed, (await world.OnlyUsageAsync()).Outcome);
    }

    public static TheoryData<string, string, long, long> Streams => new()
    {
        // OpenAI's API with gpt-4o-transcribe: events that name their type, usage in the last, no [DONE].
        {
            "data: {\"type\":\"transcript.text.delta\",\"delta\":\"Hello\"}\n\ndata: {\"type\":\"transcript.text.done\",\"text\":\"Hello\",\"usage\":{\"type\":\"tokens\",\"input_tokens\":14,\"output_tokens\":1,\"total_tokens\":15}}\n\n",
            "transcript", 14, 1
        },
        // vLLM 0.11, vllm/entrypoints/openai/speech_to_text.py, with stream_include_usage.
        {
            "data: {\"id\":\"trsc-1\",\"object\":\"transcription.chunk\",\"created\":1,\"model\":\"upstream-model\",\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"finish_reason\":null}]}\n\n"
            + "data: {\"id\":\"trsc-1\",\"object\":\"transcription.chunk\",\"created\":1,\"model\":\"upstream-model\",\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"stop\"}]}\n\n"
            + "data: {\"id\":\"trsc-1\",\"object\":\"transcription.chunk\",\"created\":1,\"model\":\"upstream-model\",\"choices\":[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":2,\"total_tokens\":22}}\n\ndata: [DONE]\n\n",
            "chunk", 20, 2
        },
    };

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_stream_is_passed_on_whole(string events, string kind, long prompt, long completion)
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Sse(events.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(one => one + "\n\n")));
        await using var world = await StartAsync([engine]);
        using var response = await PostAsync(world, "/v1/audio/transcriptions", Form(Part("file", "RIFF"), Part("model", "ears"), Part("stream", "true")));
        Assert.Equal(events.Replace("upstream-model", "ears", StringComparison.Ordinal), await Text(response));
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var used = await world.OnlyUsageAsync();
        Assert.Equal((kind, prompt, completion, true, false), (kind, used.PromptTokens, used.CompletionTokens, used.Stream, used.Estimated));
    }

    /// <remarks>OpenAI's whisper-1 ignores <c>stream</c> and answers whole.</remarks>
    [Fact]
    public async Task An_engine_that_knows_no_streams_may_answer_whole()
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(Transcript));
        await using var world = await StartAsync([engine]);
        using var response = await PostAsync(world, "/v1/audio/transcriptions", Form(Part("file", "RIFF"), Part("model", "ears"), Part("stream", "true")));
        Assert.Equal(Transcript, await Text(response));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Another_engine_gets_the_whole_form_again_with_its_own_id(bool isLong)
    {
        await using var broken = await ScriptedEngine.StartAsync(ScriptedEngine.Json("""{"error":{"message":"no memory"}}""", 500));
        await using var good = await ScriptedEngine.StartAsync(ScriptedEngine.Json(Transcript));
        await using var world = await StartAsync([broken, good]);
        var file = isLong ? Long : "RIFF";
        using var response = await PostAsync(world, "/v1/audio/transcriptions", Form(Part("file", file), Part("model", "ears"), Part("prompt", "x")));
        Assert.Equal(Transcript, await Text(response));
        Assert.Equal(Form(Part("file", file), Part("model", "upstream-model"), Part("prompt", "x")), broken.Last.Body);
        Assert.Equal(Form(Part("file", file), Part("model", "upstream-model-2"), Part("prompt", "x")), good.Last.Body);
    }

    public static TheoryData<string, string, string?, string> Bad => new()
    {
        { "", "invalid_form", null, $"The form ends before its closing boundary; expected '--{Boundary}--' at its end." },
        { Form(Part("model", "ears"), Part("file", "RIFF"))[..^6], "invalid_form", null, $"The form ends before its closing boundary; expected '--{Boundary}--' at its end." },
        { Form(Part("model", "ears")).Replace(Boundary, "other-boundary-of-this-form", StringComparison.Ordinal), "invalid_form", null, $"The form does not begin with its boundary; expected '--{Boundary}' as Content-Type says." },
        { Form(Part("file", "RIFF")), "missing_required_parameter", "model", "'model' is missing; expected the id of a model." },
        { Form(Part("model", "ears")), "missing_required_parameter", "file", "'file' is missing; expected a file." },
        { Form(Part("model", " "), Part("file", "RIFF")), "invalid_value", "model", "'model' is empty; expected the id of a model." },
        { Form(Part("model", "ears"), Part("file", "RIFF"), Part("model", "ears")), "duplicate_field", "model", "'model' appears twice; expected it once." },
        { Form(Part("model", new string('m', 9_000)), Part("file", "RIFF")), "invalid_form", "model", "'model' is longer than 4096 bytes; expected less." },
        { Form("Content-Disposition: form-data; name=\"model\"; filename=\"m.txt\"\r\n\r\nears", Part("file", "RIFF")), "invalid_form", "model", "'model' is sent as a file; expected a plain field." },
        { Form("Content-Disposition: form-data; name=\"model\"\r\nContent-Transfer-Encoding: base64\r\n\r\nZWFycw==", Part("file", "RIFF")), "invalid_form", "model", "'model' is sent as a text in a transfer encoding; expected a plain field." },
        { Form("Content-Disposition: form-data; name=\"mo\\\"del\"\r\n\r\nears"), "invalid_form", null, "Part 1 of the form has a backslash before a quotation mark in its Content-Disposition, which is read in more than one way; write a quotation mark in a name as %22." },
        { Form("Content-Disposition: form-data; name=\"file\"; filename=\"a\\\"; name=\"model\"\r\n\r\nears"), "invalid_form", null, "Part 1 of the form has a backslash before a quotation mark in its Content-Disposition, which is read in more than one way; write a quotation mark in a name as %22." },
        { Form("Content-Disposition: form-data; name=\"model\r\n\r\nears"), "invalid_form", null, "Part 1 of the form has a quotation mark that is not closed in its Content-Disposition; write a quotation mark in a name as %22." },
        { Form("Content-Disposition: form-data; name=\"mo\"del\"\r\n\r\nears"), "invalid_form", null, "Part 1 of the form has 'del\"' after a quotation mark in its Content-Disposition; write a quotation mark in a name as %22." },
        { Form("Content-Disposition: form-data; name=\"x\"; name=\"model\"\r\n\r\nears"), "invalid_form", null, "Part 1 of the form has two names; expected one." },
        { Form("Content-Disposition: form-data; name=\"x\"; name*=utf-8''model\r\n\r\nears"), "invalid_form", null, "Part 1 of the form names its field by 'name*'; expected 'name=\"…\"'." },
        { Form("Content-Disposition: form-data; name=\"x\"\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nears"), "invalid_form", null, "Part 1 of the form has two Content-Disposition headers; expected one." },
        { Form("Content-Disposition: form-data;\r\n name=\"model\"\r\n\r\nears"), "invalid_form", null, "Part 1 of the form has the header line ' name=\"model\"'; expected 'Name: value'." },
        { Form("Content-Disposition: attachment; name=\"model\"\r\n\r\nears"), "invalid_form", null, "Part 1 of the form is 'attachment'; expected 'form-data'." },
        { Form(Part("file", "RIFF"), "Content-Type: text/plain\r\n\r\nears"), "invalid_form", null, "Part 2 of the form has no field name; expected 'Content-Disposition: form-data; name=\"…\"'." },
        { Form("\r\nears"), "invalid_form", null, "Part 1 of the form has no header; expected 'Content-Disposition: form-data; name=\"…\"'." },
        { Form("X-Long: " + new string('x', 20_000) + "\r\n\r\nears"), "invalid_form", null, "The headers of part 1 of the form are longer than 16384 bytes; expected an empty line after them." },
        { $"--{Boundary}x\r\n", "invalid_form", null, "A boundary of the form is followed by neither a line break nor '--'; expected one of them." },
        { Form([.. Enumerable.Repeat(Part("x", ""), 1_001)]), "invalid_form", null, "The form has more than 1000 parts; expected fewer." },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task A_form_that_cannot_be_meant_is_refused_by_name(string form, string code, string? param, string message)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync([engine]);
        using var response = await PostAsync(world, "/v1/audio/transcriptions", form);
        Assert.Equal(new ErrorBody(400, message, "invalid_request_error", param, code), await ErrorBody.ReadAsync(response));
        Assert.Empty(engine.Requests);
    }

    [Theory]
    [InlineData("multipart/form-data", 400, "invalid_form", "Content-Type names no boundary; expected 'multipart/form-data; boundary=…', as your HTTP client writes it when it is not told otherwise.")]
    [InlineData("multipart/form-data; boundary=a; boundary=b", 400, "invalid_form", "Content-Type names two boundaries; expected one.")]
    [InlineData("multipart/form-data; boundary=\"a{b\"", 400, "invalid_form", "The boundary 'a{b' is none; expected 1 to 70 letters, digits and '()+_,-./:=?.")]
    [InlineData("application/json", 415, "unsupported_content_type", "Content-Type is 'application/json'; expected multipart/form-data with a boundary.")]
    [InlineData("multipart/mixed; boundary=a", 415, "unsupported_content_type", "Content-Type is 'multipart/mixed; boundary=a'; expected multipart/form-data with a boundary.")]
    public async Task A_content_type_that_is_no_forms_is_refused(string type, int status, string code, string message)
    {
        await using var world = await StartAsync([]);
        using var response = await PostAsync(world, "/v1/audio/transcriptions", Form(Part("model", "ears")), type);
        Assert.Equal(new ErrorBody(status, message, "invalid_request_error", null, code), await ErrorBody.ReadAsync(response));
    }

    [Fact]
    public async Task A_model_of_another_type_is_refused_by_both_names()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync([engine]);
        using var response = await PostAsync(world, "/v1/audio/translations", Form(Part("file", "RIFF"), Part("model", "m")));
        Assert.Equal(
            "The model 'm' is of type chat; /v1/audio/translations takes speech_to_text and multimodal models. Use /v1/chat/completions.", (await ErrorBody.ReadAsync(response)).Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_form_that_is_too_long_is_refused(bool isAnnounced)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync([engine], "--Gateway:MaxFormBytes=2000000");
        using var response = await PostAsync(world, "/v1/audio/transcriptions", Form(Part("file", Long), Part("model", "ears")), isChunked: !isAnnounced);
        Assert.Equal(
            new ErrorBody(413, "The body is longer than 2000000 bytes. Send less, or ask the operator to raise Gateway:MaxFormBytes.", "invalid_request_error", null, "body_too_large"),
            await ErrorBody.ReadAsync(response));
        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task Long_forms_share_a_bound_on_disk()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync([engine], "--Gateway:MaxFormBytes=3000000", "--Gateway:MaxSpooledBytes=3000000");
        using var response = await PostAsync(world, "/v1/audio/transcriptions", Form(Part("file", Long), Part("model", "ears")), isChunked: true);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);

        var spool = world.Gateway.Services.GetRequiredService<BodySpool>();
        using (var other = spool.Open())
        {
            Assert.True(await other.TryAppendAsync(new(new byte[2_000_000]), TestContext.Current.CancellationToken));
            using var busy = await PostAsync(world, "/v1/audio/transcriptions", Form(Part("file", Long[..2_000_000]), Part("model", "ears")));
            Assert.Equal((503, "gateway_busy"), await StatusAndCode(busy));
            Assert.Equal("1", busy.Headers.GetValues("Retry-After").Single());
        }

        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_of_a_long_form_leaves_nothing_behind()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync([engine]);
        var spool = world.Gateway.Services.GetRequiredService<BodySpool>();
        using (var socket = new TcpClient())
        {
            var address = new Uri(world.Address);
            await socket.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
            var form = Form(Part("file", Long), Part("model", "ears"));
            await socket.GetStream().WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {GatewayWorld.Key}\r\nContent-Type: multipart/form-data; boundary={Boundary}\r\nContent-Length: {form.Length}\r\n\r\n{form[..2_500_000]}"),
                TestContext.Current.CancellationToken);
            await Eventually.Holds(() => spool is { Files: 1, Held: > 1 << 20 });
            Assert.DoesNotContain(Directory.GetFiles(world.DataDirectory, "*", SearchOption.AllDirectories), path => path.Contains("spool", StringComparison.Ordinal));
        }

        await Eventually.Holds(() => spool is { Files: 0, Held: 0 });
        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task A_client_that_leaves_while_the_engine_listens_leaves_nothing_behind()
    {
        var listens = new TaskCompletionSource();
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            listens.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        });
        await using var world = await StartAsync([engine]);
        using var leaving = new CancellationTokenSource();
        var sent = PostAsync(world, "/v1/audio/transcriptions", Form(Part("file", Long), Part("model", "ears")), cancellationToken: leaving.Token);
        await listens.Task;
        Assert.Equal(1, world.Gateway.Services.GetRequiredService<BodySpool>().Files);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sent);
        await Eventually.Holds(() => world.Gateway.Services.GetRequiredService<BodySpool>() is { Files: 0, Held: 0 } && engine.Abandoned == 1);
        Assert.Equal(UsageOutcomes.ClientLeft, (await world.OnlyUsageAsync()).Outcome);
    }

    [Fact]
    public async Task An_engines_refusal_is_passed_on()
    {
        // vLLM 0.11: audio longer than VLLM_MAX_AUDIO_CLIP_FILESIZE_MB.
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json("""{"error":{"message":"Maximum file size exceeded.","type":"BadRequestError","param":null,"code":400}}""", 400));
        await using var world = await StartAsync([engine]);
        using var response = await PostAsync(world, "/v1/audio/transcriptions", Form(Part("file", Long), Part("model", "ears")));
        Assert.Equal((400, "Maximum file size exceeded."), await ErrorBody.ReadAsync(response) is var error ? (error.Status, error.Message) : default);
    }

    private static string Part(string name, string value) =>
        $"Content-Disposition: form-data; name=\"{name}\"" + (name == "file" ? "; filename=\"a b.wav\"\r\nContent-Type: audio/wav" : "") + "\r\n\r\n" + value;

    private static string Form(params string[] parts) => string.Concat(parts.Select(part => $"--{Boundary}\r\n{part}\r\n")) + $"--{Boundary}--\r\n";

    private static Task<string> Text(HttpResponseMessage response) => response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    private static async Task<(int Status, string? Code)> StatusAndCode(HttpResponseMessage response) =>
        await ErrorBody.ReadAsync(response) is var error ? (error.Status, error.Code) : default;

    private static async Task<HttpResponseMessage> PostAsync(
        GatewayWorld world, string path, string form, string type = "multipart/form-data; boundary=" + Boundary, bool isChunked = false, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(form)) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        request.Headers.TransferEncodingChunked = isChunked;
        return await world.Client.SendAsync(request, cancellationToken);
    }

    private static Task<GatewayWorld> StartAsync(ScriptedEngine[] engines, params string[] settings)
    {
        var document = GatewayWorld.Document(engines);
        var ears = GatewayWorld.Model("ears", ModelTypes.SpeechToText) with
        {
            Offers = [.. document.Providers.Select((provider, i) => new SnapshotOffer(provider.Name, i == 0 ? "upstream-model" : $"upstream-model-{i + 1}"))],
        };
        return GatewayWorld.StartAsync(document with { Models = [.. document.Models, ears] }, settings);
    }
}
