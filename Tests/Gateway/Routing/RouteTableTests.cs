using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;

namespace Orrery.Tests.Gateway.Routing;

/// <summary>A table finds what holding every route against the request would find.</summary>
public sealed class RouteTableTests
{
    private static readonly Arbitrary<int> Seeds = Gen.Choose(0, int.MaxValue).ToArbitrary();
    private static readonly Config Often = Config.QuickThrowOnFailure.WithMaxTest(1_000);

    [Fact]
    public void The_first_of_all_routes_that_match_is_found() => Prop.ForAll(Seeds, seed =>
    {
        var random = new Random(seed);
        var routes = Enumerable.Range(0, random.Next(12)).Select(i => new DeclaredRoute(Route(random, i), NamespaceModels.None)).ToList();
        using var exchange = Request(random);
        Assert.Same(routes.Find(route => route.Matches(exchange)), new RouteTable(routes).Find(exchange));
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
        },
        Targets = [new RouteTarget { Model = "nothing" }],
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
