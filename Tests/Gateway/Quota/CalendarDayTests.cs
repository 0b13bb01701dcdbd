using System.Globalization;
using Microsoft.Extensions.Options;
using Orrery.Gateway.Quota;

namespace Orrery.Tests.Gateway.Quota;

/// <summary>Limits of a calendar day: it begins at midnight UTC, in Redis and in a replica's own count alike.</summary>
public sealed class CalendarDayTests
{
    private const long DayMs = 86_400_000;

    [Fact]
    public void A_replica_alone_counts_from_midnight_to_midnight_and_says_when_that_is()
    {
        var time = new WallTime(new DateTimeOffset(2026, 3, 28, 23, 59, 58, TimeSpan.Zero));
        var local = new LocalLimits(Options.Create(new QuotaOptions()), time) { Replicas = 2 };
        var limit = PerDay(100);
        Assert.Null(local.TryTake(new Reservation([limit], 40), isAlone: true).Refused);
        var refused = local.TryTake(new Reservation([limit], 20), isAlone: true);
        Assert.Same(limit, refused.Refused);
        Assert.Equal(TimeSpan.FromSeconds(2), refused.ResetsAfter);

        time.Advance(1_999);
        Assert.NotNull(local.TryTake(new Reservation([limit], 20), isAlone: true).Refused);
        time.Advance(1);
        var first = new Reservation([limit], 50);
        Assert.Null(local.TryTake(first, isAlone: true).Refused);
        Assert.Equal(DayMs, first.Holds[0].ResetMs);
    }

    [Fact]
    public void What_ends_after_midnight_belongs_to_the_day_in_which_it_began_and_a_clock_put_back_starts_no_day_again()
    {
        var time = new WallTime(new DateTimeOffset(2026, 3, 28, 23, 59, 59, TimeSpan.Zero));
        var local = new LocalLimits(Options.Create(new QuotaOptions()), time);
        var limit = PerDay(100);
        var late = new Reservation([limit], 90);
        Assert.Null(local.TryTake(late, isAlone: true).Refused);
        time.Advance(2_000);
        Assert.Null(local.TryTake(new Reservation([limit], 100), isAlone: true).Refused);
        local.Settle(late, 10);
        Assert.NotNull(local.TryTake(new Reservation([limit], 1), isAlone: true).Refused);

        time.Advance(-3_000);
        Assert.NotNull(local.TryTake(new Reservation([limit], 1), isAlone: true).Refused);
    }

    [Fact]
    public void A_replica_that_was_alone_today_keeps_its_share_until_midnight_and_no_longer()
    {
        var time = new WallTime(new DateTimeOffset(2026, 3, 28, 12, 0, 0, TimeSpan.Zero));
        var local = new LocalLimits(Options.Create(new QuotaOptions()), time) { Replicas = 2 };
        var limit = PerDay(100);
        Assert.Null(local.TryTake(new Reservation([limit], 50), isAlone: true).Refused);
        time.Advance(6 * 3_600_000);
        Assert.NotNull(local.TryTake(new Reservation([limit], 1), isAlone: false).Refused);
        time.Advance(6 * 3_600_000);
        Assert.Null(local.TryTake(new Reservation([limit], 80), isAlone: false).Refused);
    }

    [Fact]
    public async Task Redis_counts_the_day_of_the_calendar_and_forgets_yesterday()
    {
        await using var redis = await RedisInstance.StartAsync();
        await using var one = await Replica.StartAsync(redis);
        await using var two = await Replica.StartAsync(redis);
        var limit = PerDay(100);
        Assert.EndsWith(":quota:provider:p:tokens:day", limit.Id, StringComparison.Ordinal);
        var day = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / DayMs;
        await redis.AskAsync("HSET", limit.Id, "t", "100", "o", $"{day - 1}", $"{day - 1}", "100");

        var first = new Reservation([limit], 60);
        Assert.Null((await one.Store.TryReserveAsync(first)).Refused);
        Assert.InRange(first.Holds[0].SharedSlice, day, day + 1);
        Assert.Equal(40, first.Holds[0].Left);
        var before = TimeProvider.System.GetUtcNow();
        var refused = await two.Store.TryReserveAsync(new Reservation([PerDay(100)], 41));
        Assert.NotNull(refused.Refused);
        Assert.InRange(refused.ResetsAfter!.Value.TotalSeconds, UntilMidnight(before) - 5, UntilMidnight(before) + 1);
        Assert.Null((await two.Store.TryReserveAsync(new Reservation([PerDay(100)], 40))).Refused);
        Assert.True((await two.Store.TryReserveAsync(new Reservation([PerDay(100)], 101))).IsTooMuch);

        one.Store.End(first, 10);
        await Eventually.Holds(() => redis.AskAsync("HINCRBY", limit.Id, "t", "0"), total => total == ":50");
        var lapses = long.Parse((await redis.AskAsync("PTTL", limit.Id)).TrimStart(':'), CultureInfo.InvariantCulture);
        Assert.InRange(lapses, DayMs, 2 * DayMs);
    }

    private static double UntilMidnight(DateTimeOffset now) => (DayMs - (now.ToUnixTimeMilliseconds() % DayMs)) / 1_000.0;

    private static Limit PerDay(long count) => new(LimitScope.Provider, "default", "p", LimitUnit.Tokens, count, TimeSpan.FromDays(1), isCalendar: true);

    /// <summary>A wall clock that a test moves, and beside it a steady one that never goes back.</summary>
    private sealed class WallTime(DateTimeOffset start) : TimeProvider
    {
        private long _steady = 1_000;
        private DateTimeOffset _now = start;

        public override long TimestampFrequency => 1_000;

        public void Advance(int milliseconds)
        {
            _now += TimeSpan.FromMilliseconds(milliseconds);
            _steady += Math.Max(0, milliseconds);
        }

        public override long GetTimestamp() => _steady;

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
