using Orrery.Contracts;
using Orrery.Gateway.ModelResolution;
using Orrery.ServiceDefaults;

namespace Orrery.Gateway.Routing;

/// <summary>Makes the plan of a request that asks for more than one model as declared: several names, a strategy, chosen providers, a route.</summary>
internal sealed class PlanBuilder(Dice dice)
{
    private const int BytesPerToken = 4;

    /// <summary>Answered tokens where the request does not bound them.</summary>
    private const int UsualAnswer = 256;

    /// <summary>One request in so many goes elsewhere, so that a provider that has become fast is noticed.</summary>
    private const int Exploring = 50;

    /// <summary>Whether <see cref="Build"/> would do anything that the model's own plan does not.</summary>
    public static bool IsNeeded(Exchange exchange) =>
        exchange.Wanted.Count != 1 || exchange.Route is not null || exchange.Call.Routing is not null || exchange.Model.Strategy is not (null or RoutingStrategies.Priority);

    public RoutePlan Build(Exchange exchange)
    {
        var (wish, route) = (exchange.Call.Routing, exchange.Route);
        var strategy = wish?.Strategy ?? route?.Strategy ?? exchange.Model.Strategy ?? RoutingStrategies.Priority;
        var candidates = new List<Candidate>();
        if (exchange.IsAuto)
        {
            AddInOrder(exchange, candidates, strategy, [.. exchange.Wanted.SelectMany(wanted => Offered(exchange, wanted))]);
        }
        else
        {
            foreach (var wanted in route is null ? exchange.Wanted : Drawn(exchange, route))
            {
                AddInOrder(exchange, candidates, strategy, Offered(exchange, wanted));
            }
        }

        if (ProviderRules.Any(candidates))
        {
            candidates = ProviderRules.Keep(exchange, candidates);
        }

        var isAlone = wish?.Fallback == false || route?.Fallback is { Count: 0 };
        if (isAlone && candidates.Count > 1)
        {
            candidates = [candidates.Find(candidate => candidate.Provider.IsUsable) ?? candidates[0]];
        }

        return new RoutePlan(candidates, Rule(exchange, strategy, isAlone));
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
                (exchange.LeftOut ??= []).Add(new($"{name}/{wanted.Model.Id}", "routing.providers does not name the provider"));
                continue;
            }

            offered.Add(candidate);
        }

        return offered;
    }

    private void AddInOrder(Exchange exchange, List<Candidate> plan, string strategy, List<Candidate> offered)
    {
        foreach (var candidate in Ordered(exchange, strategy, offered))
        {
            if (!plan.Contains(candidate))
            {
                plan.Add(candidate);
            }
        }
    }

    private IEnumerable<Candidate> Ordered(Exchange exchange, string strategy, List<Candidate> offered)
    {
        if (offered.Count < 2)
        {
            return offered;
        }

        switch (strategy)
        {
            case RoutingStrategies.Weighted:
                return ByWeight(offered);
            case RoutingStrategies.RoundRobin:
                var turn = (int)(exchange.Model.NextTurn() % (uint)offered.Count);
                return offered.Skip(turn).Concat(offered.Take(turn));
            case RoutingStrategies.Cost:
                return offered.OrderBy(candidate => Cost(exchange, candidate)); // Stable: equals stay as declared.
            case RoutingStrategies.Latency:
                return ByLatency(offered);
            default:
                return exchange.Call.Routing?.Providers is { } providers
                    ? offered.OrderBy(candidate => IndexOf(providers, candidate.Provider))
                    : offered;
        }
    }

    private List<Candidate> ByWeight(List<Candidate> offered)
    {
        var (left, ordered) = (offered.ToList(), new List<Candidate>(offered.Count));
        while (left.Count > 0)
        {
            var total = left.Sum(candidate => (long)candidate.Provider.Weight);
            var drawn = 0;
            if (total > 0)
            {
                var point = dice.Next(total);
                drawn = left.FindIndex(candidate => (point -= candidate.Provider.Weight) < 0);
            }

            ordered.Add(left[drawn]);
            left.RemoveAt(drawn);
        }

        return ordered;
    }

    private List<Candidate> ByLatency(List<Candidate> offered)
    {
        var ordered = offered.OrderBy(candidate => candidate.Latency.Seconds ?? 0).ToList();
        if (dice.Next(Exploring) == 0)
        {
            var other = 1 + (int)dice.Next(ordered.Count - 1);
            (ordered[0], ordered[other]) = (ordered[other], ordered[0]);
        }

        return ordered;
    }

    /// <summary>What this request would cost there. A team's own server costs nothing more; a price that is not known is taken for the highest.</summary>
    private static double Cost(Exchange exchange, Candidate candidate)
    {
        if (candidate.InputPrice is null && candidate.OutputPrice is null)
        {
            return candidate.Provider.Spec.Provider == "self_hosted" ? 0 : double.PositiveInfinity;
        }

        var answered = (exchange.Call.MaxTokens ?? UsualAnswer) * (double)exchange.Call.Choices;
        return ((exchange.Call.Body.Length / BytesPerToken * (candidate.InputPrice ?? 0)) + (answered * (candidate.OutputPrice ?? 0))) / 1_000;
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

    private static string Rule(Exchange exchange, string strategy, bool isAlone)
    {
        var who = exchange.Route is { } route ? $"route '{route.Name}'"
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
        return $"{who}, {order}{(isAlone ? ", nobody else" : "")}";
    }
}
