using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway;

/// <summary>Engines that send what nobody can read: it is their failure and never the gateway's, so that another engine is asked.</summary>
public sealed class NonsenseTests
{
    private const string Half = "\\ud83d";

    /// <summary>Names of half a character, cut so that each reader that compares by the beginning comes across it.</summary>
    public static TheoryData<string> Names => [Half, "m" + Half, "choices" + Half, "us" + Half, "error" + Half, "typ" + Half, "con" + Half, "object" + Half];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_name_of_half_a_character_is_the_engines_failure(string name)
    {
        foreach (var (engine, answer, chunk) in new[]
        {
            (Engines.OpenAi, Answer, Chunk("x")),
            (Engines.Gemini, Answer, Chunk("x", Usage(1, 2))),
            (Engines.Anthropic, AnthropicEngine.Message(), AnthropicEngine.Start()),
        })
        {
            await using var broken = await StartAsync(Json(Spoilt(answer)));
            await using var good = await StartAsync();
            await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", broken.Url) with { Engine = engine }, GatewayWorld.Provider("p2", good.Url)));
            using var whole = await world.PostAsync(GatewayWorld.Chat());
            Assert.Equal(200, (int)whole.StatusCode);
            broken.Script = Sse([Spoilt(chunk), .. engine == Engines.Anthropic ? AnthropicEngine.Said("Hello")[1..] : [Chunk("", finish: "\"stop\""), Done]]);
            good.Script = Sse([Chunk("Hi", finish: "\"stop\""), Done]);
            using var stream = await world.PostAsync(GatewayWorld.StreamChat(",\"stream_options\":{\"include_usage\":true}"));
            Assert.EndsWith(Done, await stream.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }

        string Spoilt(string json) => json.Insert(json.IndexOf('{', StringComparison.Ordinal) + 1, $"\"{name}\":1,");
    }

    [Theory]
    [InlineData("""{"error":{"message":"bad \ud83d","type":"t","code":"c"}}""", "gave no reason")]
    [InlineData("""{"error":{"message":"bad","type":"\ud83d","code":"\udc00"}}""", "bad")]
    [InlineData("""{"detail":{"\ud83d":"x"}}""", null)]
    [InlineData("""{"error":"\ud83d"}""", "gave no reason")]
    [InlineData("""{"\ud83d":1,"error":{"message":"x"}}""", null)]
    [InlineData("""{"error":{"message":7,"type":[],"param":{},"code":{}}}""", "gave no reason")]
    [InlineData("""{"error":[]}""", "gave no reason")]
    [InlineData("[]", null)]
    [InlineData("null", null)]
    public async Task An_error_that_cannot_be_read_keeps_its_status(string body, string? message)
    {
        await using var engine = await StartAsync(Json(body, 422));
        foreach (var kind in new[] { Engines.OpenAi, Engines.Gemini, Engines.Anthropic })
        {
            await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with { Engine = kind }));
            var error = await ErrorBody.ReadAsync(await world.PostAsync(GatewayWorld.Chat()));
            Assert.Equal((422, message ?? error.Message), (error.Status, error.Message));
        }
    }

    /// <remarks>Gemini counts in every chunk; the last one is what its client gets at the end.</remarks>
    [Fact]
    public async Task Usage_that_cannot_be_read_again_is_left_out_and_the_stream_ends_whole()
    {
        var last = Chunk("", Usage(1, 2), "\"stop\"").Replace("{\"id\"", "{\"z\\ud83d\":1,\"id\"", StringComparison.Ordinal);
        await using var engine = await StartAsync(Sse([Chunk("Hi"), last, Done]));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with { Engine = Engines.Gemini }));
        using var response = await world.PostAsync(GatewayWorld.StreamChat(",\"stream_options\":{\"include_usage\":true}"));
        Assert.EndsWith("\n\n" + Done, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal((1, 2), ((await world.OnlyUsageAsync()).PromptTokens, (await world.OnlyUsageAsync()).CompletionTokens));
    }

    [Fact]
    public async Task A_typed_event_with_a_name_that_cannot_be_read_is_passed_on()
    {
        string[] events = ["data: {\"t\\ud83d\":1,\"type\":\"speech.audio.delta\",\"audio\":\"SUQz\"}\n\n", "data: {\"type\":\"speech.audio.done\"}\n\n"];
        await using var engine = await StartAsync(Sse(events));
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(engine) with { Models = [GatewayWorld.Model("voice", ModelTypes.TextToSpeech, "p1")] });
        using var response = await world.PostAsync("""{"model":"voice","input":"x","stream_format":"sse"}""", "/v1/audio/speech");
        Assert.Equal(string.Concat(events), await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <remarks>An emoji cut in two by a tokenizer, each half escaped in a chunk of its own, as servers that write ASCII send it.</remarks>
    [Fact]
    public async Task Halves_of_a_character_in_neighbouring_chunks_arrive_as_sent()
    {
        await using var engine = await StartAsync(Sse([Chunk("\\ud83d"), Chunk("\\ude00"), Chunk("", finish: "\"stop\""), Done]));
        await using var world = await GatewayWorld.StartAsync(engine, "--Gateway:Recording:Namespaces:default=true");
        using var response = await world.PostAsync(GatewayWorld.StreamChat());
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("\"content\":\"\\ud83d\"", text, StringComparison.Ordinal);
        Assert.Contains("\"content\":\"\\ude00\"", text, StringComparison.Ordinal);
        Assert.EndsWith(Done, text, StringComparison.Ordinal);
    }

    /// <remarks>As a proxy before an engine packs although it was asked not to.</remarks>
    [Fact]
    public async Task Sound_in_an_encoding_that_nobody_asked_for_is_no_answer()
    {
        await using var engine = await StartAsync(async http =>
        {
            http.Response.ContentType = "audio/mpeg";
            http.Response.Headers.ContentEncoding = "gzip";
            await http.Response.Body.WriteAsync(new byte[] { 0x1f, 0x8b, 8, 0 });
        });
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(engine) with { Models = [GatewayWorld.Model("voice", ModelTypes.TextToSpeech, "p1")] });
        var error = await ErrorBody.ReadAsync(await world.PostAsync("""{"model":"voice","input":"x"}""", "/v1/audio/speech"));
        Assert.Equal((502, "The provider 'p1' answered in the encoding 'gzip', which it was not asked for."), (error.Status, error.Message));
    }

    /// <summary>The other way round: a client's nonsense is its own failure, and nobody is asked.</summary>
    [Theory]
    [InlineData("{\"m\\ud83d\":1,\"model\":\"m\",\"messages\":[{}]}", 2)]
    [InlineData("{\"model\":\"m\",\"models\":[\"\\ud83d\"],\"messages\":[{}]}", 24)]
    [InlineData("{\"model\":\"m\",\"routing\":{\"strategy\":\"\\ud83d\"},\"messages\":[{}]}", 36)]
    public async Task A_clients_half_characters_are_told_by_their_place(string body, int place)
    {
        await using var engine = await StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        var expected = $"The body has half a surrogate pair (such as \"\\ud83d\" alone) in the text at byte {place}; expected whole characters.";
        Assert.Equal(new ErrorBody(400, expected, "invalid_request_error", null, "invalid_json"), await ErrorBody.ReadAsync(await world.PostAsync(body)));
        Assert.Empty(engine.Requests);
    }

    /// <summary>Where nothing but a field deep inside is such, it is the engine's to judge, and hides nothing of what stands beside it.</summary>
    [Theory]
    [InlineData("""[{"\ud83d":1,"role":"user","content":[{"ty\ud83d":"x","type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}]""", "p2")]
    [InlineData("""[{"role":"user","content":[{"type":"\ud83d","image_url":{"url":"data:image/png;base64,AA=="}}]}]""", "p2")]
    [InlineData("""[{"role":"user","content":[{"image\u005furl":"https://x.example/a.png"}]}]""", "p2")]
    [InlineData("""[{"role":"user","content":[{"type":"text","text":"image_url \ud83d"}]}]""", "p1")]
    [InlineData("""[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"a","parameters":{"type":"object","properties":{"image_url":{"type":"string"},"da\ud83d":{}}}}}]""", "p1")]
    public async Task A_route_by_pictures_sees_them_beside_half_characters(string messages, string provider)
    {
        await using var plain = await StartAsync();
        await using var pictures = await StartAsync();
        var document = GatewayWorld.Document(GatewayWorld.Provider("p1", plain.Url) with { MaxTokensPerRequest = 100_000 }, GatewayWorld.Provider("p2", pictures.Url));
        await using var world = await GatewayWorld.StartAsync(document with
        {
            Models = [GatewayWorld.Model("m", ModelTypes.Multimodal, "p1"), GatewayWorld.Model("see", ModelTypes.Multimodal, "p2")],
            Routes = [new SnapshotRoute { Namespace = "default", Name = "pictures", Match = new RouteMatch { Modalities = ["image"] }, Targets = [new RouteTarget { Model = "see" }] }],
        });
        using var response = await world.PostAsync($$"""{"model":"m","messages":{{messages}},"x":"{{new string('x', 5_000)}}"}""");
        Assert.Equal((200, provider), ((int)response.StatusCode, response.Headers.GetValues("X-Orrery-Provider").Single()));
    }

    [Fact]
    public async Task Names_of_half_a_character_cannot_be_translated()
    {
        await using var engine = await StartAsync(AnthropicEngine.Answers(AnthropicEngine.Message()));
        await using var world = await GatewayWorld.StartAsync(AnthropicEngine.Document(engine.Url));
        foreach (var body in new[] { GatewayWorld.Chat(more: ",\"\\ud83d\":1"), """{"model":"m","messages":[{"\ud83d":1,"role":"user","content":"x"}]}""", """{"model":"m","messages":[{"role":"user","content":[{"type":"text","\ud83d":1,"text":"x"}]}]}""" })
        {
            var error = await ErrorBody.ReadAsync(await world.PostAsync(body));
            Assert.Equal((400, "invalid_request_error"), (error.Status, error.Type));
            Assert.Contains("half a surrogate pair", error.Message, StringComparison.Ordinal);
        }

        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task Numbers_beyond_all_reason_do_not_upset_the_order_of_providers_by_cost()
    {
        await using var dear = await StartAsync();
        await using var cheap = await StartAsync();
        var document = GatewayWorld.Document(dear, cheap);
        await using var world = await GatewayWorld.StartAsync(document with
        {
            Models = [GatewayWorld.Model("m", ModelTypes.Chat) with { Offers = [Offer("p1", 9), Offer("p2", 1)] }],
        });
        using var response = await world.PostAsync(GatewayWorld.Chat(more: ",\"max_tokens\":9000000000000000000,\"n\":2,\"routing\":{\"strategy\":\"cost\"}"));
        Assert.Equal("p2", response.Headers.GetValues("X-Orrery-Provider").Single());

        static SnapshotOffer Offer(string provider, double price) => new(provider, "upstream-model") { InputPrice = price, OutputPrice = price };
    }
}
