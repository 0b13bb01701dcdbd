using System.Net;
using Orrery.Contracts;
using Orrery.Gateway.Routing;
using Orrery.Tests.Telemetry;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway.Providers;

/// <summary>A provider with several keys: in turn, and what happens when one is refused or throttled.</summary>
public sealed class KeyRotationTests
{
    [Fact]
    public async Task Keys_are_used_in_turn()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync(engine, "sk-a", "sk-b", "sk-c");
        await AllAnswered(world, 9);
        Assert.All(Vendor.KeysOf(engine).CountBy(key => key), used => Assert.Equal(3, used.Value));
        Assert.Equal(3, Vendor.KeysOf(engine).Distinct().Count());
    }

    [Fact]
    public async Task A_refused_key_is_set_aside_and_its_request_is_answered_with_the_next()
    {
        await using var engine = await ScriptedEngine.StartAsync(Vendor.ByKey(key => key == "sk-bad" ? Vendor.Refuses(key) : null));
        await using var world = await StartAsync(engine, "sk-bad", "sk-b", "sk-c");
        await AllAnswered(world, 12);
        Assert.Equal(1, Vendor.KeysOf(engine).Count(key => key == "sk-bad"));
        var (keys, health) = await Vendor.ExplainAsync(world);
        Assert.Matches(@"^1 \(keys/k1\): refused for \d+\.\d s more \(401\)$", keys[0]);
        Assert.Equal(["2 (keys/k2): in service", "3 (keys/k3): in service"], keys[1..]);
        Assert.Equal("healthy", health);
    }

    [Fact]
    public async Task A_throttled_key_cools_and_comes_back_by_itself_while_endpoint_and_provider_serve()
    {
        var isThrottled = true;
        await using var engine = await ScriptedEngine.StartAsync(Vendor.ByKey(key => key == "sk-a" && isThrottled ? Vendor.Throttles(("Retry-After", "1")) : null));
        await using var other = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(Vendor.Provider("p1", engine.Url, "sk-a", "sk-b"), GatewayWorld.Provider("p2", other.Url)));
        await AllAnswered(world, 6);
        Assert.Equal(1, Vendor.KeysOf(engine).Count(key => key == "sk-a"));
        Assert.Empty(other.Requests);
        var (keys, health) = await Vendor.ExplainAsync(world);
        Assert.Matches(@"^1 \(keys/k1\): cooling for \d\.\d s more \(429\)$", keys[0]);
        Assert.Equal("healthy", health);
        isThrottled = false;
        await Eventually.Holds(async () => (await Vendor.ExplainAsync(world)).Keys[0], state => state == "1 (keys/k1): in service");
        await AllAnswered(world, 2);
        Assert.Equal("sk-a", Vendor.KeysOf(engine).TakeLast(2).Order().First());
        Assert.Empty(other.Requests);
    }

    [Theory]
    [InlineData("x-ratelimit-reset-requests", "4m30s", 240, 270)]
    [InlineData("x-ratelimit-reset-tokens", "45", 30, 45)]
    [InlineData("retry-after-ms", "20500", 10, 21)]
    [InlineData("Retry-After", "90000", 280, 300)]
    [InlineData("x-other", "1", 0, 1)]
    public async Task How_long_a_key_cools_is_the_vendors_to_say_within_bounds(string header, string value, double least, double most)
    {
        await using var engine = await ScriptedEngine.StartAsync(Vendor.ByKey(key => key == "sk-a" ? Vendor.Throttles((header, value)) : null));
        await using var world = await StartAsync(engine, "sk-a", "sk-b");
        await AllAnswered(world, 2);
        var keys = KeysOf(world);
        Assert.InRange(keys.Single(key => key.Name.Source == "keys/k1").Remaining.TotalSeconds, least, most);
        Assert.Equal(TimeSpan.Zero, keys.Single(key => key.Name.Source == "keys/k2").Remaining);
    }

    [Fact]
    public async Task When_all_keys_have_to_wait_nobody_is_asked_and_the_soonest_is_told()
    {
        await using var engine = await ScriptedEngine.StartAsync(Vendor.ByKey(key => Vendor.Throttles(("Retry-After", key == "sk-a" ? "200" : "100"))));
        await using var world = await StartAsync(engine, "sk-a", "sk-b");
        using var first = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal((429, "100"), ((int)first.StatusCode, first.Headers.GetValues("Retry-After").Single()));
        Assert.Equal(2, engine.Requests.Count);
        using var second = await world.PostAsync(GatewayWorld.StreamChat());
        var error = await ErrorBody.ReadAsync(second);
        Assert.Equal((429, "rate_limit_error", "rate_limit_exceeded"), (error.Status, error.Type, error.Code));
        Assert.Equal("The provider 'p1' takes no more requests now: each of its 2 keys has to wait.", error.Message);
        Assert.InRange(int.Parse(second.Headers.GetValues("Retry-After").Single(), System.Globalization.CultureInfo.InvariantCulture), 90, 100);
        Assert.Equal("p1", second.Headers.GetValues("X-Orrery-Provider").Single());
        Assert.Equal(2, engine.Requests.Count);
    }

    [Fact]
    public async Task Another_provider_answers_while_all_keys_of_the_first_have_to_wait()
    {
        await using var engine = await ScriptedEngine.StartAsync(Vendor.ByKey(_ => Vendor.Throttles(("Retry-After", "100"))));
        await using var other = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(Vendor.Provider("p1", engine.Url, "sk-a", "sk-b"), GatewayWorld.Provider("p2", other.Url)));
        await AllAnswered(world, 5);
        Assert.Equal((2, 5), (engine.Requests.Count, other.Requests.Count));
        Assert.Equal("healthy", (await Vendor.ExplainAsync(world)).Health);
    }

    [Fact]
    public async Task When_all_keys_are_refused_it_is_the_operators_trouble_and_nobody_is_asked_again()
    {
        await using var engine = await ScriptedEngine.StartAsync(Vendor.ByKey(Vendor.Refuses));
        await using var world = await StartAsync(engine, "sk-a", "sk-b");
        for (var i = 0; i < 3; i++)
        {
            using var response = await world.PostAsync(GatewayWorld.Chat());
            var error = await ErrorBody.ReadAsync(response);
            Assert.Equal((502, "upstream_credential_refused"), (error.Status, error.Code));
        }

        Assert.Equal(2, engine.Requests.Count);
    }

    [Fact]
    public async Task What_is_forbidden_with_every_key_is_not_held_against_any()
    {
        const string flagged = """{"error":{"message":"The input was flagged","code":403,"metadata":{"reasons":["violence"]}}}"""; // OpenRouter, "Errors": a moderated model's 403.
        var forbids = true;
        await using var engine = await ScriptedEngine.StartAsync(Vendor.ByKey(_ => forbids ? Json(flagged, 403) : null));
        await using var world = await StartAsync(engine, "sk-a", "sk-b");
        using (var response = await world.PostAsync(GatewayWorld.Chat()))
        {
            Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        }

        Assert.Equal(2, engine.Requests.Count);
        forbids = false;
        Assert.All((await Vendor.ExplainAsync(world)).Keys, key => Assert.EndsWith("in service", key));
    }

    [Fact]
    public async Task A_key_that_alone_is_forbidden_is_set_aside()
    {
        await using var engine = await ScriptedEngine.StartAsync(Vendor.ByKey(key => key == "sk-a" ? Json("""{"error":{"message":"no access to this project"}}""", 403) : null));
        await using var world = await StartAsync(engine, "sk-a", "sk-b");
        await AllAnswered(world, 6);
        Assert.Equal(1, Vendor.KeysOf(engine).Count(key => key == "sk-a"));
        Assert.Matches(@"^1 \(keys/k1\): refused for .* \(403, while another key is accepted\)$", (await Vendor.ExplainAsync(world)).Keys[0]);
    }

    [Theory]
    [InlineData(429, Vendor.Exhausted, "429, insufficient_quota")]
    [InlineData(402, """{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}""", "402, unpaid")] // DeepSeek, "Error Codes".
    public async Task A_key_whose_account_is_empty_is_set_aside_as_a_refused_one(int status, string body, string why)
    {
        await using var engine = await ScriptedEngine.StartAsync(Vendor.ByKey(key => key == "sk-a" ? Json(body, status) : null));
        await using var world = await StartAsync(engine, "sk-a", "sk-b");
        await AllAnswered(world, 4);
        Assert.Equal(1, Vendor.KeysOf(engine).Count(key => key == "sk-a"));
        Assert.EndsWith($"({why})", (await Vendor.ExplainAsync(world)).Keys[0]);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(429)]
    public async Task Attempts_with_one_key_after_another_are_bounded(int status)
    {
        await using var engine = await ScriptedEngine.StartAsync(Json("{}", status));
        await using var other = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(
            GatewayWorld.Document(Vendor.Provider("p1", engine.Url, "sk-a", "sk-b", "sk-c", "sk-d", "sk-e"), GatewayWorld.Provider("p2", other.Url)), "--Gateway:MaxAttempts=3");
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(status == 401 ? HttpStatusCode.BadGateway : HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal((3, 0), (engine.Requests.Count, other.Requests.Count));
        Assert.Equal(3, Vendor.KeysOf(engine).Distinct().Count());
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(400)]
    public async Task What_is_not_the_keys_fault_is_not_tried_with_another(int status)
    {
        await using var engine = await ScriptedEngine.StartAsync(Json("""{"error":{"message":"no"}}""", status));
        await using var world = await StartAsync(engine, "sk-a", "sk-b");
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Single(engine.Requests);
        Assert.All(KeysOf(world), key => Assert.Equal(KeyState.InService, key.State));
    }

    [Fact]
    public async Task A_replaced_key_starts_well_and_the_others_stay_as_they_are()
    {
        await using var engine = await ScriptedEngine.StartAsync(Vendor.ByKey(key => key.StartsWith("sk-bad", StringComparison.Ordinal) ? Vendor.Refuses(key) : null));
        await using var world = await StartAsync(engine, "sk-bad-1", "sk-bad-2", "sk-c");
        await AllAnswered(world, 3);
        Assert.Equal(["refused", "refused", "in_service"], StatesOf(world));
        world.Catalogue.Send(new SnapshotDelta { From = 1, Revision = 2, Providers = [Vendor.Provider("p1", engine.Url, "sk-new", "sk-bad-2", "sk-c")] });
        await Eventually.Holds(() => world.Current.Value!.Revision == 2);
        Assert.Equal(["in_service", "refused", "in_service"], StatesOf(world));
        await AllAnswered(world, 4);
        Assert.Equal(2, Vendor.KeysOf(engine).Count(key => key == "sk-new"));
        Assert.Equal(1, Vendor.KeysOf(engine).Count(key => key == "sk-bad-2"));
    }

    [Fact]
    public async Task A_provider_with_one_key_is_judged_as_before()
    {
        await using var engine = await ScriptedEngine.StartAsync(Vendor.ByKey(_ => Vendor.Throttles(("Retry-After", "50"))));
        await using var world = await StartAsync(engine, "sk-a");
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal("50", response.Headers.GetValues("Retry-After").Single());
        using var explained = await world.PostAsync(GatewayWorld.Chat(), change: request => request.Headers.Add("X-Orrery-Explain", "1"));
        var plan = explained.Headers.GetValues("X-Orrery-Explain").Single();
        Assert.Contains("cooling for", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("\"keys\"", plan, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_several_keys_those_that_cannot_be_opened_are_left_out_and_told()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        var provider = Vendor.Provider("p1", engine.Url, "sk-a", "sk-b", "sk-\u00e4");
        provider = provider with { ApiKeys = [provider.ApiKeys[0], provider.ApiKeys[1] with { Key = "moved" }, provider.ApiKeys[2]] };
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(provider));
        world.ExpectError("ProviderKeyLost");
        await AllAnswered(world, 3);
        Assert.All(Vendor.KeysOf(engine), key => Assert.Equal("sk-a", key));
    }

    [Fact]
    public async Task A_stream_goes_on_with_the_next_key_before_the_client_sees_anything()
    {
        await using var engine = await ScriptedEngine.StartAsync(Vendor.ByKey(key => key == "sk-a" ? Vendor.Throttles(("Retry-After", "9")) : Sse([Role, Chunk("Hi", finish: "\"stop\""), UsageChunk(3, 1), Done])));
        await using var world = await StartAsync(engine, "sk-a", "sk-b");
        for (var i = 0; i < 2; i++)
        {
            using var response = await world.PostAsync(GatewayWorld.StreamChat());
            Assert.EndsWith(Done, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        Assert.Equal(3, engine.Requests.Count);
        await Eventually.Holds(() => world.Catalogue.Usage.Count == 2);
        Assert.All(world.Catalogue.Usage, used => Assert.Equal((3, 1), (used.PromptTokens, used.CompletionTokens)));
    }

    [Fact]
    public async Task Of_many_requests_at_once_all_are_answered_and_a_bad_key_is_told_once()
    {
        await using var engine = await ScriptedEngine.StartAsync(Vendor.ByKey(key => key == "sk-bad" ? Vendor.Refuses(key) : null));
        await using var world = await StartAsync(engine, "sk-bad", "sk-b", "sk-c");
        var responses = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => world.PostAsync(GatewayWorld.Chat())));
        Assert.All(responses, response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        Array.ForEach(responses, response => response.Dispose());
        Assert.InRange(KeysOf(world)[0].Remaining, TimeSpan.FromTicks(1), KeyHealth.FirstRefusal); // However many were refused, it is set aside once.
        Assert.Equal(["refused", "in_service", "in_service"], StatesOf(world));
    }

    [Fact]
    public async Task Anthropics_keys_take_turns_in_their_own_header_and_wait_until_the_time_that_it_names()
    {
        var reset = TimeProvider.System.GetUtcNow().AddSeconds(90).ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
        await using var engine = await ScriptedEngine.StartAsync(http => http.Request.Headers["x-api-key"].ToString() switch
        {
            "sk-ant-bad" => AnthropicEngine.Fails(401, "authentication_error", "invalid x-api-key")(http),
            "sk-ant-busy" => AnthropicEngine.Fails(429, "rate_limit_error", "slow down", ("anthropic-ratelimit-tokens-reset", reset), ("anthropic-ratelimit-tokens-remaining", "0"))(http),
            _ => AnthropicEngine.Answers(AnthropicEngine.Message())(http),
        });
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(Vendor.With(AnthropicEngine.Provider("p1", engine.Url), "sk-ant-bad", "sk-ant-busy", "sk-ant-good")));
        await AllAnswered(world, 3);
        Assert.Equal(["refused", "cooling", "in_service"], StatesOf(world));
        Assert.InRange(KeysOf(world)[1].Remaining.TotalSeconds, 60, 90);
    }

    [Fact]
    public async Task A_trace_says_which_key_an_attempt_was_made_with()
    {
        await using var engine = await ScriptedEngine.StartAsync(Vendor.ByKey(key => key == "sk-a" ? Vendor.Refuses(key) : null));
        await using var receiver = await OtlpReceiver.StartAsync();
        await using (var world = await GatewayWorld.StartAsync(
            GatewayWorld.Document(Vendor.Provider("p1", engine.Url, "sk-a", "sk-b")),
            $"--OTEL_EXPORTER_OTLP_ENDPOINT={receiver.Url}", "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "--Telemetry:SampleRatio=1"))
        {
            await AllAnswered(world, 2);
        }

        await Eventually.Holds(() => receiver.Spans.Count(span => span.Tags.ContainsKey("orrery.provider_key")) >= 3);
        Assert.Equal(
            ["1 (keys/k1)", "2 (keys/k2)", "2 (keys/k2)"],
            receiver.Spans.Where(span => span.Kind == 3).Select(span => span.Tags.GetValueOrDefault("orrery.provider_key")).OfType<string>().Order());
    }

    private static Task<GatewayWorld> StartAsync(ScriptedEngine engine, params string[] keys) => GatewayWorld.StartAsync(GatewayWorld.Document(Vendor.Provider("p1", engine.Url, keys)));

    private static async Task AllAnswered(GatewayWorld world, int requests)
    {
        for (var i = 0; i < requests; i++)
        {
            using var response = await world.PostAsync(GatewayWorld.Chat());
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    private static List<KeyHealth> KeysOf(GatewayWorld world) =>
        [.. world.Current.Value!.Callers.Values.Single().Models.ByName["m"].Plan.Candidates[0].Provider.Access.Keys!.Keys.Select(key => key.Health)];

    private static IEnumerable<string> StatesOf(GatewayWorld world) => KeysOf(world).Select(key => KeyHealth.Text(key.State));
}
