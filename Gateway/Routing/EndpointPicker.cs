namespace Orrery.Gateway.Routing;

/// <summary>
/// Takes the endpoint for the next attempt: candidates in the plan's order, within one the less loaded of two drawn by
/// weight (power of two choices: Mitzenmacher 2001). Never the same endpoint twice for one request.
/// </summary>
internal sealed class EndpointPicker(Dice dice)
{
    /// <summary>While another provider is untried, no more than this many endpoints of one: a provider that is down as a whole must not use up the attempts.</summary>
    private const int MostOfOneProvider = 2;

    public EndpointLease? TryTake(RoutePlan plan, ref TriedEndpoints tried)
    {
        for (var i = 0; i < plan.Candidates.Count; i++)
        {
            var candidate = plan.Candidates[i];
            var isLast = i == plan.Candidates.Count - 1;
            if (candidate.Provider.IsUsable
                && (isLast || tried.CountOf(candidate) < MostOfOneProvider)
                && TryTake(candidate, tried) is { } lease)
            {
                tried.Add(candidate, lease.Endpoint);
                return lease;
            }
        }

        return TakeLeastBad(plan, ref tried);
    }

    private EndpointLease? TryTake(Candidate candidate, in TriedEndpoints tried)
    {
        var endpoints = candidate.Provider.Endpoints;
        if (endpoints.Count == 1)
        {
            return tried.Contains(endpoints[0].Endpoint) ? null : endpoints[0].Endpoint.TryTake(candidate);
        }

        var one = Draw(endpoints, except: -1);
        var other = Draw(endpoints, except: one); // Another one, or the busier of two would still get a quarter of the requests.
        if (Load(endpoints[other]) < Load(endpoints[one]))
        {
            one = other;
        }

        // From the drawn one onwards, the first that may be taken.
        for (var i = 0; i < endpoints.Count; i++)
        {
            var endpoint = endpoints[(one + i) % endpoints.Count].Endpoint;
            if (!tried.Contains(endpoint) && endpoint.TryTake(candidate) is { } lease)
            {
                return lease;
            }
        }

        return null;
    }

    /// <summary>All that is left is ejected: the one whose ejection ends first, since a request that may fail beats one that surely does.</summary>
    private static EndpointLease? TakeLeastBad(RoutePlan plan, ref TriedEndpoints tried)
    {
        Candidate? candidate = null;
        Endpoint? leastBad = null;
        foreach (var each in plan.Candidates)
        {
            if (!each.Provider.IsUsable)
            {
                continue;
            }

            foreach (var (endpoint, _) in each.Provider.Endpoints)
            {
                if (!tried.Contains(endpoint) && (leastBad is null || endpoint.Health.Remaining < leastBad.Health.Remaining))
                {
                    (candidate, leastBad) = (each, endpoint);
                }
            }
        }

        if (candidate is null || leastBad is null)
        {
            return null;
        }

        tried.Add(candidate, leastBad);
        return leastBad.TakeAnyway(candidate);
    }

    private static double Load(WeightedEndpoint weighted) => (weighted.Endpoint.InFlight + 1.0) / weighted.Weight;

    /// <summary>An index other than <paramref name="except"/>, each as likely as its weight says.</summary>
    private int Draw(IReadOnlyList<WeightedEndpoint> endpoints, int except)
    {
        long total = 0;
        for (var i = 0; i < endpoints.Count; i++)
        {
            total += i == except ? 0 : endpoints[i].Weight;
        }

        var point = dice.Next(total);
        for (var i = 0; i < endpoints.Count; i++)
        {
            point -= i == except ? 0 : endpoints[i].Weight;
            if (point < 0)
            {
                return i;
            }
        }

        return 0;
    }
}

/// <summary>What one request has tried, without a list on the heap: the most that Gateway:MaxAttempts allows.</summary>
internal struct TriedEndpoints
{
    private Slots _slots;
    private int _count;

    public readonly int Count => _count;

    public void Add(Candidate candidate, Endpoint endpoint) => _slots[_count++] = (candidate, endpoint);

    public readonly bool Contains(Endpoint endpoint)
    {
        for (var i = 0; i < _count; i++)
        {
            if (ReferenceEquals(_slots[i].Endpoint, endpoint))
            {
                return true;
            }
        }

        return false;
    }

    public readonly int CountOf(Candidate candidate)
    {
        var count = 0;
        for (var i = 0; i < _count; i++)
        {
            count += ReferenceEquals(_slots[i].Candidate, candidate) ? 1 : 0;
        }

        return count;
    }

    [System.Runtime.CompilerServices.InlineArray(10)]
    private struct Slots
    {
        private (Candidate Candidate, Endpoint Endpoint) _first;
    }
}
