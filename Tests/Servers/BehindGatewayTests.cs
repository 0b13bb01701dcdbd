using System.Text.Json;
using Orrery.Contracts;
using Orrery.Tests.Gateway;

namespace Orrery.Tests.Servers;

/// <summary>The servers behind a real gateway, which speaks to each as its engine: what it sends is what they take.</summary>
public sealed class BehindGatewayTests(PostgresServer postgres)
{
    private const string Name = " --served-model-name upstream-model";

    [Fact]
    public async Task A_chat_streams_and_its_tokens_are_counted_exactly()
    {
        await using var server = await ServerProcess.StartAsync("transformers --model a/b --kind chat --max-model-len 100" + Name);
        await using var world = await StartAsync(server, Engines.Transformers, ModelTypes.Chat);
        using var answer = await world.PostAsync("""{"model":"it","messages":[{"role":"user","content":"Hällo"}],"stream":true}""");
        var events = (await answer.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        var chunks = events[..^1].Select(line => JsonDocument.Parse(line[6..]).RootElement).ToList();
        Assert.Equal("You said: Hällo", string.Concat(chunks.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray())
            .Select(choice => choice.GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString() : "")));
        Assert.All(chunks, chunk => Assert.Equal("it", chunk.GetProperty("model").GetString()));
        var used = await world.OnlyUsageAsync();
        Assert.Equal((12, 17), (used.PromptTokens, used.CompletionTokens));

        using var tooLong = await world.PostAsync(JsonSerializer.Serialize(new { model = "it", messages = new[] { new { role = "user", content = new string('x', 200) } } }));
        Assert.Equal(400, (int)tooLong.StatusCode);
        Assert.Contains("\"code\":\"context_length_exceeded\"", await tooLong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_who_leaves_the_gateway_stops_the_model()
    {
        await using var server = await ServerProcess.StartAsync("transformers --model a/b --kind chat --max-model-len 1000000" + Name, ("LIBRARY_PAUSE", "0.01"));
        await using var world = await StartAsync(server, Engines.Transformers, ModelTypes.Chat);
        using (var answer = await world.PostAsync("""{"model":"it","messages":[{"role":"user","content":"repeat 100000 word"}],"stream":true}""", stream: true))
        {
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
            Assert.StartsWith("data: ", await reader.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }

        await server.IdleAsync();
    }

    [Fact]
    public async Task A_server_that_is_full_is_passed_on_as_such()
    {
        await using var server = await ServerProcess.StartAsync("transformers --model a/b --kind chat --max-model-len 1000000" + Name, ("LIBRARY_PAUSE", "0.01"), ("ORRERY_MAX_WAITING", "0"));
        await using var world = await StartAsync(server, Engines.Transformers, ModelTypes.Chat);
        using var running = await world.PostAsync("""{"model":"it","messages":[{"role":"user","content":"repeat 100000 word"}],"stream":true}""", stream: true);
        using var refused = await world.PostAsync("""{"model":"it","messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal(503, (int)refused.StatusCode);
    }

    [Fact]
    public async Task Speech_goes_out_and_comes_back_as_text()
    {
        await using var speaks = await ServerProcess.StartAsync("tts --model hexgrad/Kokoro-82M --family kokoro" + Name);
        await using var hears = await ServerProcess.StartAsync("whisper --model Systran/faster-whisper-base" + Name);
        await using var world = await GatewayWorld.StartAsync(Document(
            ("speaks", speaks, Engines.TtsEngine, ModelTypes.TextToSpeech), ("hears", hears, Engines.Whisper, ModelTypes.SpeechToText)));
        using var spoken = await world.PostAsync("""{"model":"speaks","input":"Hello there.","voice":"alloy","response_format":"mp3"}""", "/v1/audio/speech");
        var recording = await spoken.Content.ReadAsByteArrayAsync();
        Assert.Equal((200, "audio/mpeg"), ((int)spoken.StatusCode, spoken.Content.Headers.ContentType?.MediaType));
        Assert.Equal("mp3", (await Sound.LookAsync(recording)).Codec);
        var heard = await ServerProcess.JsonAsync(await world.Client.PostAsync("/v1/audio/transcriptions", ServerProcess.Form(recording, ("model", "hears"))));
        Assert.StartsWith("transcribe 0", heard.GetProperty("text").GetString(), StringComparison.Ordinal);
        var translated = await ServerProcess.JsonAsync(await world.Client.PostAsync("/v1/audio/translations", ServerProcess.Form(recording, ("model", "hears"))));
        Assert.StartsWith("translate 0", translated.GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Vectors_and_pictures_come_through()
    {
        await using var embeds = await ServerProcess.StartAsync("transformers --model jinaai/jina --kind sentence-transformers" + Name);
        await using var draws = await ServerProcess.StartAsync("custom --model stabilityai/sdxl --kind diffusers-image" + Name);
        await using var world = await GatewayWorld.StartAsync(Document(
            ("embeds", embeds, Engines.Transformers, ModelTypes.Embedding), ("draws", draws, Engines.OpenAi, ModelTypes.ImageGeneration)));
        var vectors = await ServerProcess.JsonAsync(await world.PostAsync("""{"model":"embeds","input":["a","b"]}""", "/v1/embeddings"));
        Assert.Equal(8, vectors.GetProperty("data")[1].GetProperty("embedding").GetArrayLength());
        var pictures = await ServerProcess.JsonAsync(await world.PostAsync("""{"model":"draws","prompt":"A cat","size":"64x64"}""", "/v1/images/generations"));
        Assert.NotEmpty(pictures.GetProperty("data")[0].GetProperty("b64_json").GetBytesFromBase64());
    }

    [Fact]
    public async Task A_video_is_made_fetched_and_deleted_by_the_video_engine()
    {
        await using var server = await ServerProcess.StartAsync("video --model Wan-AI/Wan2.1 --pipeline WanPipeline" + Name);
        await using var world = await GatewayWorld.StartAsync(Document(("it", server, Engines.VideoEngine, ModelTypes.VideoGeneration)), $"--ConnectionStrings:orrery={await postgres.CreateDatabaseAsync()}");
        await Eventually.Holds(async () => (int)(await world.Client.GetAsync("/v1/videos")).StatusCode, status => status == 200);
        var job = await ServerProcess.JsonAsync(await world.PostAsync("""{"model":"it","prompt":"A cat","seconds":"1","size":"64x96","num_inference_steps":2,"fps":16}""", "/v1/videos"));
        var id = job.GetProperty("id").GetString()!;
        job = await Eventually.Holds(async () => await ServerProcess.JsonAsync(await world.Client.GetAsync("/v1/videos/" + id)), seen => seen.GetProperty("status").GetString() == "completed");
        Assert.Equal(("64x96", 100), (job.GetProperty("size").GetString(), job.GetProperty("progress").GetInt32()));
        using (var content = await world.Client.GetAsync($"/v1/videos/{id}/content"))
        {
            Assert.Equal("video/mp4", content.Content.Headers.ContentType?.MediaType);
            Assert.Equal("ftyp"u8.ToArray(), (await content.Content.ReadAsByteArrayAsync())[4..8]);
        }

        await ServerProcess.JsonAsync(await world.Client.DeleteAsync("/v1/videos/" + id));
        await Eventually.Holds(() => !server.Videos.Any());
    }

    [Fact]
    public async Task A_video_that_is_waited_for_comes_by_the_gateways_job()
    {
        await using var server = await ServerProcess.StartAsync("video --model Wan-AI/Wan2.1 --pipeline WanPipeline" + Name);
        var document = Document(("it", server, Engines.VideoEngine, ModelTypes.VideoGeneration));
        document = document with { Providers = [.. document.Providers.Select(provider => provider with { Videos = new VideosSpec { Create = "/v1/videos/sync", AnswersWithVideo = true } })] };
        await using var world = await GatewayWorld.StartAsync(document, $"--ConnectionStrings:orrery={await postgres.CreateDatabaseAsync()}");
        await Eventually.Holds(async () => (int)(await world.Client.GetAsync("/v1/videos")).StatusCode, status => status == 200);
        var job = await ServerProcess.JsonAsync(await world.PostAsync("""{"model":"it","prompt":"A cat","seconds":"1","size":"64x96","num_inference_steps":2}""", "/v1/videos"));
        var id = job.GetProperty("id").GetString()!;
        await Eventually.Holds(async () => await ServerProcess.JsonAsync(await world.Client.GetAsync("/v1/videos/" + id)), seen => seen.GetProperty("status").GetString() == "completed");
        Assert.Equal("ftyp"u8.ToArray(), (await world.Client.GetByteArrayAsync($"/v1/videos/{id}/content"))[4..8]);
    }

    private static Task<GatewayWorld> StartAsync(ServerProcess server, string engine, string type) => GatewayWorld.StartAsync(Document(("it", server, engine, type)));

    private static SnapshotDocument Document(params (string Model, ServerProcess Server, string Engine, string Type)[] served) =>
        GatewayWorld.Document([.. served.Select(one => GatewayWorld.Provider("p-" + one.Model, one.Server.Url + "/v1") with { Engine = one.Engine })]) with
        {
            Models = [.. served.Select(one => GatewayWorld.Model(one.Model, one.Type, "p-" + one.Model))],
        };
}
