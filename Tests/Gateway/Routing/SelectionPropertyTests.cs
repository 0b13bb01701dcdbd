using FsCheck;
using FsCheck.Fluent;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Routing;
using Orrery.ServiceDefaults;
using Endpoint = Orrery.Gateway.Routing.Endpoint;

namespace Orrery.Tests.Gateway.Routing;

/// <summary>What holds of plans that a route's expressions choose: random providers, models, wishes and selections, drawn from a seed that a failure prints.</summary>
public sealed class SelectionPropertyTests
{
    private static readonly Arbitrary<int> Seeds = Gen.Choose(0, int.MaxValue).ToArbitrary();
    private static readonly Config Often = Config.QuickThrowOnFailure.WithMaxTest(1_000);

    /// <summary>Expressions, and what each means in another language. <c>null</c>: it fails.</summary>
    private static readonly (string Source, Func<List<Candidate>, List<Candidate>?> Meaning)[] Expressions =
    [
        ("ai.models", all => all),
        ("ai.models.random()", all => all),
        ("[]", _ => []),
        ("ai.models.reverse()", all => [.. all.AsEnumerable().Reverse()]),
        ("ai.models[-1]", all => [all[^1]]),
        ("ai.models[9]", all => all.Count > 9 ? [all[9]] : null),
        ("ai.models.filter(m, m.provider_id == 'p1')", all => all.FindAll(one => one.Provider.Name == "p1")),
        ("ai.models.filter(m, m.id in ['m0', 'm2'] && m.weight > 1)", all => all.FindAll(one => one.Model.Id is "m0" or "m2" && one.Provider.Weight > 1)),
        ("ai.models.filter(m, m.self_hosted) + ai.models.filter(m, m.self_hosted)", all => all.FindAll(one => one.Provider.IsSelfHosted)),
        ("ai.models.sortBy(m, -m.weight)", all => [.. all.OrderByDescending(one => one.Provider.Weight)]),
        ("ai.models.filter(m, m.ready)", all => all.FindAll(one => one.Provider.IsUsable)),
        ("ai.models.filter(m, m.metadata.nothing == 'there')", _ => null),
        ("ai.models.filter(m, m.latency_ms < 500)", _ => null),
        ("request.model == 'm0' ? ai.models : ai.models.filter(m, m.priority < 100)", all => []),
        ("[ai.models[0], null]", all => [all[0]]),
        ("dyn([1])", _ => null),
    ];

    [Fact]
    public void A_plan_is_what_the_first_expression_gives_that_gives_any() => Prop.ForAll(Seeds, seed =>
    {
        using var scene = new PlanScene(seed, strategy: null);
        var offered = scene.Offered();
        var chosen = Choose(scene);
        var plan = scene.Build();
        var expected = Expected(chosen, offered);
        Assert.Equal(plan.Candidates.Count, plan.Candidates.Distinct().Count());
        Assert.All(plan.Candidates, candidate => Assert.Contains(candidate, offered));
        if (!scene.IsAlone)
        {
            Assert.Equal(expected.ToHashSet(), plan.Candidates.ToHashSet());
        }

        if (!scene.IsAlone && scene.Exchange.Wanted.Distinct().Count() == 1 && !chosen.Any(one => one.Source == "ai.models.random()"))
        {
            Assert.Equal(expected, plan.Candidates);
        }
    }).Check(Often);

    [Fact]
    public void Nobody_outside_the_result_is_tried_however_often_attempts_fail() => Prop.ForAll(Seeds, seed =>
    {
        using var scene = new PlanScene(seed, strategy: null);
        var offered = scene.Offered();
        var expected = Expected(Choose(scene), offered);
        var plan = scene.Build();
        var (tried, asked) = (new TriedEndpoints(), new HashSet<Endpoint>());
        while (tried.Attempts < 10 && scene.Fleet.Picker.TryTake(plan, default, ref tried) is { } lease)
        {
            Assert.Contains(lease.Candidate, expected);
            Assert.Contains(lease.Candidate, plan.Candidates);
            Assert.True(asked.Add(lease.Endpoint));
            if (scene.Random.Next(3) == 0)
            {
                tried.Exclude(lease.Candidate); // As when its context is too short: the next in the plan is asked.
            }

            lease.Dispose();
        }
    }).Check(Often);

    [Fact]
    public void Of_several_models_that_a_request_names_its_order_goes_first() => Prop.ForAll(Seeds, seed =>
    {
        using var scene = new PlanScene(seed, strategy: null);
        Choose(scene);
        if (!scene.IsAlone)
        {
            var places = scene.Build().Candidates.Select(candidate => scene.Exchange.Wanted.ToList().FindIndex(wanted =>
                wanted.Model == candidate.Model && (wanted.Provider is null || wanted.Provider == candidate.Provider.Name))).ToList();
            Assert.Equal(places.Order(), places);
        }
    }).Check(Often);

    [Fact]
    public void What_routes_do_not_allow_is_in_no_plan() => Prop.ForAll(Seeds, seed =>
    {
        using var scene = new PlanScene(seed);
        var models = scene.Models;
        var allowed = new[] { "p0", "p2" };
        var bound = new DeclaredRoute(new SnapshotRoute { Namespace = "default", Name = "bound", Targets = [], AllowedProviders = allowed, AllowedModels = ["m0", "p2/m1"] }, models);
        if (scene.Random.Next(2) == 0)
        {
            Choose(scene);
        }

        scene.Exchange.Bounds = new RouteTable([bound]).BoundsOf(scene.Exchange);
        var expected = scene.Offered().FindAll(one => allowed.Contains(one.Provider.Name) && (one.Model.Id == "m0" || (one.Model.Id, one.Provider.Name) == ("m1", "p2")));
        var plan = scene.Build();
        Assert.All(plan.Candidates, candidate => Assert.Contains(candidate, expected));
        if (scene.Exchange.Route is null)
        {
            Assert.Equal(scene.IsAlone ? Math.Min(1, expected.Count) : expected.Count, plan.Candidates.Count);
        }
    }).Check(Often);

    /// <summary>Puts a route without a target over the request, with up to four expressions.</summary>
    private static List<(string Source, Func<List<Candidate>, List<Candidate>?> Meaning)> Choose(PlanScene scene)
    {
        var chosen = Enumerable.Range(0, scene.Random.Next(1, 5)).Select(_ => Expressions[scene.Random.Next(Expressions.Length)]).ToList();
        scene.Exchange.Route = new DeclaredRoute(
            new SnapshotRoute { Namespace = "default", Name = "choice", Targets = [], Selection = [.. chosen.Select(one => one.Source)] }, NamespaceModels.None, new DiceRandom(new Dice(3)));
        Assert.Null(scene.Exchange.Route.Fault);
        return chosen;
    }

    private static List<Candidate> Expected(List<(string Source, Func<List<Candidate>, List<Candidate>?> Meaning)> chosen, List<Candidate> offered) =>
        offered.Count == 0 ? [] : chosen.Select(one => one.Meaning(offered)).FirstOrDefault(given => given is { Count: > 0 }) ?? [];
}
