using Orrery.ServiceDefaults;

namespace Orrery.Gateway.Routing;

/// <summary>
/// Takes the endpoint for the next attempt: candidates in the plan's order, within one what its balancing chooses. Never the
/// same endpoint twice for one request, and always one as long as any is left untried that has not asked to be left alone.
/// </summary>
internal sealed class EndpointPicker(Dice dice, HealthJournal journal, TimeProvider time)
{
    /// <summary>While another provider is untried, no more than this many endpoints of one: a provider that is down as a whole must not use up the attempts.</summary>
    private const int MostOfOneProvider = 2;

    /// <summary>How often another request may be quicker to probe what was chosen, before any endpoint will do.</summary>
    private const int MostRaces = 3;

    public EndpointLease? TryTake(Exchange exchange, ref TriedEndpoints tried) =>
        TryTake(exchange.Plan, new Asked(exchange.Call, exchange.Http.Request.Headers), ref tried);

    public EndpointLease? TryTake(RoutePlan plan, in Asked asked, ref TriedEndpoints tried)
    {
        for (var i = 0; i < plan.Candidates.Count; i++)
        {
            var candidate = plan.Candidates[i];
            var isLast = i == plan.Candidates.Count - 1;
            if (candidate.Provider.IsUsable
                && candidate.Provider.HasKey
                && !tried.HasSkipped(candidate)
                && (isLast || tried.CountOf(candidate) < MostOfOneProvider)
                && TryTake(candidate, asked, tried) is { } lease)
            {
                tried.Add(candidate, lease.Endpoint);
                return lease;
            }
        }

        return TakeLeastBad(plan, ref tried);
    }

    /// <summary>Takes an endpoint of the same provider for the attempt for which one was taken and given back meanwhile.</summary>
    public EndpointLease TakeAgain(Exchange exchange, in EndpointLease given, ref TriedEndpoints tried)
    {
        var candidate = given.Candidate;
        tried.Forget();
        var lease = TryTake(candidate, new Asked(exchange.Call, exchange.Http.Request.Headers), tried) ?? given.Endpoint.TakeAnyway(candidate);
        tried.Add(candidate, lease.Endpoint);
        return lease;
    }

    private EndpointLease? TryTake(Candidate candidate, in Asked asked, in TriedEndpoints tried)
    {
        var balancing = candidate.Provider.Balancing;
        var endpoints = balancing.Endpoints;
        if (endpoints.Length == 1)
        {
            return tried.Contains(endpoints[0].Endpoint) ? null : endpoints[0].Endpoint.TryTake(candidate);
        }

        var session = asked.SessionOf(balancing.SessionHeader);
        if (session == 0 && journal.AnyOut && TryProbe(candidate, tried) is { } probe)
        {
            return probe;
        }

        var balancer = session == 0 ? balancing.Balancer : SessionAffinity.Instance;
        var choice = new Choice(balancing, in tried, asked, session, dice, time);
        for (var i = 0; i < MostRaces; i++)
        {
            var index = balancer.Choose(choice);
            if (index < 0)
            {
                return null;
            }

            if (endpoints[index].Endpoint.TryTake(candidate) is { } lease)
            {
                return lease;
            }
        }

        return TryTakeAny(candidate, tried);
    }

    /// <summary>An endpoint whose ejection is over gets the next request, or chance and its neighbours' better numbers could keep it out.</summary>
    private static EndpointLease? TryProbe(Candidate candidate, in TriedEndpoints tried)
    {
        foreach (var (endpoint, _) in candidate.Provider.Balancing.Endpoints)
        {
            if (endpoint.Health.IsDue && !tried.Contains(endpoint) && endpoint.TryTake(candidate) is { } lease)
            {
                return lease;
            }
        }

        return null;
    }

    private static EndpointLease? TryTakeAny(Candidate candidate, in TriedEndpoints tried)
    {
        foreach (var (endpoint, _) in candidate.Provider.Balancing.Endpoints)
        {
            if (!tried.Contains(endpoint) && endpoint.TryTake(candidate) is { } lease)
            {
                return lease;
            }
        }

        return null;
    }

    /// <summary>
    /// All that is left is out: of the least bad state the one with the least to do, since a request that may fail beats one
    /// that surely does. So a model's endpoints are never all out at once, and when all fail alike all share the load. Only who
    /// said how long it wants to be left alone is left alone.
    /// </summary>
    private static EndpointLease? TakeLeastBad(RoutePlan plan, ref TriedEndpoints tried)
    {
        Candidate? candidate = null;
        Endpoint? leastBad = null;
        Pause? pause = null;
        (int Rank, double Load, TimeSpan Remaining) least = default;
        for (var i = 0; i < plan.Candidates.Count; i++)
        {
            var each = plan.Candidates[i];
            if (!each.Provider.IsUsable || !each.Provider.HasKey || tried.HasSkipped(each))
            {
                continue;
            }

            foreach (var (endpoint, weight) in each.Provider.Balancing.Endpoints)
            {
                pause = Pause.Sooner(each, endpoint, pause, out var isPaused);
                if (isPaused || tried.Contains(endpoint))
                {
                    continue;
                }

                var badness = (endpoint.Health.Badness, (double)endpoint.InFlight / weight, endpoint.Health.Remaining);
                if (leastBad is null || badness.CompareTo(least) < 0)
                {
                    (candidate, leastBad, least) = (each, endpoint, badness);
                }
            }
        }

        if (candidate is null || leastBad is null)
        {
            tried.Pause = pause;
            return null;
        }

        tried.Add(candidate, leastBad);
        return leastBad.TakeAnyway(candidate);
    }
}
