using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Orrery.Contracts;
using Orrery.Gateway.Quota;
using Orrery.Gateway.Routing;

namespace Orrery.Tests.Gateway.Quota;

/// <summary>Real gateways, a real Redis, and what a caller sees of limits.</summary>
public sealed class LimitsTests
{
    private const string Other = "ork_0000000000000000000000000000000000000002";

    /// <summary>What is counted, not how soon: the deadline has tests of its own.</summary>
    /// <summary>An engine that answers when the gate opens.</summary>
    private static RequestDelegate Behind(Task gate) => async http =>
    {
        await gate.WaitAsync(http.RequestAborted);
        await ScriptedEngine.Json(ScriptedEngine.Answer)(http);
    };

    private static readonly string[] Patient = ["--Gateway:Quota:RedisDeadline=00:00:01", "--Gateway:Quota:Heartbeat=00:00:00.050"];

    [Fact]
    public async Task A_key_that_has_made_its_requests_is_told_which_limit_and_when_it_resets()
    {
        await using var redis = await RedisInstance.StartAsync();
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(ScriptedEngine.Answer, headers: [("x-ratelimit-remaining-requests", "4999"), ("retry-after", "77")]));
        await using var world = await StartAsync(redis, With(engine, key: new Limits { Requests = [PerMinute(2)] }));
        using (var first = await world.PostAsync(GatewayWorld.Chat()))
        {
            Assert.Equal((200, "2", "1"), ((int)first.StatusCode, Header(first, "x-ratelimit-limit-requests"), Header(first, "x-ratelimit-remaining-requests")));
            Assert.Matches("^1m0(.[0-9]+)?s$|^1m1s$|^1m0s$", Header(first, "x-ratelimit-reset-requests"));
            Assert.False(first.Headers.Contains("x-ratelimit-limit-tokens"));
            Assert.False(first.Headers.Contains("retry-after"));
        }

        (await world.PostAsync(GatewayWorld.Chat())).EnsureSuccessStatusCode().Dispose();
        using var refused = await world.PostAsync(GatewayWorld.Chat());
        var error = await ErrorBody.ReadAsync(refused);
        Assert.Equal((429, "rate_limit_error", "rate_limit_exceeded", null), (error.Status, error.Type, error.Code, error.Param));
        Assert.StartsWith("Rate limit reached for the access key 'team-key': 2 requests per 1m. Please try again in ", error.Message, StringComparison.Ordinal);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 50, 61);
        Assert.Equal("0", Header(refused, "x-ratelimit-remaining-requests"));
        Assert.Equal(2, engine.Requests.Count);
        Assert.Equal(UsageOutcomes.Refused, (await Eventually.Holds(() => Task.FromResult(world.Catalogue.Usage), usage => usage.Count == 3)).Last().Outcome);
    }

    [Fact]
    public async Task The_keys_of_a_team_share_its_limits_over_two_replicas_and_other_keys_have_none()
    {
        await using var redis = await RedisInstance.StartAsync();
        await using var engine = await ScriptedEngine.StartAsync();
        var document = With(engine) with { Teams = [new SnapshotTeam { Namespace = "default", Name = "search", Tags = ["general"], Limits = new Limits { Requests = [PerMinute(10)] } }] };
        document = document with { Keys = [GatewayWorld.AccessKey() with { Team = "search" }, GatewayWorld.AccessKey(Other, "colleague") with { Team = "search" }] };
        await using var world = await StartAsync(redis, document);
        await using var second = await SecondAsync(world);
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => StatusAsync(i % 2 == 0 ? world.Client : second.Client, i % 4 < 2 ? GatewayWorld.Key : Other)));
        Assert.Equal((10, 30), (answers.Count(status => status == 200), answers.Count(status => status == 429)));
        Assert.Equal("general", world.Current.Value!.Callers.Values.First().Team!.Tags.Single());
    }

    [Fact]
    public async Task Tokens_are_reserved_at_most_and_settled_with_what_the_engine_says()
    {
        await using var redis = await RedisInstance.StartAsync();
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync(redis, With(engine, key: new Limits { Tokens = [PerMinute(1_000)] }));
        var body = GatewayWorld.Chat(more: ",\"max_tokens\":900");
        using (var first = await world.PostAsync(body))
        {
            Assert.Equal(("1000", $"{1_000 - 900 - ((body.Length + 3) / 4)}"), (Header(first, "x-ratelimit-limit-tokens"), Header(first, "x-ratelimit-remaining-tokens")));
        }

        // The engine said 10.
        await Eventually.Holds(
            async () =>
            {
                using var next = await world.PostAsync(GatewayWorld.Chat(more: ",\"max_tokens\":0"));
                return (next.StatusCode, int.Parse(Header(next, "x-ratelimit-remaining-tokens"), System.Globalization.CultureInfo.InvariantCulture));
            },
            seen => seen.StatusCode == System.Net.HttpStatusCode.OK && seen.Item2 > 800);
        using var tooLong = await world.PostAsync(GatewayWorld.Chat(more: ",\"max_tokens\":2000"));
        var error = await ErrorBody.ReadAsync(tooLong);
        Assert.Equal((429, "rate_limit_exceeded"), (error.Status, error.Code));
        Assert.EndsWith("It would never pass: send a shorter prompt or a smaller max_tokens.", error.Message, StringComparison.Ordinal);
        Assert.Null(tooLong.Headers.RetryAfter);
    }

    [Fact]
    public async Task A_saturated_model_makes_requests_wait_over_two_replicas_and_never_has_more_under_way()
    {
        await using var redis = await RedisInstance.StartAsync();
        var (now, most) = (0, 0);
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            var inside = Interlocked.Increment(ref now);
            InterlockedMax(ref most, inside);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, http.RequestAborted);
            Interlocked.Decrement(ref now);
            await ScriptedEngine.Json(ScriptedEngine.Answer)(http);
        });
        await using var world = await StartAsync(redis, With(engine, model: new Limits { Concurrency = 3 }));
        await using var second = await SecondAsync(world);
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => StatusAsync(i % 2 == 0 ? world.Client : second.Client, GatewayWorld.Key)));
        Assert.All(answers, status => Assert.Equal(200, status));
        Assert.InRange(most, 2, 3);
        await Eventually.Holds(() => redis.AskAsync("ZCARD", "orrery:{default}:quota:model:m:concurrency"), left => left == ":0");
    }

    [Fact]
    public async Task The_line_is_bounded_in_length_and_time_and_who_leaves_it_makes_room()
    {
        await using var redis = await RedisInstance.StartAsync();
        var gate = new TaskCompletionSource();
        await using var engine = await ScriptedEngine.StartAsync(Behind(gate.Task));
        await using var world = await StartAsync(redis, With(engine, model: new Limits { Concurrency = 1 }), "--Gateway:Quota:MaxWaiting=2", "--Gateway:Quota:MaxWait=00:00:20");
        var queues = world.Gateway.Services.GetRequiredService<QuotaTelemetry>().Queues;
        var served = world.PostAsync(GatewayWorld.Chat());
        await Eventually.Holds(() => engine.Requests.Count == 1);
        using var leaving = new CancellationTokenSource();
        using var content = new StringContent(GatewayWorld.Chat(), System.Text.Encoding.UTF8, "application/json");
        var left = world.Client.PostAsync("/v1/chat/completions", content, leaving.Token);
        var waiting = world.PostAsync(GatewayWorld.Chat());
        await Eventually.Holds(() => queues.Values.Sum(queue => queue.Length) == 2);
        using (var refused = await world.PostAsync(GatewayWorld.Chat()))
        {
            var error = await ErrorBody.ReadAsync(refused);
            Assert.Equal((503, "saturated"), (error.Status, error.Code));
            Assert.StartsWith("The model 'm' is saturated: it takes 1 requests at the same time", error.Message, StringComparison.Ordinal);
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        await Eventually.Holds(() => queues.Values.Sum(queue => queue.Length) == 1);
        gate.SetResult();
        (await served).EnsureSuccessStatusCode().Dispose();
        (await waiting).EnsureSuccessStatusCode().Dispose();
    }

    /// <remarks>Else whoever waits would count as busy for the balancing, as slow, and as the one request that probes an endpoint that was out.</remarks>
    [Fact]
    public async Task Who_waits_for_a_providers_place_holds_no_endpoint()
    {
        await using var redis = await RedisInstance.StartAsync();
        var gate = new TaskCompletionSource();
        await using var engine = await ScriptedEngine.StartAsync(Behind(gate.Task));
        await using var world = await StartAsync(redis, GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with { Limits = new Limits { Concurrency = 1 } }));
        var queues = world.Gateway.Services.GetRequiredService<QuotaTelemetry>().Queues;
        var served = world.PostAsync(GatewayWorld.Chat());
        await Eventually.Holds(() => engine.Requests.Count == 1);
        var waiting = Enumerable.Range(0, 3).Select(_ => world.PostAsync(GatewayWorld.Chat())).ToArray();
        await Eventually.Holds(() => queues.Values.Sum(queue => queue.Length) == 3);
        Assert.Equal(1, world.Gateway.Services.GetRequiredService<EndpointPool>().InFlight);
        gate.SetResult();
        foreach (var answer in await Task.WhenAll([served, .. waiting]))
        {
            answer.EnsureSuccessStatusCode().Dispose();
        }
    }

    [Fact]
    public async Task Who_waits_too_long_is_sent_away()
    {
        await using var redis = await RedisInstance.StartAsync();
        var gate = new TaskCompletionSource();
        await using var engine = await ScriptedEngine.StartAsync(Behind(gate.Task));
        await using var world = await StartAsync(redis, With(engine, model: new Limits { Concurrency = 1 }), "--Gateway:Quota:MaxWait=00:00:00.300");
        var served = world.PostAsync(GatewayWorld.Chat());
        await Eventually.Holds(() => engine.Requests.Count == 1);
        using (var refused = await world.PostAsync(GatewayWorld.Chat()))
        {
            Assert.Equal("saturated", (await ErrorBody.ReadAsync(refused)).Code);
        }

        gate.SetResult();
        (await served).EnsureSuccessStatusCode().Dispose();
        (await world.PostAsync(GatewayWorld.Chat())).EnsureSuccessStatusCode().Dispose();
    }

    [Fact]
    public async Task A_provider_that_has_had_its_requests_hands_over_to_the_next_and_failed_attempts_are_given_back()
    {
        await using var redis = await RedisInstance.StartAsync();
        await using var first = await ScriptedEngine.StartAsync(ScriptedEngine.Json("""{"error":{"message":"no"}}""", status: 500));
        await using var second = await ScriptedEngine.StartAsync();
        var document = GatewayWorld.Document(
            GatewayWorld.Provider("p1", first.Url) with { Limits = new Limits { Requests = [PerMinute(1)] } }, GatewayWorld.Provider("p2", second.Url));
        await using var world = await StartAsync(redis, document);
        Assert.Equal("p2", await ProviderAsync(world));
        first.Script = ScriptedEngine.Json(ScriptedEngine.Answer);
        Assert.Equal("p1", await ProviderAsync(world)); // The failed attempt does not count.
        Assert.Equal("p2", await ProviderAsync(world));
        Assert.Equal(2, first.Requests.Count);

        static async Task<string> ProviderAsync(GatewayWorld world)
        {
            using var response = await world.PostAsync(GatewayWorld.Chat());
            Assert.False(response.Headers.Contains("x-ratelimit-limit-requests"));
            return response.EnsureSuccessStatusCode().Headers.GetValues(OrreryHeaders.Provider).Single();
        }
    }

    [Fact]
    public async Task An_only_provider_at_its_limit_is_named_as_the_one_that_refuses()
    {
        await using var redis = await RedisInstance.StartAsync();
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync(redis, GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with { Limits = new Limits { Requests = [PerMinute(1)] } }));
        (await world.PostAsync(GatewayWorld.Chat())).EnsureSuccessStatusCode().Dispose();
        using var refused = await world.PostAsync(GatewayWorld.Chat());
        var error = await ErrorBody.ReadAsync(refused);
        Assert.Equal((429, "rate_limit_exceeded"), (error.Status, error.Code));
        Assert.StartsWith("Rate limit reached for the provider 'p1', all callers together: 1 requests per 1m.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hangs")]
    [InlineData("is killed")]
    public async Task Without_Redis_a_gateway_keeps_its_share_waits_never_longer_than_the_deadline_and_comes_back_without_a_burst(string fate)
    {
        await using var redis = await RedisInstance.StartAsync();
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync(
            redis, With(engine, key: new Limits { Requests = [PerMinute(40)], Concurrency = 20 }),
            "--Gateway:Quota:LeastReplicas=2", "--Gateway:Quota:RedisDeadline=00:00:00.050");
        (await world.PostAsync(GatewayWorld.Chat())).EnsureSuccessStatusCode().Dispose();

        await (fate == "hangs" ? redis.HangAsync() : redis.KillAsync());
        var slowest = TimeSpan.Zero;
        var let = 1;
        for (var i = 0; i < 30; i++)
        {
            var clock = Stopwatch.StartNew();
            using var response = await world.PostAsync(GatewayWorld.Chat());
            slowest = clock.Elapsed > slowest ? clock.Elapsed : slowest;
            let += (int)response.StatusCode == 200 ? 1 : 0;
        }

        Assert.Equal(20, let); // Half of 40, the one before included.
        Assert.InRange(slowest.TotalMilliseconds, 0, 1_000); // The deadline, and what a busy machine adds; a request that waits for Redis waits for ever.
        var quota = world.Gateway.Services.GetRequiredService<RedisQuota>();
        Assert.False(quota.IsUsable);

        await (fate == "hangs" ? redis.GoOnAsync() : redis.RestartAsync());
        await Eventually.Holds(() => quota.IsUsable);
        var after = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => StatusAsync(world.Client, GatewayWorld.Key)));
        Assert.All(after, status => Assert.Equal(429, status)); // A Redis that has forgotten starts no second window.
        await Eventually.Holds(() => redis.AskAsync("ZCARD", "orrery:{default}:quota:key:team-key:concurrency"), left => left == ":0", TimeSpan.FromSeconds(40));
    }

    [Fact]
    public async Task Without_Redis_the_line_for_a_saturated_model_goes_on()
    {
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, http.RequestAborted);
            await ScriptedEngine.Json(ScriptedEngine.Answer)(http);
        });
        await using var world = await GatewayWorld.StartAsync(With(engine, model: new Limits { Concurrency = 2 }));
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => StatusAsync(world.Client, GatewayWorld.Key)));
        Assert.All(answers, status => Assert.Equal(200, status));
    }

    [Fact]
    public async Task What_is_under_way_when_Redis_restarts_keeps_its_place()
    {
        await using var redis = await RedisInstance.StartAsync();
        var gate = new TaskCompletionSource();
        await using var engine = await ScriptedEngine.StartAsync(Behind(gate.Task));
        await using var world = await StartAsync(redis, With(engine, model: new Limits { Concurrency = 1 }), "--Gateway:Quota:MaxWait=00:00:00");
        var served = world.PostAsync(GatewayWorld.Chat());
        await Eventually.Holds(() => engine.Requests.Count == 1);
        await redis.KillAsync();
        var quota = world.Gateway.Services.GetRequiredService<RedisQuota>();
        await Eventually.Holds(() => !quota.IsUsable);
        await redis.RestartAsync();
        await Eventually.Holds(() => quota.IsUsable);
        Assert.Equal(":1", await redis.AskAsync("ZCARD", "orrery:{default}:quota:model:m:concurrency"));
        using (var refused = await world.PostAsync(GatewayWorld.Chat()))
        {
            Assert.Equal("saturated", (await ErrorBody.ReadAsync(refused)).Code);
        }

        gate.SetResult();
        (await served).EnsureSuccessStatusCode().Dispose();
        await Eventually.Holds(() => redis.AskAsync("ZCARD", "orrery:{default}:quota:model:m:concurrency"), left => left == ":0");
    }

    [Fact]
    public async Task Nobody_asks_Redis_for_a_request_without_limits()
    {
        await using var redis = await RedisInstance.StartAsync();
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync(redis, With(engine));
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.DoesNotContain(response.EnsureSuccessStatusCode().Headers, header => header.Key.StartsWith("x-ratelimit", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(":1", await redis.AskAsync("DBSIZE")); // The replicas' own.
        Assert.Equal(0, world.Gateway.Services.GetRequiredService<LocalLimits>().Count);
    }

    [Fact]
    public async Task Keys_take_turns_at_a_saturated_model()
    {
        await using var redis = await RedisInstance.StartAsync();
        using var gate = new SemaphoreSlim(0);
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            await gate.WaitAsync(http.RequestAborted);
            await ScriptedEngine.Json(ScriptedEngine.Answer)(http);
        });
        var document = With(engine, model: new Limits { Concurrency = 1 });
        await using var world = await StartAsync(redis, document with { Keys = [GatewayWorld.AccessKey(), GatewayWorld.AccessKey(Other, "other")] }, "--Gateway:Quota:MaxWait=00:01:00");
        var queues = world.Gateway.Services.GetRequiredService<QuotaTelemetry>().Queues;
        var answers = new List<Task<int>> { StatusAsync(world.Client, GatewayWorld.Key, "greedy") };
        await Eventually.Holds(() => engine.Requests.Count == 1);
        for (var i = 0; i < 8; i++)
        {
            // The last two come from the other key, when six of the first wait already.
            answers.Add(i < 6 ? StatusAsync(world.Client, GatewayWorld.Key, "greedy") : StatusAsync(world.Client, Other, "modest"));
            await Eventually.Holds(() => queues.Values.Sum(queue => queue.Length) == i + 1);
        }

        for (var i = 1; i <= 9; i++)
        {
            Assert.Equal(i, engine.Requests.Count);
            gate.Release();
            await Eventually.Holds(() => engine.Requests.Count == Math.Min(9, i + 1));
        }

        Assert.All(await Task.WhenAll(answers), status => Assert.Equal(200, status));
        var order = engine.Requests.Select(request => request.Body.Contains("modest", StringComparison.Ordinal) ? 'm' : 'g').ToArray();
        Assert.Equal("ggmgmgggg", new string(order));
    }

    [Fact]
    public async Task Refusals_are_counted_by_whose_limit_it_is_and_what_it_counts()
    {
        var refused = new System.Collections.Concurrent.ConcurrentQueue<string>();
        using var listener = new System.Diagnostics.Metrics.MeterListener
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Name == "orrery.gateway.limits.refused")
                {
                    own.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => refused.Enqueue(string.Join(' ', tags.ToArray().Select(tag => tag.Value))));
        listener.Start();
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(With(engine, key: new Limits { Tokens = [new WindowLimit { Count = 31, Per = new Duration(TimeSpan.FromMinutes(1)) }] }));
        using var response = await world.PostAsync(GatewayWorld.Chat());
        Assert.Equal(429, (int)response.StatusCode);
        Assert.Contains("key tokens", refused);
    }

    [Fact]
    public async Task A_request_without_limits_allocates_nothing_for_them()
    {
        await using var replica = new Replica(redis: null, new QuotaOptions());
        using var telemetry = new QuotaTelemetry();
        var options = Microsoft.Extensions.Options.Options.Create(new QuotaOptions());
        var gate = new QuotaGate(new Admission(replica.Store, telemetry, options, TimeProvider.System), options);
        using var exchange = new Orrery.Gateway.Exchange(new Microsoft.AspNetCore.Http.DefaultHttpContext(), Orrery.Gateway.Operation.Chat, snapshot: null, trace: default, startedAt: default, startTimestamp: 0)
        {
            Caller = new Orrery.Gateway.Authentication.Caller(GatewayWorld.AccessKey(), Orrery.Gateway.NamespaceModels.None, AllowedModels: null),
            Model = new Orrery.Gateway.ModelResolution.ServedModel(GatewayWorld.Model("m", ModelTypes.Chat), []),
        };
        Assert.True(gate.ReserveAsync(exchange).IsCompletedSuccessfully);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            _ = gate.ReserveAsync(exchange).IsCompletedSuccessfully;
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static async Task<GatewayWorld> StartAsync(RedisInstance redis, SnapshotDocument document, params string[] settings)
    {
        var world = await GatewayWorld.StartAsync(document, [$"--ConnectionStrings:redis={redis.Address}", .. Patient, .. settings]);
        await Eventually.Holds(() => world.Gateway.Services.GetRequiredService<RedisQuota>().IsUsable);
        return world;
    }

    private static SnapshotDocument With(ScriptedEngine engine, Limits? key = null, Limits? model = null)
    {
        var document = GatewayWorld.Document(engine);
        return document with
        {
            Keys = [GatewayWorld.AccessKey() with { Limits = key }],
            Models = [.. document.Models.Select(one => one with { Limits = model })],
        };
    }

    private static WindowLimit PerMinute(long count) => new() { Count = count, Per = new Duration(TimeSpan.FromMinutes(1)) };

    private static string Header(HttpResponseMessage response, string name) => response.Headers.GetValues(name).Single();

    private static async Task<int> StatusAsync(HttpClient client, string key, string more = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(GatewayWorld.Chat(more: $",\"user\":\"{more}\""), System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Bearer", key);
        using var response = await client.SendAsync(request);
        return (int)response.StatusCode;
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref most)) < value && Interlocked.CompareExchange(ref most, value, seen) != seen)
        {
        }
    }

    private static async Task<SecondReplica> SecondAsync(GatewayWorld world)
    {
        var gateway = world.Build(world.DataDirectory, world.Catalogue.Address);
        await gateway.StartAsync();
        await Eventually.Holds(() => gateway.Services.GetRequiredService<RedisQuota>().IsUsable && gateway.Services.GetRequiredService<Orrery.Gateway.CurrentSnapshot>().Value is not null);
        var address = gateway.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        return new SecondReplica(gateway, new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(address) });
    }

    private sealed record SecondReplica(WebApplication Gateway, HttpClient Client) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await Gateway.StopAsync();
            await Gateway.DisposeAsync();
        }
    }
}
