using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway;

/// <summary>Routing where it is easily forgotten: forms, engines' own paths, other names of a model, providers that nobody can ask.</summary>
public sealed class RoutingEdgeTests
{
    private const string Down = """{"error":{"message":"down","type":"server_error"}}""";
    private const string Boundary = "b0undary";

    public static TheoryData<string, string> Ways
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var path in (string[])["chat/completions", "chat/completions stream", "completions", "completions stream", "embeddings", "images/generations", "rerank", "score", "audio/speech", "audio/transcriptions", "audio/translations", "tokenize"])
            {
                data.Add(path, "request");
                data.Add(path, "route");
                data.Add(path, "provider");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Nobody_stands_in_where_nobody_may_whatever_is_asked_for(string path, string who)
    {
        await using var world = await World.StartAsync(document => document with
        {
            Routes = [new SnapshotRoute { Namespace = "default", Name = "closed", Match = new RouteMatch { Headers = new Dictionary<string, string> { ["x-route"] = "*" } }, Targets = [new RouteTarget { Model = ModelOf(path) }], Fallback = [] }],
        });
        world.First.Script = Json(Down, 503);
        using (var open = await world.AskAsync(path, ModelOf(path)))
        {
            Assert.Equal((HttpStatusCode.OK, 1, 1), (open.StatusCode, world.First.Requests.Count, world.Second.Requests.Count));
        }

        using var closed = await world.AskAsync(path, who == "provider" ? "p1/" + ModelOf(path) : ModelOf(path), isAlone: who == "request", isRouted: who == "route");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, 2, 1), (closed.StatusCode, world.First.Requests.Count, world.Second.Requests.Count));
        Assert.Equal("p1", closed.Headers.GetValues(OrreryHeaders.Provider).Single());
    }

    /// <remarks>As the OpenAI clients for Python and JavaScript write an object and a list into a form, and as curl sends JSON.</remarks>
    [Theory]
    [InlineData("model=m routing={\"fallback\":false,\"providers\":[\"p2\"]}")]
    [InlineData("model=m routing[fallback]=false routing[providers][]=p2")]
    [InlineData("routing[providers][0]=p2 model=m routing[fallback]=False")]
    [InlineData("models[]=nobody models[]=m routing[providers]=p2")]
    [InlineData("models=[\"m\"] routing={\"providers\":[\"p2\"]}")]
    [InlineData("models=m routing[providers][]=p2 routing[strategy]=round-robin")]
    [InlineData("model=nobody models[]=m routing[providers][]=p2")]
    public async Task A_form_says_its_own_way_and_engines_see_nothing_of_it(string fields)
    {
        foreach (var isFileFirst in (bool[])[true, false])
        {
            await using var world = await World.StartAsync();
            var file = Part("file", "RIFF\r\n--" + Boundary[..4], "; filename=\"a.wav\"");
            var others = fields.Split(' ').Select(field => field.Split('=', 2)).Select(field => Part(field[0], field[1] == "m" ? "ears" : field[1].Replace("\"m\"", "\"ears\"", StringComparison.Ordinal)));
            string[] parts = isFileFirst ? [file, .. others, Part("language", "de")] : [.. others, Part("language", "de"), file];
            using var response = await world.PostFormAsync("/v1/audio/transcriptions", parts);
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.Empty(world.First.Requests);
            var language = Part("language", "de");
            var sent = world.Second.Last.Body;
            Assert.Equal($"{Encoding.UTF8.GetByteCount(sent)}", world.Second.Last.Headers["Content-Length"]);
            Assert.DoesNotContain("routing", sent, StringComparison.Ordinal);
            Assert.DoesNotContain("models", sent, StringComparison.Ordinal);
            string[] expected = isFileFirst ? [file, Part("model", "upstream-model"), language] : [Part("model", "upstream-model"), language, file];
            Assert.Equal(Form(expected), sent);
        }
    }

    [Theory]
    [InlineData("routing=false", "routing", "'routing' is no object")]
    [InlineData("routing={\"fallback\":false", "routing", "'routing' is not valid JSON")]
    [InlineData("routing={}x", "routing", "'routing' is not valid JSON")]
    [InlineData("routing[fallback]=no", "routing.fallback", "neither true nor false")]
    [InlineData("routing[fallbak]=false", "routing", "has a field 'fallbak'")]
    [InlineData("routing[strategy]=cheapest", "routing.strategy", "'cheapest'; expected one of")]
    [InlineData("routing={} routing[fallback]=false", "routing", "appears in two ways")]
    [InlineData("routing={} routing={}", "routing", "appears twice")]
    [InlineData("models=[]", "models", "1 to 32 texts")]
    [InlineData("models=[\"ears\"] models[]=ears", "models", "appears in two ways")]
    public async Task A_forms_way_that_cannot_be_meant_is_refused_by_name(string fields, string param, string message)
    {
        await using var world = await World.StartAsync();
        using var response = await world.PostFormAsync("/v1/audio/transcriptions", [Part("model", "ears"), .. fields.Split(' ').Select(field => field.Split('=', 2)).Select(field => Part(field[0], field[1])), Part("file", "RIFF", "; filename=\"a.wav\"")]);
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((400, param), (error.Status, error.Param));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Empty(world.First.Requests);
    }

    [Fact]
    public async Task A_route_that_looks_at_modalities_takes_a_form_for_sound()
    {
        await using var world = await World.StartAsync(document => document with
        {
            Routes =
            [
                Route("texts", new RouteMatch { Modalities = ["text"] }, "m") with { Order = 1 },
                Route("sound", new RouteMatch { Modalities = ["audio"], Models = ["ears"] }, "p2/ears") with { Order = 2 },
            ],
        });
        using var response = await world.AskAsync("audio/transcriptions", "ears");
        Assert.Equal((HttpStatusCode.OK, 1), (response.StatusCode, world.Second.Requests.Count));
    }

    [Theory]
    [InlineData("m", 200)]
    [InlineData("alias-of-m", 200)]
    [InlineData("p1/m", 200)]
    [InlineData("p1:alias-of-m", 200)]
    [InlineData("ears", 403)]
    [InlineData("nobody", 403)]
    public async Task A_key_may_follow_a_route_by_every_name_of_a_model_that_it_may_call(string name, int status)
    {
        await using var world = await World.StartAsync(document => document with
        {
            Keys = [GatewayWorld.AccessKey() with { AllowedModels = ["m"], Tags = ["general"] }],
            Routes = [Route("burst", new RouteMatch { Tag = "general" }, "large")],
        });
        using var response = await world.AskAsync("chat/completions", name);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(status == 200 ? "large-upstream" : null, world.First.Requests.IsEmpty ? null : JsonDocument.Parse(world.First.Last.Body).RootElement.GetProperty("model").GetString());
    }

    public static TheoryData<string, RouteMatch, bool> Matches => new()
    {
        { "", new RouteMatch { Teams = ["other", "search"] }, true },
        { "", new RouteMatch { Teams = ["other"] }, false },
        { "", new RouteMatch { Tag = "of-the-team" }, true },
        { "", new RouteMatch { Tag = "of-the-key", Tags = ["nobodys"] }, true },
        { "", new RouteMatch { Tag = "Of-The-Key" }, false },
        { "", new RouteMatch { Tag = "of-the-key", Keys = ["nobodys"] }, false }, // All of it must hold.
        { "", new RouteMatch { Teams = ["search"], Models = ["m"], Modalities = ["text"], Keys = ["team-key"] }, true },
        { "", new RouteMatch { Headers = new Dictionary<string, string> { ["X-ROUTE"] = "*" } }, false },
        { "route", new RouteMatch { Headers = new Dictionary<string, string> { ["X-ROUTE"] = "yes" } }, true },
        { "route", new RouteMatch { Headers = new Dictionary<string, string> { ["x-route"] = "Yes" } }, false },
        { "", new RouteMatch { Models = ["M"] }, false },
        { "", new RouteMatch { Models = ["alias-of-m"] }, false },
        { "", new RouteMatch { InputTokens = new(14, 14) }, true },
        { "", new RouteMatch { InputTokens = new(AtLeast: 15) }, false },
        { "", new RouteMatch { InputTokens = new(AtMost: 13) }, false },
        { """{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}""", new RouteMatch { Modalities = ["audio"] }, true },
        { """{"type":"video_url","video_url":{"url":"data:video/mp4;base64,AA=="}}""", new RouteMatch { Modalities = ["audio", "video"] }, true },
        { """{"type":"file","file":{"file_id":"f"}}""", new RouteMatch { Modalities = ["file"] }, true },
        { """{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}""", new RouteMatch { Modalities = ["text"] }, false },
        { """{"type":"text","text":"image_url"}""", new RouteMatch { Modalities = ["image"] }, false },
    };

    [Theory]
    [MemberData(nameof(Matches))]
    public async Task A_route_matches_what_it_says_and_nothing_else(string with, RouteMatch match, bool isMatch)
    {
        await using var world = await World.StartAsync(document => document with
        {
            Keys = [GatewayWorld.AccessKey() with { Team = "search", Tags = ["of-the-key"] }],
            Teams = [new SnapshotTeam { Namespace = "default", Name = "search", Tags = ["of-the-team"] }],
            Routes = [Route("one", match, "large")],
        });
        var content = with.StartsWith('{') ? $"[{with}]" : "\"Hi\"";
        using var response = await world.Gateway.PostAsync(
            $$"""{"model":"m","messages":[{"role":"user","content":{{content}}}]}""",
            change: request => request.Headers.Add("x-route", with == "route" ? ["yes"] : Array.Empty<string>()));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(isMatch ? "large-upstream" : "upstream-model", JsonDocument.Parse(world.First.Last.Body).RootElement.GetProperty("model").GetString());
    }

    [Fact]
    public async Task A_provider_that_is_drained_gets_nothing_and_its_model_says_when_to_come_back()
    {
        await using var world = await World.StartAsync(document => document with
        {
            Providers = [.. document.Providers.Select(provider => provider with { Endpoints = [.. provider.Endpoints.Select(endpoint => endpoint with { Weight = provider.Name == "p1" ? 0 : 1 })] })],
        });
        using var other = await world.AskAsync("chat/completions", "m");
        Assert.Equal((HttpStatusCode.OK, 0, 1), (other.StatusCode, world.First.Requests.Count, world.Second.Requests.Count));
        foreach (var name in (string[])["p1/m", "large"])
        {
            using var refused = await world.AskAsync("chat/completions", name);
            var error = await ErrorBody.ReadAsync(refused);
            Assert.Equal((503, "model_not_ready"), (error.Status, error.Code));
            Assert.Contains("(phase: stopped): its provider has no endpoint in service", error.Message, StringComparison.Ordinal);
            Assert.NotNull(refused.Headers.RetryAfter);
        }
    }

    [Fact]
    public async Task Alone_is_the_first_provider_that_lets_the_path_through()
    {
        await using var world = await World.StartAsync(document => document with { Providers = [document.Providers[0] with { PassThrough = [] }, document.Providers[1]] });
        using var response = await world.AskAsync("tokenize", "m", isAlone: true, explain: true);
        Assert.Equal((HttpStatusCode.OK, 0, 1), (response.StatusCode, world.First.Requests.Count, world.Second.Requests.Count));
        var plan = Plan(response);
        Assert.Equal("the provider's passThrough does not list the path", plan.GetProperty("refused")[0].GetProperty("reason").GetString());
        Assert.EndsWith("nobody else", plan.GetProperty("rule").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_route_to_a_model_of_another_type_is_named()
    {
        await using var world = await World.StartAsync(document => document with { Routes = [Route("all", null, "m") with { Fallback = [] }] });
        using var response = await world.AskAsync("embeddings", "vectors");
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((400, "wrong_model_type"), (error.Status, error.Code));
        Assert.StartsWith("The route 'all' decides over this request and leads nowhere else. The model 'm' is of type chat", error.Message, StringComparison.Ordinal);
        Assert.Empty(world.First.Requests);
    }

    [Fact]
    public async Task A_routes_name_in_the_list_is_left_out_with_the_reason()
    {
        await using var world = await World.StartAsync(document => document with { Routes = [Route("smart", new RouteMatch { Models = ["smart"] }, "large")] });
        using var response = await world.Gateway.PostAsync("""{"models":["m","smart"],"messages":[{"role":"user","content":"Hi"}]}""", change: Explained);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("a route alone knows it", Plan(response).GetProperty("refused")[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Turns_are_even_where_a_provider_cannot_be_asked()
    {
        await using var world = await World.StartAsync(document => document with
        {
            Providers = [.. document.Providers, GatewayWorld.Provider("a-drained"), GatewayWorld.Provider("p1b", "http://127.0.0.1:9/v1") with { Endpoints = [] }],
            Models = [GatewayWorld.Model("m", ModelTypes.Chat, "a-drained", "p1", "p1b", "p2") with { Strategy = RoutingStrategies.RoundRobin }],
        });
        for (var i = 0; i < 10; i++)
        {
            (await world.AskAsync("chat/completions", "m")).Dispose();
        }

        Assert.Equal((5, 5), (world.First.Requests.Count, world.Second.Requests.Count));
    }

    /// <remarks>Each model has turns of its own: with one count for both, two steps a request would always end at the same provider.</remarks>
    [Theory]
    [InlineData("\"models\":[\"m\",\"n\"]")]
    [InlineData("\"model\":\"routed\"")]
    [InlineData("\"model\":\"auto\"")]
    public async Task Turns_go_on_where_another_model_stands_behind(string name)
    {
        await using var world = await World.StartAsync(document => document with
        {
            Models = [GatewayWorld.Model("m", ModelTypes.Chat, "p1", "p2"), GatewayWorld.Model("n", ModelTypes.Chat, "p1", "p2")],
            Routes = [Route("routed", new RouteMatch { Models = ["routed"] }, "m") with { Fallback = ["n"] }],
        });
        for (var i = 0; i < 8; i++)
        {
            using var response = await world.Gateway.PostAsync($$$"""{{{{name}}},"routing":{"strategy":"round_robin"},"messages":[{"role":"user","content":"Hi"}]}""");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal((4, 4), (world.First.Requests.Count, world.Second.Requests.Count));
    }

    [Fact]
    public async Task Auto_asks_the_provider_of_the_lowest_priority_first()
    {
        await using var world = await World.StartAsync(document => document with
        {
            Providers = [document.Providers[0] with { Priority = 200 }, document.Providers[1]],
            Models = [GatewayWorld.Model("a", ModelTypes.Chat, "p1"), GatewayWorld.Model("b", ModelTypes.Chat, "p2"), GatewayWorld.Model("c", ModelTypes.Chat, "p2", "p1")],
        });
        using var response = await world.AskAsync("chat/completions", "auto", explain: true);
        Assert.Equal(["p2 b", "p2 c", "p1 a", "p1 c"], Plan(response).GetProperty("candidates").EnumerateArray().Select(one => $"{one.GetProperty("provider").GetString()} {one.GetProperty("model").GetString()}"));
        Assert.Empty(world.First.Requests);
    }

    [Fact]
    public async Task A_plan_of_many_long_names_still_explains_itself()
    {
        await using var world = await World.StartAsync();
        var names = Enumerable.Range(0, 31).Select(i => JsonSerializer.Serialize($"{new string('ä', 90)}{i}"));
        using var response = await world.Gateway.PostAsync($$"""{"models":["m",{{string.Join(',', names)}}],"messages":[{"role":"user","content":"Hi"}]}""", change: Explained);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var plan = Plan(response);
        Assert.Equal(2, plan.GetProperty("candidates").GetArrayLength());
        Assert.InRange(plan.GetProperty("refused").GetArrayLength(), 2, 16);
    }

    /// <remarks>What they cost together is more than a whole number of 64 bits holds.</remarks>
    [Fact]
    public async Task No_number_of_tokens_turns_the_order_of_costs()
    {
        await using var world = await World.StartAsync(document => document with
        {
            Models = [GatewayWorld.Model("m", ModelTypes.Chat) with { Offers = [new SnapshotOffer("p1", "m") { OutputPrice = 1 }, new SnapshotOffer("p2", "m") { OutputPrice = 2 }] }],
        });
        using var response = await world.Gateway.PostAsync("""{"model":"m","max_tokens":4611686018427387904,"n":3,"routing":{"strategy":"cost"},"messages":[{"role":"user","content":"Hi"}]}""", change: Explained);
        Assert.Equal("p1", Plan(response).GetProperty("candidates")[0].GetProperty("provider").GetString());
    }

    private static void Explained(HttpRequestMessage request) => request.Headers.Add(OrreryHeaders.Explain, "1");

    private static JsonElement Plan(HttpResponseMessage response) => JsonDocument.Parse(response.Headers.GetValues(OrreryHeaders.Explain).Single()).RootElement;

    private static SnapshotRoute Route(string name, RouteMatch? match, string target) =>
        new() { Namespace = "default", Name = name, Order = 100, Match = match, Targets = [new() { Model = target }] };

    private static string ModelOf(string path) => path switch
    {
        "embeddings" or "rerank" or "score" => "vectors",
        "images/generations" => "painter",
        "audio/speech" => "voice",
        "audio/transcriptions" or "audio/translations" => "ears",
        _ => "m",
    };

    private static string Part(string name, string value, string more = "") => $"Content-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{value}";

    private static string Form(params IEnumerable<string> parts) => string.Concat(parts.Select(part => $"--{Boundary}\r\n{part}\r\n")) + $"--{Boundary}--\r\n";

    /// <summary>Two providers that serve a model of each type, and let /tokenize through.</summary>
    private sealed class World : IAsyncDisposable
    {
        public required ScriptedEngine First { get; init; }

        public required ScriptedEngine Second { get; init; }

        public required GatewayWorld Gateway { get; init; }

        public static async Task<World> StartAsync(Func<SnapshotDocument, SnapshotDocument>? change = null)
        {
            var (first, second) = (await ScriptedEngine.StartAsync(AnswerAsync), await ScriptedEngine.StartAsync(AnswerAsync));
            var document = GatewayWorld.Document([.. new[] { first, second }.Select((engine, i) => GatewayWorld.Provider($"p{i + 1}", engine.Url) with { PassThrough = ["/tokenize"] })]) with
            {
                Keys = [GatewayWorld.AccessKey() with { PassThrough = true }],
                Models =
                [
                    GatewayWorld.Model("m", ModelTypes.Chat, "p1", "p2") with { Aliases = ["alias-of-m"] },
                    GatewayWorld.Model("large", ModelTypes.Chat) with { Offers = [new SnapshotOffer("p1", "large-upstream")] },
                    GatewayWorld.Model("vectors", ModelTypes.Embedding, "p1", "p2"),
                    GatewayWorld.Model("painter", ModelTypes.ImageGeneration, "p1", "p2"),
                    GatewayWorld.Model("voice", ModelTypes.TextToSpeech, "p1", "p2"),
                    GatewayWorld.Model("ears", ModelTypes.SpeechToText, "p1", "p2"),
                ],
            };
            return new() { First = first, Second = second, Gateway = await GatewayWorld.StartAsync(change?.Invoke(document) ?? document) };
        }

        public Task<HttpResponseMessage> AskAsync(string path, string model, bool isAlone = false, bool isRouted = false, bool explain = false)
        {
            var (operation, isStream) = (path.Split(' ')[0], path.EndsWith(" stream", StringComparison.Ordinal));
            void Change(HttpRequestMessage request)
            {
                request.Headers.Add("x-route", isRouted ? ["yes"] : Array.Empty<string>());
                request.Headers.Add(OrreryHeaders.Explain, explain ? "1" : "0");
            }

            if (operation.StartsWith("audio/t", StringComparison.Ordinal))
            {
                string[] wish = isAlone ? [Part("routing[fallback]", "false")] : [];
                return PostFormAsync("/v1/" + operation, [Part("model", model), .. wish, Part("file", "RIFF", "; filename=\"a.wav\"")], Change);
            }

            var input = operation switch
            {
                "chat/completions" => "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]",
                "rerank" => "\"query\":\"a\",\"documents\":[\"b\"]",
                "score" => "\"text_1\":\"a\",\"text_2\":\"b\"",
                "embeddings" or "audio/speech" => "\"input\":\"Hi\"",
                _ => "\"prompt\":\"Hi\"",
            };
            var more = (isStream ? ",\"stream\":true" : "") + (isAlone ? ",\"routing\":{\"fallback\":false}" : "");
            return Gateway.PostAsync($$"""{"model":"{{model}}",{{input}}{{more}}}""", operation == "tokenize" ? "/tokenize" : "/v1/" + operation, Change);
        }

        public Task<HttpResponseMessage> PostFormAsync(string path, IEnumerable<string> parts, Action<HttpRequestMessage>? change = null) => Gateway.PostAsync("", path, request =>
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Form(parts)));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=" + Boundary);
            change?.Invoke(request);
        });

        public async ValueTask DisposeAsync()
        {
            await Gateway.DisposeAsync();
            await First.DisposeAsync();
            await Second.DisposeAsync();
        }

        private static Task AnswerAsync(HttpContext http) => (http.Request.Path.Value switch
        {
            _ when ((string)http.Items[BodyItem]!).Contains("\"stream\":true", StringComparison.Ordinal) => Sse([Chunk("Hello", finish: "\"stop\""), Done]),
            "/v1/embeddings" or "/v1/rerank" or "/v1/score" => Json("""{"object":"list","data":[{"index":0,"embedding":[0.5]}],"model":"upstream-model","usage":{"prompt_tokens":1,"total_tokens":1}}"""),
            "/v1/images/generations" => Json("""{"created":1,"data":[{"b64_json":"AA=="}]}"""),
            "/v1/audio/transcriptions" or "/v1/audio/translations" => Json("""{"text":"Hello"}"""),
            "/v1/audio/speech" => Sound,
            "/tokenize" => Json("""{"count":1,"tokens":[1]}"""),
            _ => Json(Answer),
        })(http);

        private static async Task Sound(HttpContext http)
        {
            http.Response.ContentType = "audio/mpeg";
            await http.Response.Body.WriteAsync(new byte[100]);
        }
    }
}
