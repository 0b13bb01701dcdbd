using Microsoft.Extensions.DependencyInjection;
using Orrery.Contracts;
using Orrery.Gateway.Quota;

namespace Orrery.Tests.Gateway.Quota;

/// <summary>A model's own limits where it is one of several that may answer: in a list of models, as a route's fallback.</summary>
public sealed class SeveralModelsTests
{
    private static readonly string[] Patient = ["--Gateway:Quota:RedisDeadline=00:00:01", "--Gateway:Quota:Heartbeat=00:00:00.050"];

    private const string Listed = """{"models":["a","b"],"messages":[{"role":"user","content":"Hi"}]}""";

    [Theory]
    [InlineData(Listed)]
    [InlineData("""{"model":"routed","messages":[{"role":"user","content":"Hi"}]}""")]
    public async Task It_is_asked_only_as_often_as_it_may_be(string body)
    {
        await using var redis = await RedisInstance.StartAsync();
        await using var failing = await ScriptedEngine.StartAsync(ScriptedEngine.Json("{}", 500));
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync(redis, Document(failing, engine, PerMinute(2)));
        Assert.Equal([200, 200, 502], await Times(3, () => world.PostAsync(body)));
        Assert.Equal((3, 2), (failing.Requests.Count, engine.Requests.Count));
        Assert.Equal("2", await TakenAsync(redis, "model:b"));
    }

    [Fact]
    public async Task The_first_one_that_has_had_its_share_lets_the_next_serve_and_the_soonest_time_is_told()
    {
        await using var redis = await RedisInstance.StartAsync();
        await using var first = await ScriptedEngine.StartAsync();
        await using var second = await ScriptedEngine.StartAsync();
        var document = Document(first, second, PerMinute(2));
        var hour = new Limits { Requests = [new WindowLimit { Count = 1, Per = new Duration(TimeSpan.FromHours(1)) }] };
        await using var world = await StartAsync(redis, document with { Models = [document.Models[0] with { Limits = hour }, document.Models[1]] });
        Assert.Equal([200, 200, 200], await Times(3, () => world.PostAsync(Listed)));
        Assert.Equal((1, 2), (first.Requests.Count, second.Requests.Count));
        using var refused = await world.PostAsync(Listed);
        var error = await ErrorBody.ReadAsync(refused);
        Assert.Equal((429, "rate_limit_exceeded"), (error.Status, error.Code));
        Assert.StartsWith("Rate limit reached for the model 'b', all callers together: 2 requests per 1m.", error.Message, StringComparison.Ordinal);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 30, 61);
        Assert.Equal("2", await TakenAsync(redis, "model:b"));
    }

    [Fact]
    public async Task An_attempt_that_brought_nothing_is_given_back()
    {
        await using var redis = await RedisInstance.StartAsync();
        await using var failing = await ScriptedEngine.StartAsync(ScriptedEngine.Json("{}", 500));
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json("{}", 500));
        await using var world = await StartAsync(redis, Document(failing, engine, PerMinute(1) with { Concurrency = 5 }));
        Assert.Equal([502, 502, 502], await Times(3, () => world.PostAsync(Listed)));
        Assert.Equal(3, engine.Requests.Count);
        await Eventually.Holds(() => TakenAsync(redis, "model:b"), taken => taken == "0");
        await Eventually.Holds(() => redis.AskAsync("ZCARD", "orrery:{default}:quota:model:b:concurrency"), left => left == ":0");
    }

    [Fact]
    public async Task Its_limits_and_its_providers_are_taken_together_or_not_at_all()
    {
        await using var redis = await RedisInstance.StartAsync();
        await using var failing = await ScriptedEngine.StartAsync(ScriptedEngine.Json("{}", 500));
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync(redis, Document(failing, engine, PerMinute(5), PerMinute(1)));
        Assert.Equal([200, 502], await Times(2, () => world.PostAsync(Listed)));
        Assert.Equal(("1", "1"), (await TakenAsync(redis, "model:b"), await TakenAsync(redis, "provider:p2")));
    }

    [Fact]
    public async Task Asked_for_first_it_counts_once()
    {
        await using var redis = await RedisInstance.StartAsync();
        await using var failing = await ScriptedEngine.StartAsync(ScriptedEngine.Json("{}", 500));
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await StartAsync(redis, Document(failing, engine, PerMinute(5), PerMinute(5)));
        Assert.Equal([200, 200], await Times(2, () => world.PostAsync(GatewayWorld.Chat("b"))));
        Assert.Equal(("2", "2"), (await TakenAsync(redis, "model:b"), await TakenAsync(redis, "provider:p2")));
    }

    [Fact]
    public async Task Requests_wait_in_line_for_a_place_at_the_provider_and_then_at_the_model()
    {
        await using var redis = await RedisInstance.StartAsync();
        var (now, most) = (0, 0);
        await using var failing = await ScriptedEngine.StartAsync(ScriptedEngine.Json("{}", 500));
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            var inside = Interlocked.Increment(ref now);
            for (var seen = most; inside > seen; seen = most)
            {
                Interlocked.CompareExchange(ref most, inside, seen);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, http.RequestAborted);
            Interlocked.Decrement(ref now);
            await ScriptedEngine.Json(ScriptedEngine.Answer)(http);
        });
        await using var world = await StartAsync(redis, Document(failing, engine, new Limits { Concurrency = 1 }, new Limits { Concurrency = 2 }));
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Times(1, () => world.PostAsync(Listed))));
        Assert.All(answers, answer => Assert.Equal([200], answer));
        Assert.Equal(1, most);
    }

    /// <summary>Two models, each at a provider of its own; a route leads to the first and falls back to the second.</summary>
    private static SnapshotDocument Document(ScriptedEngine first, ScriptedEngine second, Limits model, Limits? provider = null) => GatewayWorld.Document() with
    {
        Providers = [GatewayWorld.Provider("p1", first.Url), GatewayWorld.Provider("p2", second.Url) with { Limits = provider }],
        Models = [GatewayWorld.Model("a", ModelTypes.Chat, "p1"), GatewayWorld.Model("b", ModelTypes.Chat, "p2") with { Limits = model }],
        Routes =
        [
            new SnapshotRoute { Namespace = "default", Name = "r", Match = new RouteMatch { Models = ["routed"] }, Targets = [new RouteTarget { Model = "a" }], Fallback = ["b"] },
        ],
    };

    private static async Task<GatewayWorld> StartAsync(RedisInstance redis, SnapshotDocument document)
    {
        var world = await GatewayWorld.StartAsync(document, [$"--ConnectionStrings:redis={redis.Address}", .. Patient]);
        await Eventually.Holds(() => world.Gateway.Services.GetRequiredService<RedisQuota>().IsUsable);
        return world;
    }

    private static Limits PerMinute(int count) => new() { Requests = [new WindowLimit { Count = count, Per = new Duration(TimeSpan.FromMinutes(1)) }] };

    private static async Task<List<int>> Times(int times, Func<Task<HttpResponseMessage>> post)
    {
        var statuses = new List<int>();
        for (var i = 0; i < times; i++)
        {
            using var response = await post();
            statuses.Add((int)response.StatusCode);
        }

        return statuses;
    }

    /// <summary>Requests in the window of one minute, as Redis has them.</summary>
    private static async Task<string> TakenAsync(RedisInstance redis, string owner) =>
        (await redis.AskAsync("EVAL", "return tonumber(redis.call('HGET', KEYS[1], 't') or 0)", "1", "orrery:{default}:quota:" + owner + ":requests:60000"))[1..];
}
