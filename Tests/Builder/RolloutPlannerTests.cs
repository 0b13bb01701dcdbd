using FsCheck;
using FsCheck.Fluent;
using Orrery.Builder.Planning;
using Orrery.Builder.Targets;
using Orrery.Contracts;

namespace Orrery.Tests.Builder;

/// <summary>What is decided about replicas, whatever happens to them.</summary>
public sealed class RolloutPlannerTests
{
    private static readonly RolloutRules Rules = new(3, RolloutStrategies.Rolling, 10, null, TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(30));

    [Fact]
    public void A_first_revision_gets_all_its_replicas_at_once_and_serves_with_the_first_that_answers()
    {
        var world = new RolloutWorld(Rules);
        world.Begin(1);
        world.Look();
        Assert.Equal(3, world.Replicas.Count);
        Assert.Empty(world.Last.Serving);

        world.Set(1, 2, ReplicaState.Ready);
        Assert.Equal([2], world.Look().Serving.Select(entry => entry.Replica.Ordinal));
        Assert.Null(world.Serving);

        world.AllReady();
        world.Look();
        Assert.Equal(1, world.Serving);
        Assert.Equal(3, world.Look().Serving.Count);
    }

    [Fact]
    public void The_old_revision_serves_until_the_new_one_is_ready_and_one_replica_goes_for_each_that_came()
    {
        var world = Running(1);
        world.Begin(2);
        world.Look();
        Assert.Equal([(1, 3), (2, 1)], Counts(world));
        Assert.Equal(3, world.Last.Serving.Count(entry => entry.Replica.Revision == 1));

        world.Set(2, 0, ReplicaState.Ready);
        world.Look();
        Assert.Equal([(1, 3), (2, 2)], Counts(world)); // The third old one drains, and is kept for that long.
        Assert.Equal([2], world.Last.Draining.Select(replica => replica.Ordinal));
        Assert.Equal(3, world.Last.Serving.Count);

        world.Pass(TimeSpan.FromSeconds(31));
        world.Look();
        Assert.Equal([(1, 2), (2, 2)], Counts(world));

        world.Settle();
        Assert.Equal(2, world.Serving);
        Assert.Equal([(2, 3)], Counts(world));
    }

    [Fact]
    public void A_revision_that_does_not_become_ready_in_time_is_given_up_and_the_old_one_has_all_its_replicas_again()
    {
        var world = Running(1);
        world.Begin(2);
        world.Look();
        world.Set(2, 0, ReplicaState.Ready);
        world.Look();
        world.Pass(TimeSpan.FromMinutes(9));
        world.Look();
        Assert.Empty(world.Failures);

        world.Pass(TimeSpan.FromMinutes(2));
        world.Look();
        Assert.Contains("10m", Assert.Single(world.Failures), StringComparison.Ordinal);
        world.Settle();
        Assert.Equal(1, world.Serving);
        Assert.Equal([(1, 3)], Counts(world));
    }

    [Fact]
    public void Coming_forward_gives_the_rest_its_time_again()
    {
        var world = Running(1);
        world.Begin(2);
        world.Look();
        for (var ordinal = 0; ordinal < 3; ordinal++)
        {
            world.Pass(TimeSpan.FromMinutes(8));
            world.Set(2, ordinal, ReplicaState.Ready);
            world.Look();
        }

        Assert.Empty(world.Failures);
        Assert.Equal(2, world.Serving);
    }

    [Theory]
    [InlineData(ReplicaReasons.Crashes, 0, true)]
    [InlineData(ReplicaReasons.HubRefuses, 0, true)]
    [InlineData(ReplicaReasons.Misconfigured, 1, true)]
    [InlineData(ReplicaReasons.OutOfMemory, 1, true)]
    [InlineData(ReplicaReasons.Misconfigured, 0, false)]
    [InlineData(ReplicaReasons.OutOfMemory, 0, false)]
    [InlineData(ReplicaReasons.NoImage, 3, false)]
    [InlineData(ReplicaReasons.NotAnswering, 3, false)]
    public void A_server_that_does_not_stay_up_ends_the_rollout_at_once(string reason, int restarts, bool ends)
    {
        var world = Running(1);
        world.Begin(2);
        world.Look();
        world.Set(2, 0, ReplicaState.Failed, reason, restarts);
        world.Look();
        Assert.Equal(ends ? 1 : 0, world.Failures.Count);
        Assert.Equal(ends ? null : 2, world.Next);
    }

    [Fact]
    public void A_revision_that_is_overtaken_serves_on_until_others_do()
    {
        var world = Running(1);
        world.Begin(2);
        for (var ordinal = 0; ordinal < 2; ordinal++)
        {
            world.Look();
            world.Set(2, ordinal, ReplicaState.Ready);
            world.Look();
            world.Pass(TimeSpan.FromSeconds(31));
        }

        world.Look();
        world.Begin(3);
        Assert.Equal(3, world.Look().Serving.Count); // One old, two of the revision that nobody wants any more.
        world.Settle();
        Assert.Equal(3, world.Serving);
        Assert.Equal([(3, 3)], Counts(world));
    }

    [Fact]
    public void With_recreate_the_old_ones_are_gone_before_the_new_ones_are_made()
    {
        var world = Running(1, Rules with { Strategy = RolloutStrategies.Recreate });
        world.Begin(2);
        for (var i = 0; i < 20 && world.Serving != 2; i++)
        {
            world.Look();
            Assert.InRange(world.Replicas.Select(replica => replica.Revision).Distinct().Count(), 0, 1);
            world.Pass(TimeSpan.FromSeconds(31));
            if (world.Replicas.All(replica => replica.Revision == 2))
            {
                world.AllReady();
            }
        }

        Assert.Equal(2, world.Serving);
    }

    [Fact]
    public void A_canary_has_its_share_however_many_replicas_there_are_and_waits_to_be_promoted()
    {
        var world = Running(1, Rules with { Strategy = RolloutStrategies.Canary, CanaryPercent = 20 });
        world.Begin(2);
        world.Look();
        world.AllReady();
        world.Pass(TimeSpan.FromHours(5));
        var shares = world.Look().Serving.ToLookup(entry => entry.Replica.Revision, entry => entry.Weight);
        Assert.Equal([(1, 3), (2, 1)], Counts(world));
        Assert.Equal(20.0 / 80, shares[2].Sum() / (double)shares[1].Sum(), 3);
        Assert.Empty(world.Failures);

        world.Promote();
        world.Settle();
        Assert.Equal(2, world.Serving);
        Assert.Equal([(2, 3)], Counts(world));
        Assert.All(world.Last.Serving, entry => Assert.Equal(1, entry.Weight));
    }

    [Fact]
    public void A_canary_takes_over_by_itself_where_that_was_declared()
    {
        var world = Running(1, Rules with { Strategy = RolloutStrategies.Canary, PromoteAfter = TimeSpan.FromHours(1) });
        world.Begin(2);
        world.Look();
        world.AllReady();
        world.Look();
        Assert.False(RolloutPlanner.PromotesCanary(world.Scene()));
        Assert.Equal(world.Now + TimeSpan.FromHours(1), world.Last.NextLook);
        world.Pass(TimeSpan.FromHours(1));
        Assert.True(RolloutPlanner.PromotesCanary(world.Scene()));
    }

    [Theory]
    [InlineData(RolloutStrategies.Rolling)]
    [InlineData(RolloutStrategies.Canary)]
    public void A_revision_that_answers_to_other_names_takes_over_in_one_step(string strategy)
    {
        var world = Running(1, Rules with { Strategy = strategy });
        (world.Names[1], world.Names[2]) = ("old", "new");
        world.Begin(2);
        world.Look();
        world.Promote();
        world.Look();
        Assert.Equal([(1, 3), (2, 3)], Counts(world));
        for (var ordinal = 0; ordinal < 2; ordinal++)
        {
            world.Set(2, ordinal, ReplicaState.Ready);
            Assert.Equal([1, 1, 1], world.Look().Serving.Select(entry => entry.Replica.Revision));
            Assert.Equal((1, 2), (world.Last.Named, Assert.Single(world.Last.Held)));
            world.Pass(TimeSpan.FromSeconds(31));
        }

        world.Set(2, 2, ReplicaState.Ready);
        Assert.Equal([2, 2, 2], world.Look().Serving.Select(entry => entry.Replica.Revision));
        Assert.Equal((2, 1), (world.Last.Named, Assert.Single(world.Last.Held)));
        Assert.Equal([(1, 3), (2, 3)], Counts(world)); // They finish what they have begun.
        world.Settle();
        Assert.Equal([(2, 3)], Counts(world));
    }

    [Fact]
    public void With_recreate_the_old_names_go_with_the_last_that_answers_to_them()
    {
        var world = Running(1, Rules with { Strategy = RolloutStrategies.Recreate });
        (world.Names[1], world.Names[2]) = ("old", "new");
        world.Begin(2);
        Assert.Equal(1, world.Look().Named);
        Assert.Empty(world.Last.Serving);
        world.Pass(TimeSpan.FromSeconds(31));
        world.Look();
        world.Look();
        world.Set(2, 0, ReplicaState.Ready);
        Assert.Equal([2], world.Look().Serving.Select(entry => entry.Replica.Revision));
        Assert.Equal((2, 1), (world.Last.Named, world.Serving));
    }

    [Fact]
    public void That_there_is_no_room_for_both_is_told_with_the_way_out()
    {
        var world = Running(1);
        (world.Names[1], world.Names[2]) = ("old", "new");
        world.Begin(2);
        world.Look();
        world.Set(2, 0, ReplicaState.Waiting);
        world.Pass(TimeSpan.FromMinutes(11));
        world.Look();
        Assert.Equal("It was not ready within 10m. It answers to other names than the revision that serves, so that all its replicas run beside those before it takes over; with spec.rollout.strategy 'recreate' those end first.", Assert.Single(world.Failures));
    }

    [Fact]
    public void What_is_added_together_with_a_change_is_added_to_the_new_revision_alone()
    {
        var world = Running(1);
        world.Rules = Rules with { Replicas = 5 };
        world.Begin(2);
        world.Look();
        Assert.Equal([(1, 3), (2, 3)], Counts(world)); // One more than there should be.

        world.Set(1, 1, ReplicaState.Failed);
        world.Look();
        Assert.Equal([(1, 3), (2, 3)], Counts(world)); // What is there is kept, and started again.
        world.Settle();
        Assert.Equal((2, 5), Assert.Single(Counts(world)));
    }

    [Fact]
    public void A_deployment_without_replicas_that_is_changed_and_scaled_starts_the_new_revision_alone()
    {
        var world = Running(1, Rules with { Replicas = 0 });
        world.Rules = Rules with { Replicas = 2 };
        world.Begin(2);
        world.Look();
        Assert.Equal([(2, 2)], Counts(world));
        world.Settle();
        Assert.Equal((2, 2), (world.Serving, world.Last.Serving.Count));
    }

    [Fact]
    public void A_failing_probe_takes_nobody_out_and_a_new_start_does()
    {
        var world = Running(1);
        world.Set(1, 0, ReplicaState.Unready);
        Assert.Equal(3, world.Look().Serving.Count);
        world.Set(1, 0, ReplicaState.Starting);
        Assert.Equal(2, world.Look().Serving.Count);
    }

    [Fact]
    public void What_is_deleted_drains_before_it_ends()
    {
        var world = Running(1);
        world.IsGoing = true;
        Assert.Empty(world.Look().Serving);
        Assert.Equal(3, world.Replicas.Count);
        world.Pass(TimeSpan.FromSeconds(31));
        world.Look();
        Assert.Empty(world.Replicas);
        Assert.Equal([1], world.Last.Leaving);
    }

    [Fact]
    public void Whatever_happens_a_rollout_of_servers_that_come_up_arrives_and_the_plan_takes_nobody_away_who_is_missed()
    {
        var events = Gen.Elements("ready", "crash", "flap", "recover", "wait", "newer").Two().ListOf();
        Prop.ForAll(events.ToArbitrary(), Gen.Choose(1, 4).ToArbitrary(), Gen.Elements(RolloutStrategies.Rolling, RolloutStrategies.Canary).ToArbitrary(), (history, replicas, strategy) =>
        {
            var world = Running(1, Rules with { Replicas = replicas, Strategy = strategy });
            var (revision, step) = (1, 0);
            foreach (var (first, second) in history)
            {
                foreach (var what in new[] { first, second })
                {
                    Happen(world, what, ref revision, step++);
                    var couldServe = world.Replicas.Count(replica => replica.IsReady && replica.DrainingAt is null);
                    world.Look();
                    var serves = world.Last.Serving.Count(entry => entry.Replica.IsReady);
                    Assert.True(serves >= Math.Min(replicas, couldServe), $"{what}: {serves} serve of {couldServe} that could, {replicas} wanted");
                    Assert.DoesNotContain(world.Last.Serving, entry => world.Last.Draining.Contains(entry.Replica));
                }
            }

            world.Promote();
            world.Settle();
            Assert.Null(world.Next);
            Assert.Equal([(world.Serving!.Value, replicas)], Counts(world));
            Assert.Equal(replicas, world.Last.Serving.Count);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Whatever_happens_nobody_is_told_of_servers_of_two_names_and_none_too_few_serve()
    {
        var events = Gen.Elements("ready", "crash", "flap", "recover", "wait", "newer").Two().ListOf();
        Prop.ForAll(events.ToArbitrary(), Gen.Choose(1, 4).ToArbitrary(), Gen.Elements<string>([.. RolloutStrategies.All]).ToArbitrary(), (history, replicas, strategy) =>
        {
            var world = Running(1, Rules with { Replicas = replicas, Strategy = strategy });
            world.Names[1] = "1";
            var (revision, step) = (1, 0);
            foreach (var what in history.SelectMany(pair => new[] { pair.Item1, pair.Item2 }))
            {
                world.Names[revision + 1] = $"{(revision + 1) / 2}"; // Every other one is of another model.
                Happen(world, what, ref revision, step++);
                var plan = world.Look();
                Assert.All(plan.Serving, entry => Assert.Equal(world.Names[plan.Named!.Value], world.Names[entry.Replica.Revision]));
                var could = world.Replicas.Count(replica => replica.IsReady && replica.DrainingAt is null && world.Names[replica.Revision] == world.Names[plan.Named!.Value]);
                Assert.True(plan.Serving.Count(entry => entry.Replica.IsReady) >= Math.Min(replicas, could), $"{what}: {plan.Serving.Count} serve of {could} that could");
            }

            world.Promote();
            world.Settle();
            Assert.Null(world.Next);
            Assert.Equal([(world.Serving!.Value, replicas)], Counts(world));
            Assert.Equal(replicas, world.Last.Serving.Count);
        }).QuickCheckThrowOnFailure();
    }

    private static void Happen(RolloutWorld world, string what, ref int revision, int step)
    {
        var victim = world.Replicas.Count == 0 ? null : world.Replicas[step % world.Replicas.Count];
        switch (what)
        {
            case "ready" when victim is not null:
                world.Set(victim.Revision, victim.Ordinal, ReplicaState.Ready);
                break;
            case "crash" when victim is not null:
                world.Set(victim.Revision, victim.Ordinal, ReplicaState.Starting);
                break;
            case "flap" when victim is { ReadyAt: not null }:
                world.Set(victim.Revision, victim.Ordinal, ReplicaState.Unready);
                break;
            case "recover" when victim is { ReadyAt: not null }:
                world.Set(victim.Revision, victim.Ordinal, ReplicaState.Ready);
                break;
            case "wait":
                world.Pass(TimeSpan.FromSeconds(20));
                break;
            case "newer":
                world.Begin(++revision);
                break;
            default:
                break;
        }
    }

    private static RolloutWorld Running(int revision, RolloutRules? rules = null)
    {
        var world = new RolloutWorld(rules ?? Rules);
        world.Begin(revision);
        world.Look();
        world.AllReady();
        world.Look();
        world.Look();
        Assert.Equal(revision, world.Serving);
        return world;
    }

    private static (int, int)[] Counts(RolloutWorld world) =>
        [.. world.Replicas.GroupBy(replica => replica.Revision).Select(group => (group.Key, group.Count()))];
}
