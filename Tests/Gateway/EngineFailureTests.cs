using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway;

/// <summary>What engines do wrong, and what the caller hears of it.</summary>
public sealed class EngineFailureTests
{
    [Theory]
    [InlineData(400, """{"error":{"message":"context too long","type":"BadRequestError","param":"messages","code":"context_length_exceeded"}}""", 400, "BadRequestError", "context_length_exceeded", "context too long")]
    [InlineData(400, """{"object":"error","message":"bad value","type":"BadRequestError","param":null,"code":400}""", 400, "BadRequestError", null, "bad value")]
    [InlineData(404, """{"error":"no such model"}""", 404, "invalid_request_error", null, "no such model")]
    [InlineData(422, """{"detail":"min_p must be a number"}""", 422, "invalid_request_error", null, "min_p must be a number")]
    [InlineData(413, "too big", 413, "invalid_request_error", null, "too big")]
    [InlineData(401, """{"error":{"message":"Incorrect API key: sk-abc"}}""", 502, "upstream_error", "upstream_credential_refused", "The provider 'p1' refused our credential (401). Your access key is fine; an operator must renew the provider's.")]
    [InlineData(403, "", 502, "upstream_error", "upstream_credential_refused", "The provider 'p1' refused our credential (403). Your access key is fine; an operator must renew the provider's.")]
    [InlineData(429, """{"error":{"message":"slow down","code":"rate"}}""", 429, "rate_limit_error", "rate", "The provider 'p1' takes no more requests now: slow down")]
    [InlineData(500, "<html>", 502, "upstream_error", "upstream_error", "The provider 'p1' failed (500): gave no reason")]
    [InlineData(503, """{"error":{"message":"loading"}}""", 503, "service_unavailable", "upstream_unavailable", "The provider 'p1' is not available: loading")]
    [InlineData(302, "", 502, "upstream_error", "upstream_error", "The provider 'p1' answered with a redirection (302), which is not followed.")]
    [InlineData(200, """{"error":{"message":"out of memory"}}""", 502, "upstream_error", "upstream_error", "The provider 'p1' failed (502): out of memory")]
    [InlineData(200, """{"object":"error","message":"too long","type":"BadRequestError","code":400}""", 400, "BadRequestError", null, "too long")]
    [InlineData(200, "not json", 502, "upstream_error", "upstream_error", "The provider 'p1' answered with what is not a JSON object.")]
    [InlineData(200, "{\"id\":1", 502, "upstream_error", "upstream_error", "The provider 'p1' answered with what is not a JSON object.")]
    public async Task An_engines_error_keeps_its_meaning(int status, string body, int expected, string type, string? code, string message)
    {
        await using var engine = await ScriptedEngine.StartAsync(Json(body, status, ("Retry-After", "7")));
        foreach (var request in new[] { GatewayWorld.Chat(), GatewayWorld.StreamChat() })
        {
            await using var world = await GatewayWorld.StartAsync(engine);
            using var response = await world.PostAsync(request);
            var error = await ErrorBody.ReadAsync(response);
            if (request == GatewayWorld.StreamChat() && status == 200 && code == "upstream_error" && !body.Contains("error", StringComparison.Ordinal))
            {
                message = "The provider 'p1' answered a request for a stream without one.";
            }

            Assert.Equal((expected, type, code, message), (error.Status, error.Type, error.Code, error.Message));
            Assert.Equal("p1", response.Headers.GetValues("X-Orrery-Provider").Single());
            Assert.Equal(expected is 429 or 503 ? "7" : null, response.Headers.TryGetValues("Retry-After", out var values) ? values.Single() : null);
        }
    }

    [Fact]
    public async Task An_engine_that_is_not_there_is_named_without_its_address()
    {
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", $"http://127.0.0.1:{FreePort()}/v1")));
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(
            new ErrorBody(503, "The provider 'p1' cannot be reached: connection refused. Its server is down, or still starting.", "service_unavailable", null, "upstream_unreachable"),
            await ErrorBody.ReadAsync(response));
        Assert.Equal("5", response.Headers.GetValues("Retry-After").Single());
        var used = await world.OnlyUsageAsync();
        Assert.Equal((503, UsageOutcomes.UpstreamError, "p1"), (used.Status, used.Outcome, used.Provider));
    }

    [Fact]
    public async Task A_vendor_that_is_not_there_is_502()
    {
        var vendor = GatewayWorld.Provider("p1", $"http://127.0.0.1:{FreePort()}/v1") with { Provider = "openai", Engine = Engines.OpenAi };
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(vendor));
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(
            new ErrorBody(502, "The provider 'p1' cannot be reached: connection refused.", "upstream_error", null, "upstream_unreachable"),
            await ErrorBody.ReadAsync(response));
    }

    [Fact]
    public async Task An_engine_that_does_not_answer_is_504()
    {
        await using var engine = await ScriptedEngine.StartAsync(Stall);
        await using var world = await GatewayWorld.StartAsync(engine, "--Gateway:RequestTimeout=00:00:00.3");
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal((504, "upstream_timeout"), ((await ErrorBody.ReadAsync(response)).Status, (await ErrorBody.ReadAsync(response)).Code));
        await Eventually.Holds(() => engine.Abandoned == 1);
    }

    [Fact]
    public async Task An_engine_that_stops_inside_a_whole_answer_is_504()
    {
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync("{\"id\":");
            await http.Response.Body.FlushAsync();
            await Stall(http);
        });
        await using var world = await GatewayWorld.StartAsync(engine, "--Gateway:IdleTimeout=00:00:00.3");
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal("The provider 'p1' stopped in the middle of its answer for too long.", (await ErrorBody.ReadAsync(response)).Message);
    }

    [Fact]
    public async Task All_attempts_together_end_with_the_total_timeout()
    {
        await using var one = await ScriptedEngine.StartAsync(Stall);
        await using var two = await ScriptedEngine.StartAsync(Stall);
        await using var world = await GatewayWorld.StartAsync(
            GatewayWorld.Document(one, two), "--Gateway:TotalTimeout=00:00:00.5", "--Gateway:RequestTimeout=00:00:00.3");
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal("The provider 'p2' took longer than the whole request may take.", (await ErrorBody.ReadAsync(response)).Message);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(200)]
    [InlineData(0)]
    public async Task Another_provider_answers_when_the_first_cannot(int status)
    {
        await using var broken = await ScriptedEngine.StartAsync(status == 0 ? http => { http.Abort(); return Task.CompletedTask; } : Json("""{"error":{"message":"no"}}""", status));
        await using var good = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(broken, good));
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("p2", response.Headers.GetValues("X-Orrery-Provider").Single());
        Assert.Equal((1, 1), (broken.Requests.Count, good.Requests.Count));
        Assert.Equal("p2", (await world.OnlyUsageAsync()).Provider);
    }

    [Fact]
    public async Task The_callers_own_fault_is_not_tried_elsewhere()
    {
        await using var first = await ScriptedEngine.StartAsync(Json("""{"error":{"message":"bad"}}""", 400));
        await using var second = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(first, second));
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Empty(second.Requests);
    }

    [Fact]
    public async Task Attempts_are_bounded_and_never_repeat_an_endpoint()
    {
        var engines = new List<ScriptedEngine>();
        for (var i = 0; i < 5; i++)
        {
            engines.Add(await ScriptedEngine.StartAsync(Json("{}", 500)));
        }

        await using var good = await ScriptedEngine.StartAsync();
        var document = GatewayWorld.Document(GatewayWorld.Provider("p1", [.. engines.Select(engine => engine.Url)]), GatewayWorld.Provider("p2", good.Url));
        await using (var world = await GatewayWorld.StartAsync(document))
        {
            using var response = await world.PostAsync(GatewayWorld.Chat());
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(2, engines.Sum(engine => engine.Requests.Count));
            Assert.All(engines, engine => Assert.InRange(engine.Requests.Count, 0, 1));
        }

        await Task.WhenAll(engines.Select(engine => engine.DisposeAsync().AsTask()));
    }

    [Fact]
    public async Task An_ejected_endpoint_is_spared_and_comes_back()
    {
        await using var flaky = await ScriptedEngine.StartAsync();
        await using var steady = await ScriptedEngine.StartAsync();
        var answer = flaky.Script;
        flaky.Script = Json("{}", 500);
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(flaky, steady));
        for (var i = 0; i < 10; i++)
        {
            using var response = await world.PostAsync(GatewayWorld.Chat());
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal(3, flaky.Requests.Count);
        flaky.Script = answer;
        await Eventually.Holds(
            async () =>
            {
                using var response = await world.PostAsync(GatewayWorld.Chat());
                return response.Headers.GetValues("X-Orrery-Provider").Single();
            },
            provider => provider == "p1");
    }

    [Fact]
    public async Task When_all_are_ejected_the_least_bad_is_tried_all_the_same()
    {
        await using var engine = await ScriptedEngine.StartAsync(Json("{}", 500));
        await using var world = await GatewayWorld.StartAsync(engine);
        for (var i = 1; i <= 6; i++)
        {
            using var response = await world.PostAsync(GatewayWorld.Chat());
            Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
            Assert.Equal(i, engine.Requests.Count);
        }
    }

    [Fact]
    public async Task Load_goes_to_the_less_busy_of_a_providers_endpoints()
    {
        var release = new TaskCompletionSource();
        await using var slow = await ScriptedEngine.StartAsync();
        var answer = slow.Script;
        slow.Script = async http =>
        {
            await release.Task;
            await answer(http);
        };
        await using var fast = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", slow.Url, fast.Url)));

        // Among equals the dice decide: until the slow one holds a request.
        var held = new List<Task<HttpResponseMessage>>();
        while (slow.Requests.IsEmpty)
        {
            var request = world.PostAsync(GatewayWorld.Chat());
            held.Add(request);
            await Eventually.Holds(() => request.IsCompleted || !slow.Requests.IsEmpty);
        }

        for (var i = 0; i < 20; i++)
        {
            using var response = await world.PostAsync(GatewayWorld.Chat());
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Single(slow.Requests);
        release.SetResult();
        foreach (var response in await Task.WhenAll(held))
        {
            response.Dispose();
        }
    }

    [Fact]
    public async Task A_credential_that_cannot_be_opened_stops_that_provider_only()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        var sealer = new Orrery.ServiceDefaults.SecretSealer("another-key-than-the-gateways-0123456789");
        var locked = GatewayWorld.Provider("p1", engine.Url) with { ApiKey = sealer.Seal("c", "sk"), ApiKeyContext = "c" };
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(locked, GatewayWorld.Provider("p2", engine.Url)));
        world.ExpectError("CredentialSealed");
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal("p2", response.Headers.GetValues("X-Orrery-Provider").Single());
        using var named = await world.PostAsync(GatewayWorld.Chat("p1/m"));
        Assert.Equal(
            "The model 'm' is not ready (phase: error): its provider cannot be called; the operator finds why in the gateway's log.",
            (await ErrorBody.ReadAsync(named)).Message);
    }

    private static Task Stall(HttpContext http) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
