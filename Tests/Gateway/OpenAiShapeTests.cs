using System.Net.Http.Headers;
using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Tests.Gateway;

/// <summary>What the gateway itself writes, against OpenAI's API document: its list of models and every error; and answers that it has changed an id in.</summary>
public sealed class OpenAiShapeTests
{
    [Fact]
    public async Task Models_have_the_shape_that_OpenAI_publishes()
    {
        var schema = OpenAiSchema.Load();
        var document = GatewayWorld.Document(GatewayWorld.Provider("p1", "http://127.0.0.1:9/v1"));
        await using var world = await GatewayWorld.StartAsync(document with
        {
            Models =
            [
                .. document.Models,
                GatewayWorld.Model("org/näme \"x\"", ModelTypes.Multimodal, "p1") with { ContextWindow = 8_192, Created = 1_700_000_000, Aliases = ["nick"] },
                .. ModelTypes.All.Select(type => GatewayWorld.Model("of-" + type, type)),
            ],
        });
        var list = await world.Client.GetStringAsync("/v1/models", TestContext.Current.CancellationToken);
        schema.Validate("ListModelsResponse", list);
        var models = JsonDocument.Parse(list).RootElement.GetProperty("data").EnumerateArray().ToList();
        Assert.Equal(document.Models.Count + 1 + ModelTypes.All.Count, models.Count);
        foreach (var model in models)
        {
            schema.Validate("Model", await world.Client.GetStringAsync("/api/v1/ai/models/" + Uri.EscapeDataString(model.GetProperty("id").GetString()!), TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Every_error_has_the_shape_that_OpenAI_publishes()
    {
        var schema = OpenAiSchema.Load();
        await using var engine = await ScriptedEngine.StartAsync();
        var document = GatewayWorld.Document(engine);
        await using var world = await GatewayWorld.StartAsync(
            document with
            {
                Providers = [.. document.Providers, GatewayWorld.Provider("nobody", "http://127.0.0.1:9/v1")],
                Models = [.. document.Models, GatewayWorld.Model("ears", ModelTypes.SpeechToText, "p1"), GatewayWorld.Model("declared", ModelTypes.Chat), GatewayWorld.Model("gone", ModelTypes.Chat, "nobody")],
                Keys = [.. document.Keys, GatewayWorld.AccessKey("ork_viewer", "viewer") with { Role = AccessRoles.Viewer }, GatewayWorld.AccessKey("ork_limited", "limited") with { AllowedModels = ["embed"] }],
            },
            "--Gateway:MaxBodyBytes=2000", "--Gateway:MaxFormBytes=2000");
        const string chat = "/v1/chat/completions";

        await Refused(400, chat, "{");
        await Refused(400, chat, "{}");
        await Refused(400, chat, GatewayWorld.Chat("embed"));
        await Refused(400, "/v1/audio/transcriptions", "x", request => request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b"));
        await Refused(401, chat, "{}", request => request.Headers.Authorization = new("Bearer", "ork_unknown"));
        await Refused(403, chat, GatewayWorld.Chat(), request => request.Headers.Authorization = new("Bearer", "ork_limited"));
        await Refused(403, chat, GatewayWorld.Chat(), request => request.Headers.Authorization = new("Bearer", "ork_viewer"));
        await Refused(404, chat, GatewayWorld.Chat("unknown"));
        await Refused(404, "/v1/nothing", "{}");
        await Refused(405, "/v1/rerank", "{}", request => request.Method = HttpMethod.Put);
        await Refused(413, chat, new string(' ', 3_000));
        await Refused(413, "/v1/audio/translations", new string(' ', 3_000), request => request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b"));
        await Refused(415, chat, "{}", request => request.Content!.Headers.ContentType = new("text/plain"));
        await Refused(415, "/v1/audio/transcriptions", "{}");
        await Refused(501, chat, "", request => { request.Method = HttpMethod.Get; request.Headers.TryAddWithoutValidation("Upgrade", "websocket"); });
        await Refused(503, chat, GatewayWorld.Chat("gone"));
        await Refused(503, chat, GatewayWorld.Chat("declared"));
        foreach (var (status, seen) in new[] { (400, 400), (401, 502), (404, 404), (422, 422), (429, 429), (500, 502), (503, 503) })
        {
            engine.Script = ScriptedEngine.Json("""{"detail":[{"loc":["body"],"msg":"no"}]}""", status);
            await Refused(seen, chat, GatewayWorld.Chat());
        }

        async Task Refused(int status, string path, string body, Action<HttpRequestMessage>? change = null)
        {
            using var response = await world.PostAsync(body, path, change);
            schema.Validate("ErrorResponse", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.Equal(status, (int)response.StatusCode);
        }
    }

    [Fact]
    public async Task Answers_keep_their_shape_when_ids_are_exchanged_in_them()
    {
        var schema = OpenAiSchema.Load();
        await using var engine = await ScriptedEngine.StartAsync();
        var document = GatewayWorld.Document(engine);
        await using var world = await GatewayWorld.StartAsync(document with
        {
            Models = [.. document.Models, GatewayWorld.Model("ears", ModelTypes.SpeechToText, "p1"), GatewayWorld.Model("picture", ModelTypes.ImageGeneration, "p1")],
        });

        // The examples of the document itself.
        engine.Script = ScriptedEngine.Json("""{"created":1713833628,"data":[{"b64_json":"..."}],"background":"transparent","output_format":"png","size":"1024x1024","quality":"high","usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}""");
        using var pictures = await world.PostAsync("""{"model":"picture","prompt":"x"}""", "/v1/generations/images");
        schema.Validate("ImagesResponse", await pictures.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        engine.Script = ScriptedEngine.Json("""{"object":"list","data":[{"object":"embedding","embedding":[0.0023064255,-0.009327292],"index":0}],"model":"text-embedding-ada-002","usage":{"prompt_tokens":8,"total_tokens":8}}""");
        using var vectors = await world.PostAsync("""{"model":"embed","input":"x"}""", "/v1/embeddings");
        var text = await vectors.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        schema.Validate("CreateEmbeddingResponse", text);
        Assert.Contains("\"model\":\"embed\"", text, StringComparison.Ordinal);

        engine.Script = ScriptedEngine.Json("""{"text":"Imagine the wildest idea.","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":10,"audio_tokens":4},"output_tokens":101,"total_tokens":115}}""");
        using var form = new MultipartFormDataContent { { new ByteArrayContent([.. "RIFF"u8]), "file", "a.wav" }, { new StringContent("ears"), "model" } };
        using var transcript = await world.Client.PostAsync("/v1/audio/transcriptions", form, TestContext.Current.CancellationToken);
        schema.Validate("CreateTranscriptionResponseJson", await transcript.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The reader is of use only if it refuses what is wrong.</summary>
    [Theory]
    [InlineData("ErrorResponse", "{}")]
    [InlineData("ErrorResponse", """{"error":{"message":"x","type":"y","param":null}}""")]
    [InlineData("ErrorResponse", """{"error":{"message":"x","type":"y","param":null,"code":400}}""")]
    [InlineData("ListModelsResponse", """{"object":"list","data":[{"id":"x","object":"modell","created":1,"owned_by":"y"}]}""")]
    [InlineData("Model", """{"id":"x","object":"model","created":1.5,"owned_by":"y"}""")]
    public void What_is_wrong_is_refused(string schema, string json) => Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => OpenAiSchema.Load().Validate(schema, json));
}
