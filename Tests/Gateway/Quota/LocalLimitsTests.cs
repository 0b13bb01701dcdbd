using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Options;
using Orrery.Gateway.Quota;

namespace Orrery.Tests.Gateway.Quota;

/// <summary>A replica's own count, which decides while Redis is away.</summary>
public sealed class LocalLimitsTests
{
    [Fact]
    public void Whatever_the_history_a_window_holds_no_more_than_the_share_and_refuses_nothing_that_a_sixtieth_later_would_pass()
    {
        var steps = Gen.Choose(0, 400).SelectMany(wait => Gen.Choose(1, 5).Select(cost => (Wait: wait, Cost: cost))).ListOf(200);
        Prop.ForAll(steps.ToArbitrary(), all =>
        {
            var time = new StepTime();
            var local = new LocalLimits(Options.Create(new QuotaOptions()), time) { Replicas = 2 };
            var limit = new Limit(LimitScope.Key, "default", "k", LimitUnit.Tokens, 20, TimeSpan.FromSeconds(3));
            var granted = new List<(long At, int Cost)>();
            foreach (var (wait, cost) in all)
            {
                time.Advance(wait);
                var refused = local.TryTake(new Reservation([limit], cost), isAlone: true).Refused is not null;
                var inWindow = granted.Where(one => one.At > time.Now - 3_000).Sum(one => one.Cost);
                var inWider = granted.Where(one => one.At >= time.Now - 3_000 - 50).Sum(one => one.Cost);
                Assert.False(!refused && inWindow + cost > 10, $"{inWindow} + {cost} in the window");
                Assert.False(refused && inWider + cost <= 10, $"refused {cost} with {inWider} in the window and a sixtieth");
                if (!refused)
                {
                    granted.Add((time.Now, cost));
                }
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_refusal_says_when_the_same_request_passes()
    {
        var steps = Gen.Choose(0, 900).SelectMany(wait => Gen.Choose(1, 6).Select(cost => (Wait: wait, Cost: cost))).NonEmptyListOf();
        Prop.ForAll(steps.ToArbitrary(), all =>
        {
            var time = new StepTime();
            var local = new LocalLimits(Options.Create(new QuotaOptions()), time);
            var limit = new Limit(LimitScope.Key, "default", "k", LimitUnit.Tokens, 10, TimeSpan.FromSeconds(3));
            foreach (var (wait, cost) in all)
            {
                time.Advance(wait);
                var verdict = local.TryTake(new Reservation([limit], cost), isAlone: true);
                if (verdict.Refused is not null)
                {
                    var resets = (int)Math.Ceiling(verdict.ResetsAfter!.Value.TotalMilliseconds);
                    Assert.InRange(resets, 1, 3_100);
                    time.Advance(resets);
                    Assert.Null(local.TryTake(new Reservation([limit], cost), isAlone: true).Refused);
                }
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void While_Redis_answers_nothing_is_refused_here_but_right_after_it_was_away_the_share_still_holds()
    {
        var time = new StepTime();
        var local = new LocalLimits(Options.Create(new QuotaOptions()), time) { Replicas = 2 };
        var limit = new Limit(LimitScope.Key, "default", "k", LimitUnit.Requests, 4, TimeSpan.FromSeconds(60));
        Assert.Equal([true, true, true, true, true, true], Take(local, limit, 6, isAlone: false));
        time.Advance(70_000);
        Assert.Equal([true, true, false], Take(local, limit, 3, isAlone: true));
        Assert.Equal([false], Take(local, limit, 1, isAlone: false));
        time.Advance(61_001);
        Assert.Equal([true, true, true, true, true], Take(local, limit, 5, isAlone: false));
    }

    [Fact]
    public void Who_is_refused_by_one_limit_is_told_what_is_left_of_all()
    {
        var time = new StepTime();
        var local = new LocalLimits(Options.Create(new QuotaOptions()), time);
        var brief = new Limit(LimitScope.Key, "default", "k", LimitUnit.Requests, 10, TimeSpan.FromSeconds(1));
        var lasting = new Limit(LimitScope.Key, "default", "k", LimitUnit.Tokens, 5, TimeSpan.FromSeconds(60));
        Assert.Null(local.TryTake(new Reservation([brief, lasting], 5), isAlone: true).Refused);
        time.Advance(2_000);
        var refused = new Reservation([brief, lasting], 5);
        Assert.Same(lasting, local.TryTake(refused, isAlone: false).Refused);
        Assert.Equal([10, 0], refused.Holds.Select(hold => hold.Left));
        Assert.Equal(0, refused.Holds[0].ResetMs);
        Assert.InRange(refused.Holds[1].ResetMs, 58_000, 59_000);
    }

    [Fact]
    public void A_request_that_never_passes_is_told_so_whatever_else_is_used_up()
    {
        var time = new StepTime();
        var local = new LocalLimits(Options.Create(new QuotaOptions()), time);
        var requests = new Limit(LimitScope.Key, "default", "k", LimitUnit.Requests, 1, TimeSpan.FromSeconds(60));
        var day = new Limit(LimitScope.Key, "default", "k", LimitUnit.Requests, 1, TimeSpan.FromHours(1));
        var tokens = new Limit(LimitScope.Key, "default", "k", LimitUnit.Tokens, 100, TimeSpan.FromSeconds(60));
        Limit[] all = [requests, day, tokens];
        Assert.Null(local.TryTake(new Reservation(all, 10), isAlone: true).Refused);
        time.Advance(5_000);
        var later = local.TryTake(new Reservation(all, 10), isAlone: true);
        Assert.Same(day, later.Refused);
        Assert.InRange(later.ResetsAfter!.Value.TotalSeconds, 3_590, 3_660);
        var never = new Reservation(all, 101);
        var verdict = local.TryTake(never, isAlone: true);
        Assert.Same(tokens, verdict.Refused);
        Assert.True(verdict.IsTooMuch);
        Assert.Equal([0, 0, 90], never.Holds.Select(hold => hold.Left));
        Assert.InRange(never.Holds[2].ResetMs, 55_000, 56_000);
    }

    [Fact]
    public void A_share_is_at_least_one_and_a_request_larger_than_it_passes_alone()
    {
        var time = new StepTime();
        var local = new LocalLimits(Options.Create(new QuotaOptions { LeastReplicas = 10 }), time);
        var requests = new Limit(LimitScope.Key, "default", "k", LimitUnit.Requests, 3, TimeSpan.FromSeconds(60));
        Assert.Equal([true, false], Take(local, requests, 2, isAlone: true));
        var tokens = new Limit(LimitScope.Key, "default", "k", LimitUnit.Tokens, 1_000, TimeSpan.FromSeconds(60));
        Assert.Null(local.TryTake(new Reservation([tokens], 500), isAlone: true).Refused);
        Assert.NotNull(local.TryTake(new Reservation([tokens], 50), isAlone: true).Refused);
        Assert.True(local.TryTake(new Reservation([tokens], 1_001), isAlone: true).IsTooMuch);
    }

    [Fact]
    public void What_nobody_uses_is_forgotten_and_counted_anew()
    {
        var time = new StepTime();
        var local = new LocalLimits(Options.Create(new QuotaOptions()), time);
        var limit = new Limit(LimitScope.Key, "default", "k", LimitUnit.Requests, 1, TimeSpan.FromSeconds(1));
        Assert.Equal([true, false], Take(local, limit, 2, isAlone: true));
        local.Forget();
        Assert.Equal(1, local.Count);
        time.Advance(60_000);
        local.Forget();
        Assert.Equal(0, local.Count);
        Assert.Equal([true, false], Take(local, limit, 2, isAlone: true));
    }

    private static IEnumerable<bool> Take(LocalLimits local, Limit limit, int count, bool isAlone) =>
        [.. Enumerable.Range(0, count).Select(_ => local.TryTake(new Reservation([limit], 0), isAlone).Refused is null)];

    /// <summary>A clock in milliseconds that a test moves.</summary>
    private sealed class StepTime : TimeProvider
    {
        public long Now { get; private set; } = 1_000;

        public override long TimestampFrequency => 1_000;

        public void Advance(int milliseconds) => Now += milliseconds;

        public override long GetTimestamp() => Now;
    }
}
