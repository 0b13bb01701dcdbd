using Orrery.Contracts;
using Orrery.Gateway.ModelResolution;
using Orrery.ServiceDefaults;

namespace Orrery.Gateway.Routing;

/// <summary>Makes the plan of a request that asks for more than one model as declared: several names, a strategy, chosen providers, a route.</summary>
internal sealed class PlanBuilder(Dice dice)
{
    /// <summary>One request in so many goes elsewhere, so that a provider that has become fast is noticed.</summary>
    private const int Exploring = 50;

    /// <summary>Of any model so many candidates: far more than attempts, so that some are left when many are out, and far fewer than there may be.</summary>
    private const int MostOfAny = 1_000;

    /// <summary>Whether <see cref="Build"/> would do anything that the model's own plan does not.</summary>
    public static bool IsNeeded(Exchange exchange) =>
        exchange.Wanted.Count != 1 || exchange.Route is not null || exchange.Bounds is not null || exchange.Call.Routing is not null || exchange.Model.Strategy is not (null or RoutingStrategies.Priority);

    public RoutePlan Build(Exchange exchange)
    {
        var (wish, route) = (exchange.Call.Routing, exchange.Route);
        var strategy = wish?.Strategy ?? route?.Strategy ?? exchange.Model.Strategy ?? RoutingStrategies.Priority;
        var candidates = new List<Candidate>();
        var any = exchange.IsAuto && wish?.Providers is null ? AnyAtAll(exchange) : null;
        if (any is { HasRules: false } && wish is null && route is null && exchange.Bounds is null && strategy == RoutingStrategies.Priority)
        {
            return any;
        }

        var explores = false;
        if (exchange.IsAuto)
        {
            explores = AddForemost(exchange, candidates, strategy, any?.Candidates ?? [.. exchange.Wanted.SelectMany(wanted => Offered(exchange, wanted)).Distinct()]);
        }
        else
        {
            foreach (var wanted in route is { Leads: true } ? Drawn(exchange, route) : exchange.Wanted)
            {
                explores |= AddInOrder(exchange, candidates, strategy, Offered(exchange, wanted));
            }
        }

        candidates = Allowed(exchange, candidates);
        string? selectedBy = null;
        var isSelected = route?.Selection is not null && candidates.Count > 0;
        if (isSelected)
        {
            candidates = Selected(exchange, route!, candidates, out selectedBy);
        }

        var isAlone = wish?.Fallback == false || route?.Fallback is { Count: 0 };
        if (isAlone && candidates.Count > 1)
        {
            candidates = [candidates.Find(candidate => candidate.Provider.IsUsable) ?? candidates[0]];
        }

        return new RoutePlan(candidates, Rule(exchange, strategy, selectedBy, isAlone, explores && selectedBy is null), strategy) { IsSelected = isSelected };
    }

    /// <summary>Those who may be asked for this request at all.</summary>
    private static List<Candidate> Allowed(Exchange exchange, List<Candidate> candidates)
    {
        candidates = exchange.Bounds?.Keep(exchange, candidates) ?? candidates;
        candidates = ProviderRules.Any(candidates) ? ProviderRules.Keep(exchange, candidates) : candidates;
        return exchange.Operation.IsPassThrough ? PassThroughPlan.Keep(exchange, candidates) : candidates;
    }

    /// <summary>What the route's expressions choose. Of several models that the request itself names, its order goes first.</summary>
    private static List<Candidate> Selected(Exchange exchange, DeclaredRoute route, List<Candidate> candidates, out string? by)
    {
        var chosen = route.Selection!.Choose(exchange, candidates, out by);
        if (RouteExplanation.IsAsked(exchange))
        {
            foreach (var candidate in candidates.Except(chosen))
            {
                exchange.LeaveOut(candidate, $"{by ?? "the selection"} of route '{route.Name}' does not give it");
            }
        }

        return route.Leads || exchange.IsAuto || exchange.Wanted.Count < 2 ? chosen : [.. chosen.OrderBy(candidate => PlaceOf(exchange.Wanted, candidate))];
    }

    private static int PlaceOf(IReadOnlyList<WantedModel> wanted, Candidate candidate)
    {
        for (var i = 0; i < wanted.Count; i++)
        {
            if (ReferenceEquals(wanted[i].Model, candidate.Model) && (wanted[i].Provider ?? candidate.Provider.Name) == candidate.Provider.Name)
            {
                return i;
            }
        }

        return wanted.Count;
    }

    /// <summary>One target drawn by weight, then the others, then who stands in.</summary>
    private List<WantedModel> Drawn(Exchange exchange, DeclaredRoute route)
    {
        var targets = route.Targets.Where(target => exchange.Wanted.Contains(target.Target)).ToList();
        if (targets.Count > 1 && targets.Sum(target => (long)target.Weight) is > 0 and var total)
        {
            var point = dice.Next(total);
            var drawn = targets.FindIndex(target => (point -= target.Weight) < 0);
            (targets[0], targets[drawn]) = (targets[drawn], targets[0]);
        }

        return [.. targets.Select(target => target.Target), .. (route.Fallback ?? []).Where(exchange.Wanted.Contains)];
    }

    private static List<Candidate> Offered(Exchange exchange, WantedModel wanted)
    {
        var providers = exchange.Call.Routing?.Providers;
        var offered = new List<Candidate>();
        foreach (var candidate in wanted.Model.Plan.Candidates)
        {
            var name = candidate.Provider.Name;
            if (wanted.Provider is not null && wanted.Provider != name)
            {
                continue; // Nobody asked for it.
            }

            if (providers is not null && !providers.Any(candidate.Provider.IsNamed))
            {
                exchange.LeaveOut(candidate, "routing.providers does not name the provider");
                continue;
            }

            offered.Add(candidate);
        }

        return offered;
    }

    /// <summary>The plan over all models there are, where that is what is wanted.</summary>
    private static RoutePlan? AnyAtAll(Exchange exchange)
    {
        var takers = exchange.Caller.Models.Any.For(exchange.Operation);
        return ReferenceEquals(takers.Wanted, exchange.Wanted) ? takers.Plan : null;
    }

    /// <returns>Whether somebody else than the first is tried first, to see how fast they are.</returns>
    private bool AddForemost(Exchange exchange, List<Candidate> plan, string strategy, IReadOnlyList<Candidate> offered)
    {
        offered = exchange.Bounds?.Keep(exchange, offered) ?? offered;
        if (ProviderRules.Any(offered))
        {
            offered = ProviderRules.Keep(exchange, offered);
        }

        if (offered.Count > MostOfAny && offered.Any(candidate => !candidate.Provider.IsUsable))
        {
            offered = [.. offered.Where(candidate => candidate.Provider.IsUsable)];
        }

        plan.AddRange(Ordered(exchange, strategy, offered).Take(MostOfAny));
        return strategy == RoutingStrategies.Latency && Explore(plan);
    }

    /// <inheritdoc cref="AddForemost"/>
    private bool AddInOrder(Exchange exchange, List<Candidate> plan, string strategy, List<Candidate> offered)
    {
        List<Candidate> ordered = [.. Ordered(exchange, strategy, offered)];
        var explores = strategy == RoutingStrategies.Latency && Explore(ordered);
        foreach (var candidate in ordered)
        {
            if (!plan.Contains(candidate))
            {
                plan.Add(candidate);
            }
        }

        return explores;
    }

    private IEnumerable<Candidate> Ordered(Exchange exchange, string strategy, IReadOnlyList<Candidate> offered)
    {
        if (offered.Count < 2)
        {
            return offered;
        }

        switch (strategy)
        {
            case RoutingStrategies.Weighted:
                return offered.OrderBy(Wait);
            case RoutingStrategies.RoundRobin:
                var usable = offered.Where(candidate => candidate.Provider.IsUsable).ToList(); // Who cannot be asked has no turn, or its neighbour would have two.
                var turn = usable.Count == 0 ? 0 : (int)(usable[0].Model.NextTurn() % (uint)usable.Count);
                return usable.Skip(turn).Concat(usable.Take(turn)).Concat(offered.Except(usable));
            case RoutingStrategies.Cost:
                var cost = RequestCost.Of(exchange);
                return offered.OrderBy(candidate => cost.At(candidate) ?? double.PositiveInfinity); // Stable: equals stay as declared.
            case RoutingStrategies.Latency:
                return offered.OrderBy(candidate => candidate.Latency.Read()?.Seconds ?? 0);
            default:
                return exchange.Call.Routing?.Providers is { } providers ? offered.OrderBy(candidate => IndexOf(providers, candidate.Provider))
                    : exchange.IsAuto ? offered.OrderBy(candidate => candidate.Provider.Priority) // Of one model they are in this order already.
                    : offered;
        }
    }

    /// <summary>
    /// As if one after the other were drawn by weight: whoever has the shortest of waits that are the shorter the more they weigh is first (Efraimidis and Spirakis 2006), so that
    /// thousands need no thousand draws each. Those without weight come last, as declared.
    /// </summary>
    private double Wait(Candidate candidate) =>
        candidate.Provider.Weight == 0 ? double.PositiveInfinity : -Math.Log((dice.Next(1L << 53) + 1) / (double)(1L << 53)) / candidate.Provider.Weight;

    private bool Explore(List<Candidate> ordered)
    {
        if (ordered.Count < 2 || dice.Next(Exploring) > 0)
        {
            return false;
        }

        var other = 1 + (int)dice.Next(ordered.Count - 1);
        (ordered[0], ordered[other]) = (ordered[other], ordered[0]);
        return true;
    }

    private static int IndexOf(IReadOnlyList<string> names, ProviderRoute provider)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (provider.IsNamed(names[i]))
            {
                return i;
            }
        }

        return names.Count;
    }

    private static string Rule(Exchange exchange, string strategy, string? selectedBy, bool isAlone, bool explores)
    {
        var who = exchange.Route is { } route ? $"route '{route.Name}'" // One that leads nowhere leaves the request's names as they are, and decides among them.
            : exchange.IsAuto ? "any model that fits"
            : exchange.Wanted.Count > 1 ? "the models in the request's order"
            : exchange.Wanted[0].Provider is { } provider ? $"the provider '{provider}' that the request names"
            : "the model's providers";
        var order = strategy switch
        {
            RoutingStrategies.Weighted => "drawn by weight",
            RoutingStrategies.RoundRobin => "in turn",
            RoutingStrategies.Cost => "the cheapest first",
            RoutingStrategies.Latency => "the fastest first",
            _ => exchange.Call.Routing?.Providers is not null ? "in the order of routing.providers" : "by priority",
        };
        return $"{who}, {order}{(selectedBy is null ? "" : $", of these what {selectedBy} gives")}{(explores ? ", but for this request, which tries another" : "")}{(isAlone ? ", nobody else" : "")}";
    }
}
