using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Authentication;
using Orrery.Gateway.Intake;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Routing;
using Orrery.ServiceDefaults;

namespace Orrery.Tests.Gateway.Routing;

/// <summary>Expressions cost those requests something that they are evaluated for.</summary>
public sealed class ExpressionCostTests : IDisposable
{
    private readonly Fleet _fleet = new();

    [Fact]
    public void A_request_that_no_route_with_an_expression_can_match_allocates_nothing_for_it()
    {
        var without = Allocated("m");
        Assert.InRange(without, 0, 64);
        Assert.Equal(without, Allocated("m", Route("other", new RouteMatch { Models = ["other"], Expression = "request.body.a == 1" }, "ai.models.random()")));
        Assert.Equal(without, Allocated("m", Route("other", new RouteMatch { Tag = "other", Expression = "request.stream" }, "ai.models") with { AllowedProviders = ["p"] }));
    }

    [Fact]
    public void One_that_is_held_against_an_expression_allocates_what_expressions_see_of_it_and_its_plan()
    {
        Assert.Equal(Allocated("m"), Allocated("m", Route("asked", new RouteMatch { Expression = "request.stream && request.model == 'other'" }, "ai.models"))); // The exchange keeps what was made when it was asked first.
        Assert.InRange(Allocated("m", Route("chosen", null, "ai.models.filter(m, m.provider_id == 'p')")), 1, 2_048);
    }

    /// <summary>Bytes of a plan, the average of a thousand.</summary>
    private long Allocated(string name, params SnapshotRoute[] routes)
    {
        const int Requests = 1_000;
        var model = new ServedModel(GatewayWorld.Model("m", ModelTypes.Chat), [Fleet.Candidate(null, new WeightedEndpoint(_fleet.Endpoint("h"), 1))]);
        var models = NamespaceModels.None with { Listed = [model], ByName = new[] { model }.ToFrozenDictionary(one => one.Id, StringComparer.Ordinal) };
        models = models with { Routes = new RouteTable([.. routes.Select(route => new DeclaredRoute(route, models, new DiceRandom(new Dice(1))))]) };
        using var exchange = new Exchange(new DefaultHttpContext(), Operation.Chat, snapshot: null, trace: default, startedAt: default, startTimestamp: 0)
        {
            Call = new Call { Body = new byte[100], ModelName = name },
            Caller = new Caller(GatewayWorld.AccessKey(), models, AllowedModels: null),
        };
        var (resolver, planner) = (new ModelResolver(), new RoutePlanner(new PlanBuilder(new Dice(7))));
        for (var i = 0; i < 100; i++)
        {
            Plan();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Requests; i++)
        {
            Plan();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / Requests;

        void Plan()
        {
            if (resolver.Resolve(exchange) is not null || planner.Plan(exchange) is not null)
            {
                throw new InvalidOperationException("A request that is to be measured was refused.");
            }
        }
    }

    private static SnapshotRoute Route(string name, RouteMatch? match, params string[] selection) =>
        new() { Namespace = "default", Name = name, Match = match, Targets = [], Selection = selection };

    public void Dispose() => _fleet.Dispose();
}
