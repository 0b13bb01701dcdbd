using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.Intake;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Translation;
using Orrery.ServiceDefaults;

namespace Orrery.Tests.Gateway.Routing;

/// <summary><c>auto</c> among thousands of models: what it may be is what it would be among a few, and it costs what a plan costs and not what thousands do.</summary>
public sealed class AnyModelTests : IDisposable
{
    private readonly Fleet _fleet = new();

    public void Dispose() => _fleet.Dispose();

    [Fact]
    public void The_declared_order_is_planned_once()
    {
        var models = Models(3_000, candidate => 1);
        var (one, other) = (Plan(models), Plan(models));
        Assert.Same(one, other);
        Assert.Equal(models.Listed.SelectMany(model => model.Plan.Candidates), one.Candidates);
        Assert.Equal("any model that fits, by priority", one.Rule);
    }

    [Fact]
    public void A_caller_of_some_models_gets_those_by_id()
    {
        var plan = Plan(Models(3_000, candidate => 1), allowed: ["m0007", "m0003", "gone"]);
        Assert.Equal(["m0003", "m0007"], plan.Candidates.Select(candidate => candidate.Model.Id));
        Assert.Equal("any model that fits, by priority", plan.Rule);
    }

    [Fact]
    public void The_cheapest_of_thousands_come_first_and_as_many_as_anybody_needs()
    {
        var plan = Plan(Models(3_000, place => 3_000 - (place / 2)), RoutingStrategies.Cost);
        Assert.Equal(1_000, plan.Candidates.Count);
        Assert.Equal(Enumerable.Range(0, 1_000).Select(i => $"m{2_998 - (i / 2 * 2) + (i % 2):D4}"), plan.Candidates.Select(candidate => candidate.Model.Id));
    }

    [Fact]
    public void Providers_that_cannot_be_called_take_nobodys_place_among_thousands()
    {
        var plan = Plan(Models(3_000, place => place, isFaulty: place => place < 2_000), RoutingStrategies.Cost);
        Assert.True(plan.IsUsable);
        Assert.Equal("m2000", plan.Candidates[0].Model.Id);
    }

    [Theory]
    [InlineData(RoutingStrategies.Weighted)]
    [InlineData(RoutingStrategies.RoundRobin)]
    [InlineData(RoutingStrategies.Latency)]
    public void In_any_order_nobody_is_asked_twice(string strategy)
    {
        var plan = Plan(Models(3_000, candidate => 1), strategy);
        Assert.Equal(1_000, plan.Candidates.Distinct().Count());
        Assert.Equal(1_000, plan.Candidates.Count);
    }

    [Fact]
    public void Weights_are_shares_and_who_has_none_comes_last()
    {
        var models = Models(3, candidate => 1, weight: place => place switch { 0 => 3, 1 => 0, _ => 1 });
        var firsts = Enumerable.Range(0, 4_000).Select(i => Plan(models, RoutingStrategies.Weighted, seed: (ulong)i * 7919)).ToList();
        Assert.InRange(firsts.Count(plan => plan.Candidates[0].Model.Id == "m0000"), 2_850, 3_150);
        Assert.All(firsts, plan => Assert.Equal("m0001", plan.Candidates[2].Model.Id));
    }

    private static RoutePlan Plan(NamespaceModels models, string? strategy = null, string[]? allowed = null, ulong seed = 7)
    {
        using var exchange = new Exchange(new DefaultHttpContext(), Operation.Chat, snapshot: null, trace: default, startedAt: default, startTimestamp: 0)
        {
            Call = new Call { Body = new byte[100], ModelName = "auto", Routing = strategy is null ? null : new RoutingWish(strategy, null, true) },
            Caller = new Caller(GatewayWorld.AccessKey(), models, allowed?.ToFrozenSet(StringComparer.Ordinal)),
        };
        Assert.Null(new ModelResolver().Resolve(exchange));
        Assert.Null(new RoutePlanner(new PlanBuilder(new Dice(seed))).Plan(exchange));
        return exchange.Plan;
    }

    /// <summary>Each with a provider of its own.</summary>
    private NamespaceModels Models(int count, Func<int, double> price, Func<int, bool>? isFaulty = null, Func<int, int>? weight = null)
    {
        var endpoint = new WeightedEndpoint(_fleet.Endpoint("one", "p"), 1);
        List<ServedModel> listed = [.. Enumerable.Range(0, count).Select(i => new ServedModel(
            GatewayWorld.Model($"m{i:D4}", ModelTypes.Chat),
            [new Candidate(Provider(i), "upstream", new Latency(TimeProvider.System)) { InputPrice = price(i), OutputPrice = 0 }]))];
        return NamespaceModels.None with { Listed = listed, Any = new AnyModel(listed), ByName = listed.ToFrozenDictionary(model => model.Id, StringComparer.Ordinal) };

        ProviderRoute Provider(int i) => new()
        {
            Spec = GatewayWorld.Provider($"p{i}") with { Weight = weight?.Invoke(i) },
            Adapter = new VllmAdapter(),
            Fault = isFaulty?.Invoke(i) == true ? "its credential cannot be opened" : null,
            Endpoints = [endpoint],
            RequestTimeout = default,
            IdleTimeout = default,
            TotalTimeout = default,
        };
    }
}
