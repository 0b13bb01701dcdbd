using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Orrery.Gateway.Quota;

namespace Orrery.Tests.Gateway.Quota;

/// <summary>What busy replicas hold in advance, against a real redis-server: fewer questions, and the limits as exact as without.</summary>
public sealed partial class CreditsTests : IAsyncLifetime
{
    private RedisInstance _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await RedisInstance.StartAsync();

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [Fact]
    public async Task A_busy_replica_asks_seldom_and_what_it_grants_lies_in_the_slice_in_which_Redis_counted_it()
    {
        await using var one = await Replica.StartAsync(_redis);
        await using var two = await Replica.StartAsync(_redis);
        await Eventually.Holds(() => one.Local.Replicas == 2 && two.Local.Replicas == 2);
        const int SliceMs = 100;
        const long Most = 1_000_000_000;
        var granted = new ConcurrentBag<(long Slice, long Cost)>();
        var asked = await CallsAsync();
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(new[] { one, two }.Select(replica => Task.Run(async () =>
        {
            var tokens = new Limit(LimitScope.Key, "default", "busy", LimitUnit.Tokens, Most, TimeSpan.FromMilliseconds(SliceMs * Limit.Slices));
            for (var i = 0; clock.ElapsedMilliseconds < 2_000; i++)
            {
                var reservation = new Reservation([tokens], 1 + (i % 7));
                var before = SliceNow(SliceMs);
                Assert.Null((await replica.Store.TryReserveAsync(reservation)).Refused);
                Assert.InRange(reservation.Holds[0].SharedSlice, before, SliceNow(SliceMs));
                Assert.InRange(reservation.Holds[0].Left, 0, Most);
                granted.Add((reservation.Holds[0].SharedSlice, reservation.Tokens));
                replica.Store.End(reservation, reservation.Tokens);
                if (i % 50 == 0)
                {
                    await Task.Yield();
                }
            }
        })));

        var questions = await CallsAsync() - asked;
        Assert.True(granted.Count > 1_000 && questions < granted.Count / 10, $"{questions} questions for {granted.Count} requests");
        Assert.True(granted.Sum(one => one.Cost) <= Most);
    }

    [Fact]
    public async Task Near_the_limit_every_request_asks_and_the_last_one_is_granted()
    {
        await using var one = await Replica.StartAsync(_redis);
        await using var two = await Replica.StartAsync(_redis);
        await Eventually.Holds(() => one.Local.Replicas == 2 && two.Local.Replicas == 2);
        Replica[] replicas = [one, two];
        const int Most = 2_000;
        var (granted, used) = (0, 0L);
        await Task.WhenAll(replicas.Select(replica => Task.Run(async () =>
        {
            var limit = new Limit(LimitScope.Key, "default", "near", LimitUnit.Requests, Most, TimeSpan.FromHours(1));
            while ((await replica.Store.TryReserveAsync(new Reservation([limit], 0))).Refused is null)
            {
                Interlocked.Increment(ref granted);
            }
        })));

        // Who stopped first may have held a little that it did not need; given back, it is there for the other.
        await Eventually.Holds(
            async () =>
            {
                var limit = new Limit(LimitScope.Key, "default", "near", LimitUnit.Requests, Most, TimeSpan.FromHours(1));
                while ((await one.Store.TryReserveAsync(new Reservation([limit], 0))).Refused is null)
                {
                    used++;
                }

                return granted + used;
            },
            sum => sum == Most);
        Assert.InRange(used, 0, Most / 16);
    }

    [Fact]
    public async Task What_was_used_differently_is_told_later_and_all_of_it()
    {
        await using var replica = await Replica.StartAsync(_redis);
        var tokens = new Limit(LimitScope.Team, "default", "late", LimitUnit.Tokens, 10_000_000, TimeSpan.FromHours(1));
        var sum = 0L;
        for (var i = 0; i < 2_000; i++)
        {
            var reservation = new Reservation([tokens], 100);
            Assert.Null((await replica.Store.TryReserveAsync(reservation)).Refused);
            long? used = (i % 3) switch { 0 => 10, 1 => 250, _ => null };
            sum += used ?? 0;
            replica.Store.End(reservation, used);
            replica.Store.End(reservation, used);
        }

        await Eventually.Holds(async () => await TotalAsync(tokens), total => total == sum);
    }

    [Fact]
    public async Task Places_are_used_again_while_there_are_many_and_given_up_when_nobody_comes()
    {
        await using var one = await Replica.StartAsync(_redis);
        await using var two = await Replica.StartAsync(_redis);
        var places = new Limit(LimitScope.Model, "default", "m", LimitUnit.Concurrency, 1_000, TimeSpan.Zero);
        var asked = await CallsAsync();
        for (var i = 0; i < 2_000; i++)
        {
            var reservation = new Reservation([places], 0);
            Assert.Null((await one.Store.TryReserveAsync(reservation)).Refused);
            Assert.True(reservation.IsShared);
            one.Store.End(reservation, 0);
        }

        var questions = await CallsAsync() - asked;
        Assert.True(questions < 500, $"{questions} questions for 2000 requests");
        await Eventually.Holds(() => _redis.AskAsync("ZCARD", places.Id), answer => answer == ":0");

        // What lies idle at one never keeps another from the last place for long.
        var all = new List<Reservation>();
        for (var i = 0; i < 1_000; i++)
        {
            var reservation = new Reservation([new Limit(LimitScope.Model, "default", "m", LimitUnit.Concurrency, 1_000, TimeSpan.Zero)], 0);
            await Eventually.Holds(async () => (await two.Store.TryReserveAsync(reservation)).Refused, refused => refused is null);
            all.Add(reservation);
        }

        Assert.NotNull((await one.Store.TryReserveAsync(new Reservation([places], 0))).Refused);
        Assert.Equal(":1000", await _redis.AskAsync("ZCARD", places.Id));
        all.ForEach(reservation => two.Store.End(reservation, 0));
        await Eventually.Holds(() => _redis.AskAsync("ZCARD", places.Id), answer => answer == ":0");
    }

    [Fact]
    public async Task A_gateway_that_stops_gives_back_what_it_held()
    {
        var window = new Limit(LimitScope.Key, "default", "k", LimitUnit.Requests, 1_000_000, TimeSpan.FromHours(1));
        var places = new Limit(LimitScope.Key, "default", "k", LimitUnit.Concurrency, 1_000, TimeSpan.Zero);
        await using (var stopping = await Replica.StartAsync(_redis))
        {
            for (var i = 0; i < 500; i++)
            {
                var reservation = new Reservation([window, places], 0);
                Assert.Null((await stopping.Store.TryReserveAsync(reservation)).Refused);
                stopping.Store.End(reservation, 0);
            }
        }

        Assert.Equal(500, await TotalAsync(window));
        Assert.Equal(":0", await _redis.AskAsync("ZCARD", places.Id));
    }

    [Fact]
    public async Task With_nothing_bought_ahead_every_request_asks()
    {
        var options = Replica.Patient;
        options.Ahead = TimeSpan.Zero;
        await using var replica = await Replica.StartAsync(_redis, options);
        var limit = new Limit(LimitScope.Key, "default", "exact", LimitUnit.Requests, 1_000_000, TimeSpan.FromHours(1));
        for (var i = 1; i <= 200; i++)
        {
            Assert.Null((await replica.Store.TryReserveAsync(new Reservation([limit], 0))).Refused);
            Assert.Equal(i, await TotalAsync(limit));
        }
    }

    [Fact]
    public async Task Credit_is_not_used_while_Redis_is_away()
    {
        await using var replica = await Replica.StartAsync(_redis);
        var limit = new Limit(LimitScope.Key, "default", "away", LimitUnit.Requests, 100_000, TimeSpan.FromHours(1));
        for (var i = 0; i < 200; i++)
        {
            Assert.Null((await replica.Store.TryReserveAsync(new Reservation([limit], 0))).Refused);
        }

        await _redis.KillAsync();
        await Eventually.Holds(() => !replica.Redis.IsUsable);
        var alone = new Reservation([limit], 0);
        Assert.Null((await replica.Store.TryReserveAsync(alone)).Refused);
        Assert.True(alone is { IsAlone: true, IsShared: false });
        Assert.Equal(100_000 - 201, alone.Holds[0].Left);
    }

    private static long SliceNow(int sliceMs) => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / sliceMs;

    private async Task<long> TotalAsync(Limit limit) =>
        long.Parse(await _redis.AskAsync("HGET", limit.Id, "t"), CultureInfo.InvariantCulture);

    /// <summary>Calls of the script that the server has seen.</summary>
    private async Task<long> CallsAsync()
    {
        var stats = Calls().Match(await _redis.AskAsync("INFO", "commandstats"));
        return stats.Success ? long.Parse(stats.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex("cmdstat_evalsha:calls=([0-9]+)")]
    private static partial Regex Calls();
}
