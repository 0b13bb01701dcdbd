using System.Collections.Concurrent;
using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using Orrery.Gateway.Quota;

namespace Orrery.Tests.Gateway.Quota;

/// <summary>The shared limits against a real redis-server.</summary>
public sealed class RedisQuotaTests : IAsyncLifetime
{
    private RedisInstance _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await RedisInstance.StartAsync();

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [Fact]
    public async Task Whatever_the_interleaving_no_window_of_any_place_holds_more_than_the_limit()
    {
        await using var one = await Replica.StartAsync(_redis);
        await using var two = await Replica.StartAsync(_redis);
        await using var three = await Replica.StartAsync(_redis);
        Replica[] replicas = [one, two, three];
        var number = 0;
        var plans = Gen.Choose(1, 3).SelectMany(most => Gen.Choose(1, 12).ListOf(40).Select(costs => (Limit: most * 12, Costs: costs.ToArray())));
        await Task.Run(() => Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(12),
            Prop.ForAll(plans.ToArbitrary(), plan => Drive(replicas, $"k{Interlocked.Increment(ref number)}", plan.Limit, plan.Costs).GetAwaiter().GetResult())));
    }

    [Fact]
    public async Task All_limits_are_taken_or_none()
    {
        await using var replica = await Replica.StartAsync(_redis);
        var wide = Window("wide", LimitUnit.Requests, 10, 60_000);
        var narrow = Window("narrow", LimitUnit.Requests, 2, 60_000);
        var place = new Limit(LimitScope.Model, "default", "m", LimitUnit.Concurrency, 5, TimeSpan.Zero);
        Limit[] all = [wide, narrow, place];
        Assert.Null((await replica.Store.TryReserveAsync(new Reservation(all, 0))).Refused);
        Assert.Null((await replica.Store.TryReserveAsync(new Reservation(all, 0))).Refused);
        var refused = new Reservation(all, 0);
        var verdict = await replica.Store.TryReserveAsync(refused);
        Assert.Same(narrow, verdict.Refused);
        Assert.InRange(verdict.ResetsAfter!.Value.TotalMilliseconds, 50_000, 61_000);
        Assert.Equal([8, 0, 3], refused.Holds.Select(hold => hold.Left));
        Assert.Equal(":2", await _redis.AskAsync("ZCARD", place.Id));
        Assert.Equal(7, await LeftAsync(replica, wide));
    }

    [Fact]
    public async Task Tokens_are_settled_with_what_was_used_and_given_back_whole_when_nothing_was()
    {
        await using var replica = await Replica.StartAsync(_redis);
        var tokens = Window("t", LimitUnit.Tokens, 1_000, 60_000);
        var first = new Reservation([tokens], 600);
        Assert.Null((await replica.Store.TryReserveAsync(first)).Refused);
        Assert.Same(tokens, (await replica.Store.TryReserveAsync(new Reservation([tokens], 600))).Refused);
        replica.Store.End(first, 100);
        var second = new Reservation([tokens], 600);
        Assert.Null((await replica.Store.TryReserveAsync(second)).Refused);
        Assert.Equal(300, second.Holds[0].Left);
        replica.Store.End(second, null);
        replica.Store.End(second, null);
        Assert.Equal(899, await LeftAsync(replica, tokens));
        var never = await replica.Store.TryReserveAsync(new Reservation([tokens], 1_001));
        Assert.True(never.IsTooMuch);
        Assert.Null(never.ResetsAfter);
    }

    [Fact]
    public async Task A_request_that_never_passes_is_told_so_whatever_else_is_used_up_and_how_what_is_left_stands()
    {
        await using var replica = await Replica.StartAsync(_redis);
        var requests = Window("n", LimitUnit.Requests, 2, 60_000);
        var tokens = Window("n", LimitUnit.Tokens, 1_000, 3_600_000);
        Limit[] all = [requests, tokens];
        var unused = new Reservation(all, 1_001);
        Assert.Same(tokens, (await replica.Store.TryReserveAsync(unused)).Refused);
        Assert.Equal([(2, 0), (1_000, 0)], unused.Holds.Select(hold => (hold.Left, hold.ResetMs)));
        Assert.Null((await replica.Store.TryReserveAsync(new Reservation(all, 100))).Refused);
        Assert.Null((await replica.Store.TryReserveAsync(new Reservation(all, 100))).Refused);
        var never = new Reservation(all, 1_001);
        var verdict = await replica.Store.TryReserveAsync(never);
        Assert.Same(tokens, verdict.Refused);
        Assert.True(verdict.IsTooMuch);
        Assert.Equal([0, 800], never.Holds.Select(hold => hold.Left));
        Assert.InRange(never.Holds[0].ResetMs, 30_000, 61_000);
        Assert.InRange(never.Holds[1].ResetMs, 3_500_000, 3_660_000);
    }

    [Fact]
    public async Task Of_several_limits_that_refuse_the_one_that_does_for_longest_says_when()
    {
        await using var replica = await Replica.StartAsync(_redis);
        Limit[] all = [Window("l", LimitUnit.Requests, 1, 60_000), Window("l", LimitUnit.Requests, 1, 3_600_000)];
        Assert.Null((await replica.Store.TryReserveAsync(new Reservation(all, 0))).Refused);
        var verdict = await replica.Store.TryReserveAsync(new Reservation(all, 0));
        Assert.Same(all[1], verdict.Refused);
        Assert.InRange(verdict.ResetsAfter!.Value.TotalSeconds, 3_500, 3_660);
    }

    [Fact]
    public async Task A_window_lets_in_again_once_it_has_passed_and_not_before()
    {
        await using var replica = await Replica.StartAsync(_redis);
        var limit = Window("short", LimitUnit.Requests, 3, 1_000);
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 3; i++)
        {
            Assert.Null((await replica.Store.TryReserveAsync(new Reservation([limit], 0))).Refused);
        }

        await Eventually.Holds(async () => (await replica.Store.TryReserveAsync(new Reservation([limit], 0))).Refused, refused => refused is null);
        Assert.InRange(clock.ElapsedMilliseconds, 990, 5_000);
    }

    [Fact]
    public async Task Places_of_a_gateway_that_died_are_free_after_its_lease_and_those_of_a_living_one_are_kept()
    {
        var options = new QuotaOptions { RedisDeadline = TimeSpan.FromSeconds(1), Lease = TimeSpan.FromSeconds(1), Heartbeat = TimeSpan.FromMilliseconds(50) };
        var place = new Limit(LimitScope.Model, "default", "m", LimitUnit.Concurrency, 2, TimeSpan.Zero);
        await using var living = await Replica.StartAsync(_redis, options);
        Assert.Null((await living.Store.TryReserveAsync(new Reservation([place], 0))).Refused);
        await using (var dying = await Replica.StartAsync(_redis, options))
        {
            Assert.Null((await dying.Store.TryReserveAsync(new Reservation([Same(place)], 0))).Refused);
            Assert.Same(place, (await living.Store.TryReserveAsync(new Reservation([place], 0))).Refused);
        }

        var clock = Stopwatch.StartNew();
        await Eventually.Holds(async () => (await living.Store.TryReserveAsync(new Reservation([place], 0))).Refused, refused => refused is null);
        Assert.InRange(clock.ElapsedMilliseconds, 0, 5_000);

        // Two leases later the living one's places are still its own.
        await Eventually.Holds(() => clock.ElapsedMilliseconds > 3_000);
        Assert.Same(place, (await living.Store.TryReserveAsync(new Reservation([place], 0))).Refused);
        Assert.Equal(":2", await _redis.AskAsync("ZCARD", place.Id));
    }

    [Fact]
    public async Task A_server_that_forgot_its_scripts_is_given_them_again()
    {
        await using var replica = await Replica.StartAsync(_redis);
        Assert.Equal("+OK", await _redis.AskAsync("SCRIPT", "FLUSH"));
        var limit = Window("s", LimitUnit.Requests, 3, 60_000);
        var reservation = new Reservation([limit], 0);
        Assert.Null((await replica.Store.TryReserveAsync(reservation)).Refused);
        Assert.True(reservation.IsShared);
    }

    [Fact]
    public async Task Keys_lapse_when_nobody_uses_them()
    {
        await using var replica = await Replica.StartAsync(_redis);
        var limit = Window("s", LimitUnit.Requests, 3, 1_000);
        Assert.Null((await replica.Store.TryReserveAsync(new Reservation([limit], 0))).Refused);
        await Eventually.Holds(() => _redis.AskAsync("EXISTS", limit.Id), answer => answer == ":0", TimeSpan.FromSeconds(5));
    }

    /// <summary>Reservations of every cost from every place at once, against a window of 300 ms, for several windows; each is placed at the server's own time.</summary>
    private async Task<bool> Drive(Replica[] replicas, string name, int most, int[] costs)
    {
        var granted = new ConcurrentBag<(long At, int Cost)>();
        var next = -1;
        var sum = 0;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(replicas.SelectMany(replica => Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var limit = Window(name, LimitUnit.Tokens, most, 300);
            while (clock.ElapsedMilliseconds < 700 || (Volatile.Read(ref sum) <= most && clock.ElapsedMilliseconds < 20_000))
            {
                var cost = costs[Interlocked.Increment(ref next) % costs.Length];
                var reservation = new Reservation([limit], cost);
                if ((await replica.Store.TryReserveAsync(reservation)).Refused is null)
                {
                    Assert.True(reservation.IsShared);
                    granted.Add((reservation.Holds[0].SharedSlice, cost));
                    Interlocked.Add(ref sum, cost);
                }
            }
        }))));

        // A slice is 5 ms; a window that begins and ends inside slices touches 61 of them.
        var bySlice = granted.GroupBy(one => one.At).ToDictionary(group => group.Key, group => group.Sum(one => one.Cost));
        foreach (var last in bySlice.Keys)
        {
            var held = bySlice.Where(one => one.Key > last - 61 && one.Key <= last).Sum(one => one.Value);
            Assert.True(held <= most, $"{held} of {most} in the window that ends in slice {last}");
        }

        Assert.True(sum > most, "Nothing was let in after the first window.");
        return true;
    }

    private static async Task<long> LeftAsync(Replica replica, Limit limit)
    {
        var reservation = new Reservation([limit], 1);
        Assert.Null((await replica.Store.TryReserveAsync(reservation)).Refused);
        return reservation.Holds[0].Left;
    }

    private static Limit Window(string name, LimitUnit unit, long count, int ms) => new(LimitScope.Key, "default", name, unit, count, TimeSpan.FromMilliseconds(ms));

    private static Limit Same(Limit limit) => new(limit.Scope, limit.Namespace, limit.Name, limit.Unit, limit.Count, limit.Per);
}
