using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway;

/// <summary>Engines that die, hang, fail, ask for a pause and come back, on real connections: what callers notice of it, and what operators are told.</summary>
public sealed class EndpointOutageTests
{
    private static readonly HealthCheckSpec Never = new() { Enabled = false };

    [Fact]
    public async Task Nobody_notices_an_engine_that_is_killed_and_it_serves_again_when_it_is_back()
    {
        var one = await ScriptedEngine.StartAsync();
        await using var two = await ScriptedEngine.StartAsync();
        await using var three = await ScriptedEngine.StartAsync();
        var address = one.Address;
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(
            GatewayWorld.Provider("p1", one.Url, two.Url, three.Url) with { HealthCheck = Every(TimeSpan.FromMilliseconds(200)) }));
        await AllAnswered(world, 30);
        await one.DisposeAsync();
        await AllAnswered(world, 60);
        Assert.DoesNotContain("healthy", await HealthOfAsync(world, address));
        await using var again = await ScriptedEngine.StartAsync(url: address);
        await Eventually.Holds(async () => await HealthOfAsync(world, address), health => health == "healthy");
        await AllAnswered(world, 30);
        Assert.NotEmpty(again.Requests);
    }

    [Fact]
    public async Task A_check_brings_a_dead_engine_back_without_waiting_for_a_request_to_dare()
    {
        var port = FreePort();
        var address = $"http://127.0.0.1:{port}";
        await using var other = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(
            GatewayWorld.Provider("p1", address + "/v1", other.Url) with { HealthCheck = Every(TimeSpan.FromMilliseconds(100)) with { FailureThreshold = 1 } }));
        await Eventually.Holds(async () => await HealthOfAsync(world, address), health => health == "down (cannot be reached: connection refused)");
        await AllAnswered(world, 20);
        await using var back = await ScriptedEngine.StartAsync(url: address);
        await Eventually.Holds(async () => await HealthOfAsync(world, address), health => health == "healthy");
    }

    [Fact]
    public async Task An_engine_that_takes_connections_and_never_answers_costs_a_few_requests_their_patience_and_nobody_an_answer()
    {
        await using var hung = await ScriptedEngine.StartAsync(http => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted));
        await using var good = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(
            GatewayWorld.Document(GatewayWorld.Provider("p1", hung.Url, good.Url) with { HealthCheck = Never }), "--Gateway:RequestTimeout=00:00:00.2");
        await AllAnswered(world, 40);
        Assert.InRange(hung.Requests.Count, 3, 10); // Three until it is out, then one a probe.
        Assert.Contains("NoAnswerInTime", await HealthOfAsync(world, hung.Address));
    }

    [Fact]
    public async Task A_check_that_hangs_is_a_check_that_failed()
    {
        await using var hung = await ScriptedEngine.StartAsync();
        hung.Health = http => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        await using var good = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(
            GatewayWorld.Provider("p1", hung.Url, good.Url) with { HealthCheck = Every(TimeSpan.FromMilliseconds(100)) with { Timeout = new Duration(TimeSpan.FromMilliseconds(50)) } }));
        await Eventually.Holds(async () => await HealthOfAsync(world, hung.Address), health => health == "down (did not answer within 0.05 s)");
        var before = hung.Requests.Count;
        await AllAnswered(world, 20);
        Assert.Equal(before, hung.Requests.Count);
    }

    [Fact]
    public async Task Every_second_answer_an_error_is_too_many()
    {
        var count = 0;
        await using var flaky = await ScriptedEngine.StartAsync();
        var (answer, error) = (flaky.Script, Json("""{"error":{"message":"CUDA error"}}""", 500));
        flaky.Script = http => Interlocked.Increment(ref count) % 2 == 0 ? answer(http) : error(http);
        await using var good = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", flaky.Url, good.Url) with { HealthCheck = Never }));
        await Eventually.Holds(
            async () =>
            {
                await AllAnswered(world, 1);
                return await HealthOfAsync(world, flaky.Address);
            },
            health => health != "healthy");
        Assert.InRange(flaky.Requests.Count, 20, 30);
    }

    [Fact]
    public async Task A_429_is_answered_by_another_endpoint_and_the_first_is_left_alone_for_as_long_as_it_asked()
    {
        await using var busy = await ScriptedEngine.StartAsync(Json("""{"error":{"message":"slow down"}}""", 429, ("Retry-After", "60")));
        await using var good = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", busy.Url, good.Url)));
        await AllAnswered(world, 40);
        Assert.Single(busy.Requests);
        Assert.Matches(@"^cooling for \d\d\.\d s more \(Throttled\)$", await HealthOfAsync(world, busy.Address));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(422)]
    public async Task Requests_that_are_wrong_say_nothing_about_the_engine(int status)
    {
        await using var engine = await ScriptedEngine.StartAsync(Json("""{"error":{"message":"bad"}}""", status));
        await using var world = await GatewayWorld.StartAsync(engine);
        for (var i = 0; i < 25; i++)
        {
            using var response = await world.PostAsync(GatewayWorld.Chat());
            Assert.Equal(status, (int)response.StatusCode);
        }

        Assert.Equal("healthy", await HealthOfAsync(world, engine.Address));
    }

    [Fact]
    public async Task Clients_that_leave_say_nothing_about_the_engine()
    {
        await using var engine = await ScriptedEngine.StartAsync(http => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted));
        await using var world = await GatewayWorld.StartAsync(engine);
        for (var i = 1; i <= 5; i++)
        {
            using var patience = new CancellationTokenSource();
            var request = world.Client.PostAsync("/v1/chat/completions", new StringContent(GatewayWorld.Chat(), System.Text.Encoding.UTF8, "application/json"), patience.Token);
            await Eventually.Holds(() => engine.Requests.Count == i);
            await patience.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
            await Eventually.Holds(() => engine.Abandoned == i);
        }

        engine.Script = Json(Answer);
        Assert.Equal("healthy", await HealthOfAsync(world, engine.Address));
    }

    [Fact]
    public async Task Checks_carry_the_providers_credential_to_the_path_it_names_and_are_no_requests()
    {
        await using var engine = await ScriptedEngine.StartAsync();
        var sealer = new Orrery.ServiceDefaults.SecretSealer(GatewayWorld.SecretsKey);
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with
        {
            ApiKey = sealer.Seal("c", "sk-engine"),
            ApiKeyContext = "c",
            HealthCheck = Every(TimeSpan.FromMilliseconds(50)) with { Endpoint = "/deep/health" },
        }));
        await Eventually.Holds(() => engine.Checks.Count >= 3);
        Assert.All(engine.Checks, check => Assert.Equal(("/deep/health", "Bearer sk-engine"), (check.Path, check.Headers["Authorization"])));
        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task A_commercial_provider_is_not_checked_unless_somebody_asks_for_it()
    {
        await using var unasked = await ScriptedEngine.StartAsync();
        await using var asked = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(
            GatewayWorld.Provider("p1", unasked.Url) with { Provider = "openai" },
            GatewayWorld.Provider("p2", asked.Url) with { Provider = "openai", HealthCheck = Every(TimeSpan.FromMilliseconds(50)) }));
        await Eventually.Holds(() => asked.Checks.Count >= 10);
        Assert.Empty(unasked.Checks);
        world.Catalogue.Send(new SnapshotDelta { From = 1, Revision = 2, Providers = [GatewayWorld.Provider("p2", asked.Url) with { Provider = "openai" }] });
        await Eventually.Holds(() => world.Current.Value!.Revision == 2);
        await AllAnswered(world, 1);
        var checks = asked.Checks.Count;
        await AllAnswered(world, 100);
        Assert.InRange(asked.Checks.Count, checks, checks + 1);
    }

    [Fact]
    public async Task An_endpoint_that_is_taken_out_ends_its_streams_and_gets_nothing_new()
    {
        var goOn = new TaskCompletionSource();
        await using var old = await ScriptedEngine.StartAsync(async http =>
        {
            await Sse([Role, Chunk("Hel")])(http);
            await goOn.Task;
            await Sse([Chunk("lo"), UsageChunk(1, 2), Done])(http);
        });
        await using var fresh = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", old.Url)));
        using var running = await world.PostAsync(GatewayWorld.StreamChat(), stream: true);
        world.Catalogue.Send(new SnapshotDelta
        {
            From = 1,
            Revision = 2,
            Providers = [GatewayWorld.Provider("p1") with { Endpoints = [new ProviderEndpoint { Url = old.Url, Weight = 0 }, new ProviderEndpoint { Url = fresh.Url }] }],
        });
        await Eventually.Holds(() => world.Current.Value!.Revision == 2);
        await AllAnswered(world, 10);
        Assert.Single(old.Requests);
        goOn.SetResult();
        var stream = await running.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("\"lo\"", stream);
        Assert.EndsWith(Done, stream);
    }

    [Fact]
    public async Task A_sessions_requests_go_to_one_engine_as_long_as_it_lives()
    {
        await using var one = await ScriptedEngine.StartAsync();
        await using var two = await ScriptedEngine.StartAsync();
        await using var three = await ScriptedEngine.StartAsync();
        ScriptedEngine[] engines = [one, two, three];
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(
            GatewayWorld.Provider("p1", [.. engines.Select(engine => engine.Url)]) with { HealthCheck = Never, Balancing = new BalancingSpec { SessionHeader = "X-Conversation" } }));
        await Talk(10);
        var home = Assert.Single(engines, engine => !engine.Requests.IsEmpty);
        home.Script = Json("{}", 500);
        await Talk(20);
        Assert.InRange(home.Requests.Count, 13, 16);
        Assert.Single(engines, engine => engine != home && !engine.Requests.IsEmpty); // All went on at one other.

        async Task Talk(int times)
        {
            for (var i = 0; i < times; i++)
            {
                using var response = await world.PostAsync(GatewayWorld.Chat(), change: request => request.Headers.Add("X-Conversation", "c-1"));
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }
        }
    }

    [Fact]
    public async Task States_and_ejections_can_be_collected()
    {
        var port = FreePort();
        var states = new ConcurrentDictionary<string, string>();
        var ejections = new ConcurrentQueue<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name.StartsWith("orrery.gateway.endpoint.", StringComparison.Ordinal))
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<int>((_, _, tags, _) => states[Tag(tags, "orrery.endpoint")] = Tag(tags, "orrery.endpoint.state"));
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => ejections.Enqueue($"{Tag(tags, "orrery.provider")} {Tag(tags, "orrery.endpoint")} {Tag(tags, "orrery.reason")}"));
        listener.Start();
        await using var good = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document(
            GatewayWorld.Provider("metered", $"http://127.0.0.1:{port}/v1", good.Url) with { HealthCheck = Never }));
        await AllAnswered(world, 20);
        listener.RecordObservableInstruments();
        Assert.Contains(states[$"127.0.0.1:{port}"], new[] { "ejected", "probing" });
        Assert.Equal("in_service", states[new Uri(good.Address).Authority]);
        Assert.Contains($"metered 127.0.0.1:{port} ConnectFailed", ejections);
    }

    private static HealthCheckSpec Every(TimeSpan interval) => new() { Enabled = true, Interval = new Duration(interval), FailureThreshold = 2 };

    private static string Tag(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
    {
        foreach (var (key, value) in tags)
        {
            if (key == name)
            {
                return (string)value!;
            }
        }

        return "";
    }

    private static async Task AllAnswered(GatewayWorld world, int requests)
    {
        for (var i = 0; i < requests; i++)
        {
            using var response = await world.PostAsync(GatewayWorld.Chat());
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    /// <summary>What the plan's explanation says of the endpoint at <paramref name="address"/>.</summary>
    internal static async Task<string> HealthOfAsync(GatewayWorld world, string address)
    {
        using var response = await world.PostAsync(GatewayWorld.Chat(), change: request => request.Headers.Add("X-Orrery-Explain", "1"));
        var plan = JsonDocument.Parse(response.Headers.GetValues("X-Orrery-Explain").Single()).RootElement;
        return plan.GetProperty("candidates").EnumerateArray()
            .SelectMany(candidate => candidate.GetProperty("endpoints").EnumerateArray())
            .Single(endpoint => endpoint.GetProperty("endpoint").GetString() == new Uri(address).Authority)
            .GetProperty("health").GetString()!;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
