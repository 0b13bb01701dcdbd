using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.Intake;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Routing;

namespace Orrery.Tests.Gateway.Routing;

/// <summary>A table finds what holding every route against the request would find.</summary>
public sealed class RouteTableTests
{
    private static readonly Arbitrary<int> Seeds = Gen.Choose(0, int.MaxValue).ToArbitrary();
    private static readonly Config Often = Config.QuickThrowOnFailure.WithMaxTest(1_000);
    private static readonly string[] Expressions = ["request.headers['x-canary'] == '1'", "'tag1' in request.tags", "request.headers['x-absent'] == ''", "key.name != 'key1' && team.name != 'team2'"];

    [Fact]
    public void The_first_of_all_routes_that_match_is_found() => Prop.ForAll(Seeds, seed =>
    {
        var random = new Random(seed);
        var routes = Enumerable.Range(0, random.Next(12)).Select(i => new DeclaredRoute(Route(random, i), NamespaceModels.None)).ToList();
        using var exchange = Request(random);
        Assert.Same(routes.Find(route => route.Decides && route.Matches(exchange)), new RouteTable(routes).Find(exchange));
    }).Check(Often);

    [Fact]
    public void Every_route_that_allows_some_only_and_does_not_certainly_not_match_bounds_the_request() => Prop.ForAll(Seeds, seed =>
    {
        var random = new Random(seed);
        var routes = Enumerable.Range(0, random.Next(6)).Select(i => new DeclaredRoute(Route(random, i), NamespaceModels.None)).ToList();
        using var exchange = Request(random);
        exchange.Model = new ServedModel(GatewayWorld.Model("m", ModelTypes.Chat), [Fleet.Candidate(null)]);
        var expected = routes.Find(route => route.IsBound && (route.Matches(exchange) || exchange.Facts.Faults.Any(fault => fault.Route == route.Name)));
        var bounds = new RouteTable(routes).BoundsOf(exchange);
        Assert.Equal(expected is not null, bounds is not null);
        if (bounds is not null)
        {
            Assert.Empty(bounds.Keep(exchange, exchange.Model.Plan.Candidates)); // It is none of those that are allowed.
            Assert.StartsWith($"The route '{expected!.Name}' ", bounds.NobodyLeft(exchange)!.Message, StringComparison.Ordinal);
        }
    }).Check(Often);

    private static SnapshotRoute Route(Random random, int i) => new()
    {
        Namespace = "default",
        Name = $"r{i}",
        Match = random.Next(8) == 0 ? null : new RouteMatch
        {
            Models = Some(random, "model"),
            Keys = Some(random, "key"),
            Teams = Some(random, "team"),
            Tags = Some(random, "tag"),
            Headers = random.Next(4) == 0 ? new Dictionary<string, string> { ["X-Canary"] = $"{random.Next(2)}" } : null,
            Expression = random.Next(3) > 0 ? null : Expressions[random.Next(Expressions.Length)],
        },
        Targets = random.Next(4) == 0 ? [] : [new RouteTarget { Model = "nothing" }],
        AllowedProviders = random.Next(4) == 0 ? ["nobody"] : null,
        AllowedModels = random.Next(4) == 0 ? ["nothing"] : null,
    };

    private static Exchange Request(Random random)
    {
        var http = new DefaultHttpContext();
        http.Request.Headers["X-Canary"] = $"{random.Next(2)}";
        if (random.Next(2) == 0)
        {
            http.Request.Headers[OrreryHeaders.Tags] = $"other, tag{random.Next(3)}";
        }

        return new Exchange(http, Operation.Chat, snapshot: null, trace: default, startedAt: default, startTimestamp: 0)
        {
            Call = new Call { Body = new byte[100], ModelName = $"model{random.Next(3)}" },
            Caller = new Caller(GatewayWorld.AccessKey(name: $"key{random.Next(3)}") with { Tags = Some(random, "tag") ?? [] }, NamespaceModels.None, AllowedModels: null)
            {
                Team = random.Next(2) == 0 ? null : new SnapshotTeam { Namespace = "default", Name = $"team{random.Next(3)}", Tags = Some(random, "tag") ?? [] },
            },
        };
    }

    private static List<string>? Some(Random random, string kind) =>
        random.Next(2) == 0 ? null : [.. Enumerable.Range(0, 3).Where(_ => random.Next(2) == 0).Select(i => $"{kind}{i}")];
}
