using System.Collections.Frozen;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Intake;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Routing;
using Orrery.ServiceDefaults;
using Endpoint = Orrery.Gateway.Routing.Endpoint;

namespace Orrery.Tests.Gateway.Routing;

/// <summary>What holds of every plan, and of the attempts that are made by it: random providers, models, wishes and routes, drawn from a seed that a failure prints.</summary>
public sealed class PlanPropertyTests
{
    private static readonly Arbitrary<int> Seeds = Gen.Choose(0, int.MaxValue).ToArbitrary();
    private static readonly Config Often = Config.QuickThrowOnFailure.WithMaxTest(1_000);

    [Fact]
    public void A_plan_holds_what_was_asked_for_and_nobody_twice() => Prop.ForAll(Seeds, seed =>
    {
        using var scene = new PlanScene(seed);
        var (plan, expected) = (scene.Build(), scene.Offered());
        Assert.Equal(plan.Candidates.Count, plan.Candidates.Distinct().Count());
        Assert.All(plan.Candidates, candidate => Assert.Contains(candidate, expected));
        if (!scene.IsAlone)
        {
            Assert.Equal(expected.Count, plan.Candidates.Count);
        }
    }).Check(Often);

    [Fact]
    public void Without_a_strategy_the_order_is_the_declared_one_and_always_the_same() => Prop.ForAll(Seeds, seed =>
    {
        using var scene = new PlanScene(seed, strategy: null);
        var expected = scene.Offered();
        expected = !scene.IsAlone || expected.Count == 0 ? expected : [expected.Find(candidate => candidate.Provider.IsUsable) ?? expected[0]];
        Assert.Equal(expected, scene.Build().Candidates);
        Assert.Equal(expected, scene.Build().Candidates);
    }).Check(Often);

    [Fact]
    public void Without_fallback_there_is_one_provider_at_most_and_the_one_that_would_be_first() => Prop.ForAll(Seeds, seed =>
    {
        using var scene = new PlanScene(seed);
        var all = scene.Offered();
        scene.Forbid();
        var plan = scene.Build();
        Assert.Equal(Math.Min(1, all.Count), plan.Candidates.Count);
        Assert.Equal(all.Exists(candidate => candidate.Provider.IsUsable), plan.IsUsable);
    }).Check(Often);

    [Fact]
    public void Attempts_are_bounded_stay_in_the_plan_and_keep_its_order_while_somebody_is_unasked() => Prop.ForAll(Seeds, seed =>
    {
        using var scene = new PlanScene(seed);
        var plan = scene.Build();
        var most = scene.Random.Next(1, 11);
        var (tried, last) = (new TriedEndpoints(), -1);
        var asked = new List<Endpoint>();
        var waiting = plan.Candidates.Where(candidate => candidate.Provider.IsUsable).Select(candidate => candidate.Provider).Distinct().ToHashSet();
        while (tried.Attempts < most && scene.Fleet.Picker.TryTake(plan, default, ref tried) is { } lease)
        {
            var index = plan.Candidates.ToList().IndexOf(lease.Candidate);
            Assert.True(lease.Candidate.Provider.IsUsable);
            Assert.DoesNotContain(lease.Endpoint, asked);
            asked.Add(lease.Endpoint);
            if (waiting.Count > 1)
            {
                Assert.True(index >= last, $"{index} after {last}");
                Assert.InRange(asked.Count(endpoint => lease.Candidate.Provider.Endpoints.Any(own => own.Endpoint == endpoint)), 1, 2 * plan.Candidates.Count(candidate => candidate.Provider == lease.Candidate.Provider));
            }

            last = index;
            waiting.Remove(lease.Candidate.Provider);
            lease.Dispose();
        }

        var reachable = plan.Candidates.Where(candidate => candidate.Provider.IsUsable).SelectMany(candidate => candidate.Provider.Endpoints).Select(weighted => weighted.Endpoint).Distinct().Count();
        Assert.Equal(Math.Min(most, reachable), asked.Count);
    }).Check(Often);

    [Fact]
    public void Who_drops_out_unasked_is_not_asked_again_and_costs_nothing() => Prop.ForAll(Seeds, seed =>
    {
        using var scene = new PlanScene(seed);
        var plan = scene.Build();
        var tried = new TriedEndpoints();
        var dropped = new HashSet<ProviderRoute>();
        var attempts = 0;
        while (tried.Attempts < 10 && scene.Fleet.Picker.TryTake(plan, default, ref tried) is { } lease)
        {
            Assert.DoesNotContain(lease.Candidate.Provider, dropped);
            if (scene.Random.Next(2) == 0)
            {
                dropped.Add(lease.Candidate.Provider);
                tried.Skip(plan, limit: null);
            }
            else
            {
                attempts++;
            }

            Assert.Equal(attempts, tried.Attempts);
            lease.Dispose();
        }
    }).Check(Often);

    /// <remarks>Bounds that a fair draw leaves once in a billion runs.</remarks>
    [Theory]
    [InlineData(9, 1, 0)]
    [InlineData(1, 1, 1)]
    [InlineData(0, 1, 99)]
    [InlineData(0, 0, 5)]
    [InlineData(1_000_000, 1_000_000, 1)]
    public void Of_ten_thousand_requests_each_target_of_a_route_gets_its_share(int first, int second, int third)
    {
        const int Picks = 10_000;
        using var fleet = new Fleet();
        int[] weights = [first, second, third];
        var models = weights.Select((_, i) => new ServedModel(GatewayWorld.Model($"m{i}", ModelTypes.Chat), [Fleet.Candidate(null, new WeightedEndpoint(fleet.Endpoint($"h{i}"), 1))])).ToList();
        var route = new DeclaredRoute(
            new SnapshotRoute { Namespace = "default", Name = "canary", Targets = [.. weights.Select((weight, i) => new RouteTarget { Model = $"m{i}", Weight = weight })] },
            NamespaceModels.None with { ByName = models.ToFrozenDictionary(model => model.Id), Listed = models });
        var builder = new PlanBuilder(new Dice(11));
        using var exchange = new Exchange(new DefaultHttpContext(), Operation.Chat, snapshot: null, trace: default, startedAt: default, startTimestamp: 0)
        {
            Call = new Call { Body = new byte[100], ModelName = "any" },
            Route = route,
            Model = models[0],
            Wanted = [.. route.Targets.Select(target => target.Target)],
        };
        var counts = new int[weights.Length];
        for (var i = 0; i < Picks; i++)
        {
            var plan = builder.Build(exchange);
            Assert.Equal(weights.Length, plan.Candidates.Distinct().Count()); // The others stand in.
            counts[models.IndexOf(plan.Candidates[0].Model)]++;
        }

        var total = weights.Sum(weight => (double)weight);
        for (var i = 0; i < weights.Length; i++)
        {
            var share = weights[i] / total;
            Assert.InRange(Math.Abs(counts[i] - (Picks * share)), 0, 6.2 * Math.Sqrt(Picks * share * (1 - share)));
        }
    }
}
