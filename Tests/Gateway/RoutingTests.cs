using System.Net;
using System.Text.Json;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway;

/// <summary>Who answers: by name, by several names, by strategy, by route; and what the plan says of it.</summary>
public sealed class RoutingTests
{
    private const string Down = """{"error":{"message":"down","type":"server_error"}}""";

    [Theory]
    [InlineData("a", "a")]
    [InlineData("p1/a", "a")]
    [InlineData("p1:a", "a")]
    [InlineData("alias-of-b", "b")]
    [InlineData("p2:alias-of-b", "b")]
    [InlineData("with:colon", "with:colon")]
    public async Task A_model_is_named_by_id_alias_or_with_its_provider(string name, string answers)
    {
        await using var world = await TwoProviders.StartAsync();
        Assert.Equal(answers, await world.AnswerOf(Chat(name)));
    }

    [Fact]
    public async Task Several_names_are_tried_in_order_and_engines_see_neither_list_nor_routing()
    {
        await using var world = await TwoProviders.StartAsync();
        world.First.Script = Json(Down, 503);
        const string Body = """{"models":["nobody","p1:a","b"],"routing":{"fallback":true},"messages":[{"role":"user","content":"Hi"}],"seed":7}""";
        using var response = await world.World.PostAsync(Body, change: Explained);
        Assert.Equal("b", await TwoProviders.ModelOf(response));
        Assert.Equal("""{"model":"b-upstream","messages":[{"role":"user","content":"Hi"}],"seed":7}""", world.Second.Last.Body);
        Assert.Equal("""{"model":"a-upstream","messages":[{"role":"user","content":"Hi"}],"seed":7}""", world.First.Last.Body);
        var plan = Plan(response);
        Assert.Equal("nobody", plan.GetProperty("refused")[0].GetProperty("name").GetString());
        Assert.Equal(["a", "b"], plan.GetProperty("candidates").EnumerateArray().Select(one => one.GetProperty("model").GetString()));
        Assert.Equal("b", (await world.World.OnlyUsageAsync()).Model);
    }

    [Fact]
    public async Task The_named_model_goes_before_the_list()
    {
        await using var world = await TwoProviders.StartAsync();
        Assert.Equal("b", await world.AnswerOf("""{"model":"b","models":["a"],"messages":[{"role":"user","content":"Hi"}]}"""));
        world.Second.Script = Json(Down, 500);
        Assert.Equal("a", await world.AnswerOf("""{"model":"b","models":["a"],"messages":[{"role":"user","content":"Hi"}]}"""));
    }

    [Theory]
    [InlineData("""{"models":["x","y"],"messages":[{"role":"user","content":"Hi"}]}""", 404, "model", "'x' does not exist")]
    [InlineData("""{"models":[],"messages":[{"role":"user","content":"Hi"}]}""", 400, "models", "1 to 32 texts")]
    [InlineData("""{"models":"a","messages":[{"role":"user","content":"Hi"}]}""", 400, "models", "1 to 32 texts")]
    [InlineData("""{"models":["a",5],"messages":[{"role":"user","content":"Hi"}]}""", 400, "models", "1 to 32 texts")]
    [InlineData("""{"models":["vectors"],"messages":[{"role":"user","content":"Hi"}]}""", 400, "model", "is of type embedding")]
    [InlineData("""{"model":"a","routing":{"strategy":"cheapest"},"messages":[{"role":"user","content":"Hi"}]}""", 400, "routing.strategy", "'cheapest'; expected one of priority, weighted, cost")]
    [InlineData("""{"model":"a","routing":{"strategie":"cost"},"messages":[{"role":"user","content":"Hi"}]}""", 400, "routing", "'strategie'; expected strategy, providers and fallback")]
    [InlineData("""{"model":"a","routing":{"fallback":"no"},"messages":[{"role":"user","content":"Hi"}]}""", 400, "routing.fallback", "neither true nor false")]
    [InlineData("""{"model":"a","routing":{"providers":["p2"]},"messages":[{"role":"user","content":"Hi"}]}""", 400, "routing.providers", "expected providers of 'a': p1")]
    [InlineData("""{"model":"a","routing":[],"messages":[{"role":"user","content":"Hi"}]}""", 400, "routing", "is no object")]
    public async Task What_cannot_be_meant_is_refused_by_name(string body, int status, string param, string message)
    {
        await using var world = await TwoProviders.StartAsync();
        using var response = await world.World.PostAsync(body);
        Assert.Equal(status, (int)response.StatusCode);
        using var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(param, error.RootElement.GetProperty("error").GetProperty("param").GetString());
        Assert.Contains(message, error.RootElement.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strategies_order_the_providers_of_a_model()
    {
        await using var world = await TwoProviders.StartAsync();
        Assert.Equal("p1", await world.FirstOf("shared", "priority"));
        Assert.Equal("p2", await world.FirstOf("shared", "cost"));
        Assert.Equal("p2", await world.FirstOf("shared", "cost-optimized"));
        var turns = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            turns.Add(await world.FirstOf("shared", "round-robin"));
        }

        Assert.Equal(2, turns.Count(turn => turn == "p1"));
        Assert.NotEqual(turns[0], turns[1]);
        using var response = await world.World.PostAsync("""{"model":"shared","routing":{"providers":["p2","p1"]},"messages":[{"role":"user","content":"Hi"}]}""", change: Explained);
        Assert.Equal(["p2", "p1"], Providers(response));
        Assert.Contains("in the order of routing.providers", Plan(response).GetProperty("rule").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Weights_deal_requests_out()
    {
        await using var world = await TwoProviders.StartAsync(document => document with
        {
            Providers = [.. document.Providers.Select(provider => provider with { Weight = provider.Name == "p1" ? 3 : 1 })],
        });
        var first = 0;
        for (var i = 0; i < 200; i++)
        {
            first += await world.FirstOf("shared", "weighted") == "p1" ? 1 : 0;
        }

        Assert.InRange(first, 115, 180); // 150 expected; beyond this once in a million runs.
    }

    [Fact]
    public async Task The_fastest_is_asked_first_once_it_is_known()
    {
        await using var world = await TwoProviders.StartAsync();
        var slow = world.First.Script;
        world.First.Script = async http =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(150), TimeProvider.System, CancellationToken.None);
            await slow(http);
        };
        await world.FirstOf("shared", "latency");
        await world.FirstOf("shared", "latency");
        var fast = 0;
        for (var i = 0; i < 10; i++)
        {
            fast += await world.FirstOf("shared", "latency") == "p2" ? 1 : 0;
        }

        Assert.InRange(fast, 7, 10); // One request in fifty goes exploring.
    }

    [Fact]
    public async Task Auto_is_any_model_that_fits()
    {
        await using var world = await TwoProviders.StartAsync();
        using var response = await world.World.PostAsync("""{"model":"auto","routing":{"strategy":"cost","providers":["p2"]},"messages":[{"role":"user","content":"Hi"}]}""", change: Explained);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["p2"], Providers(response).Distinct());
        Assert.DoesNotContain("vectors", Plan(response).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_fallback_one_provider_answers_or_nobody()
    {
        await using var world = await TwoProviders.StartAsync();
        world.First.Script = Json(Down, 503);
        Assert.Equal("shared", await world.AnswerOf(Chat("shared")));
        using var refused = await world.World.PostAsync("""{"model":"shared","routing":{"fallback":false},"messages":[{"role":"user","content":"Hi"}]}""", change: Explained);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal(["p1"], Providers(refused));
        using var listed = await world.World.PostAsync("""{"models":["a","b"],"routing":{"fallback":false},"messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, listed.StatusCode);
    }

    [Theory]
    [InlineData("tag", "regulated")]
    [InlineData("header", "")]
    [InlineData("key", "")]
    [InlineData("model", "")]
    [InlineData("size", "")]
    [InlineData("image", "")]
    public async Task A_route_matches_on(string what, string tags)
    {
        var match = what switch
        {
            "tag" => new RouteMatch { Tag = "regulated" },
            "header" => new RouteMatch { Headers = new Dictionary<string, string> { ["x-team"] = "research", ["x-any"] = "*" } },
            "key" => new RouteMatch { Keys = ["team-key", "other"] },
            "model" => new RouteMatch { Models = ["smart", "a"] },
            "size" => new RouteMatch { InputTokens = new(AtLeast: 100) },
            _ => new RouteMatch { Modalities = ["image"] },
        };
        await using var world = await TwoProviders.StartAsync(document => document with { Routes = [Route("one", match, "b")] });
        var content = what switch
        {
            "size" => '"' + new string('x', 500) + '"',
            "image" => """[{"type":"text","text":"What is it?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]""",
            _ => "\"Hi\"",
        };
        using var matched = await world.World.PostAsync(
            $$"""{"model":"a","messages":[{"role":"user","content":{{content}}}]}""",
            change: request =>
            {
                Explained(request);
                request.Headers.Add("x-team", "research");
                request.Headers.Add("x-any", "thing");
                request.Headers.Add("X-Orrery-Tags", $"other, {tags}");
            });
        Assert.Equal("b", await TwoProviders.ModelOf(matched));
        Assert.StartsWith("route 'one'", Plan(matched).GetProperty("rule").GetString(), StringComparison.Ordinal);
        if (what is not "key")
        {
            Assert.Equal(what == "model" ? "shared" : "a", await world.AnswerOf(Chat(what == "model" ? "shared" : "a")));
        }
    }

    [Fact]
    public async Task A_keys_own_tags_count_and_the_first_route_in_order_decides()
    {
        await using var world = await TwoProviders.StartAsync(document => document with
        {
            Keys = [GatewayWorld.AccessKey() with { Tags = ["regulated"] }],
            Routes = [Route("z-first", new RouteMatch { Tags = ["regulated"] }, "b") with { Order = 1 }, Route("a-later", null, "a") with { Order = 2 }],
        });
        Assert.Equal("b", await world.AnswerOf(Chat("shared")));
    }

    [Fact]
    public async Task A_name_can_exist_through_a_route_alone_and_is_listed()
    {
        await using var world = await TwoProviders.StartAsync(document => document with
        {
            Keys = [GatewayWorld.AccessKey() with { AllowedModels = ["smart"] }],
            Routes = [Route("smart", new RouteMatch { Models = ["smart"] }, "b")],
        });
        Assert.Equal("b", await world.AnswerOf(Chat("smart")));
        using var list = JsonDocument.Parse(await world.World.Client.GetStringAsync("/v1/models", TestContext.Current.CancellationToken));
        Assert.Equal("smart", Assert.Single(list.RootElement.GetProperty("data").EnumerateArray()).GetProperty("id").GetString());
        using var denied = await world.World.PostAsync(Chat("b"));
        Assert.Equal(HttpStatusCode.Forbidden, denied.StatusCode);
    }

    [Fact]
    public async Task A_name_that_a_route_alone_knows_is_refused_to_keys_that_do_not_hold_it_wherever_it_leads()
    {
        await using var world = await TwoProviders.StartAsync(document => document with
        {
            Keys = [GatewayWorld.AccessKey() with { AllowedModels = ["b"] }],
            Routes = [Route("clever", new RouteMatch { Models = ["smart", "a"] }, "b")],
        });
        using var response = await world.World.PostAsync(Chat("smart"));
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((403, "permission_denied", "model_not_allowed", "model"), (error.Status, error.Type, error.Code, error.Param));
        Assert.Equal(
            "The access key 'team-key' may not call 'smart', a name of the route 'clever'. GET /v1/models lists what it may; an operator extends its allowedModels by the name.",
            error.Message);
        Assert.Equal("b", await world.AnswerOf(Chat("a"))); // A model's name, that it may not call: the route leads to one that it may.
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("b", true)]
    [InlineData("p2", true)]
    [InlineData("", false)]
    public async Task A_routes_fallback_holds(string? fallback, bool isAnswered)
    {
        IReadOnlyList<string>? names = fallback is null ? null : fallback.Length == 0 ? [] : [fallback];
        await using var world = await TwoProviders.StartAsync(document => document with { Routes = [Route("one", null, fallback == "p2" ? "p1/shared" : "shared") with { Fallback = names }] });
        world.First.Script = Json(Down, 503);
        using var response = await world.World.PostAsync(Chat("a"), change: Explained);
        Assert.Equal(isAnswered ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(!isAnswered, world.Second.Requests.IsEmpty);
    }

    [Fact]
    public async Task A_canary_gets_its_share_and_the_other_target_stands_in()
    {
        await using var world = await TwoProviders.StartAsync(document => document with
        {
            Routes = [Route("canary", null, "a") with { Targets = [new() { Model = "a", Weight = 3 }, new() { Model = "b", Weight = 1 }] }],
        });
        var canary = 0;
        for (var i = 0; i < 200; i++)
        {
            canary += await world.AnswerOf(Chat("shared")) == "b" ? 1 : 0;
        }

        Assert.InRange(canary, 20, 85); // 50 expected.
        world.First.Script = Json(Down, 500);
        Assert.Equal("b", await world.AnswerOf(Chat("shared")));
    }

    [Fact]
    public async Task A_route_that_leads_nowhere_says_so()
    {
        await using var world = await TwoProviders.StartAsync(document => document with { Routes = [Route("lost", null, "gone")] });
        using var response = await world.World.PostAsync(Chat("a"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("The route 'lost' decides over this request, but its target 'gone' does not exist.", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Fact]
    public async Task Of_several_models_those_stay_that_the_key_may_call()
    {
        await using var world = await TwoProviders.StartAsync(document => document with { Keys = [GatewayWorld.AccessKey() with { AllowedModels = ["b"] }] });
        using var response = await world.World.PostAsync("""{"models":["a","b"],"messages":[{"role":"user","content":"Hi"}]}""", change: Explained);
        Assert.Equal("b", await TwoProviders.ModelOf(response));
        Assert.Contains("this access key may not call it", Plan(response).GetProperty("refused")[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
        using var denied = await world.World.PostAsync("""{"models":["a","shared"],"messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal(HttpStatusCode.Forbidden, denied.StatusCode);
    }

    private static string Chat(string model) => GatewayWorld.Chat(model);

    private static SnapshotRoute Route(string name, RouteMatch? match, string target) =>
        new() { Namespace = "default", Name = name, Order = 100, Match = match, Targets = [new() { Model = target }] };

    private static void Explained(HttpRequestMessage request) => request.Headers.Add("X-Orrery-Explain", "1");

    private static JsonElement Plan(HttpResponseMessage response) => JsonDocument.Parse(response.Headers.GetValues("X-Orrery-Explain").Single()).RootElement;

    private static List<string> Providers(HttpResponseMessage response) =>
        [.. Plan(response).GetProperty("candidates").EnumerateArray().Select(one => one.GetProperty("provider").GetString()!)];

    /// <summary>p1 serves a, p2 serves b (called alias-of-b too), both serve shared; p1's is the dearer.</summary>
    private sealed class TwoProviders : IAsyncDisposable
    {
        public required ScriptedEngine First { get; init; }

        public required ScriptedEngine Second { get; init; }

        public required GatewayWorld World { get; init; }

        public static async Task<TwoProviders> StartAsync(Func<SnapshotDocument, SnapshotDocument>? change = null)
        {
            var (first, second) = (await ScriptedEngine.StartAsync(), await ScriptedEngine.StartAsync());
            var document = GatewayWorld.Document(first, second) with
            {
                Models =
                [
                    Model("a", ModelTypes.Chat, ("p1", 1)),
                    Model("b", ModelTypes.Chat, ("p2", 1)) with { Aliases = ["alias-of-b"] },
                    Model("shared", ModelTypes.Chat, ("p1", 9), ("p2", 2)),
                    Model("vectors", ModelTypes.Embedding, ("p1", 1)),
                    Model("with:colon", ModelTypes.Chat, ("p1", 1)),
                ],
            };
            return new() { First = first, Second = second, World = await GatewayWorld.StartAsync(change?.Invoke(document) ?? document) };
        }

        public async Task<string?> AnswerOf(string body)
        {
            using var response = await World.PostAsync(body);
            return await ModelOf(response);
        }

        public async Task<string> FirstOf(string model, string strategy)
        {
            using var response = await World.PostAsync($$"""{"model":"{{model}}","routing":{"strategy":"{{strategy}}"},"messages":[{"role":"user","content":"Hi"}]}""", change: Explained);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return Providers(response)[0];
        }

        public static async Task<string?> ModelOf(HttpResponseMessage response)
        {
            var body = await response.Content.ReadAsStringAsync();
            Assert.True(response.IsSuccessStatusCode, body);
            using var answer = JsonDocument.Parse(body);
            return answer.RootElement.GetProperty("model").GetString();
        }

        public async ValueTask DisposeAsync()
        {
            await World.DisposeAsync();
            await First.DisposeAsync();
            await Second.DisposeAsync();
        }

        private static SnapshotModel Model(string id, string type, params (string Provider, double Price)[] offers) => GatewayWorld.Model(id, type) with
        {
            Offers = [.. offers.Select(offer => new SnapshotOffer(offer.Provider, $"{id}-upstream") { InputPrice = offer.Price, OutputPrice = offer.Price })],
        };
    }
}
