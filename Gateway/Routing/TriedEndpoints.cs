using Orrery.Gateway.Quota;

namespace Orrery.Gateway.Routing;

/// <summary>What one request has tried, without a list on the heap: the most that Gateway:MaxAttempts allows. And whom it need not ask.</summary>
internal struct TriedEndpoints
{
    /// <summary>So often may somebody drop out without having been asked; each may have cost a question to Redis.</summary>
    private const int MostSkips = 16;

    private Slots _slots;
    private int _count;
    private int _skips;
    private List<Candidate>? _skipped;

    /// <summary>Requests that were sent, or could have been.</summary>
    public readonly int Attempts => _count + FurtherKeys;

    /// <summary>Attempts at an endpoint beyond the first: with another of its provider's keys.</summary>
    public int FurtherKeys { get; set; }

    /// <summary>As many have dropped out as may.</summary>
    public readonly bool HasSkippedMost => _skips >= MostSkips;

    /// <summary>Set where nobody could be taken: of the endpoints that want to be left alone, and are therefore passed over, the first that may be asked again.</summary>
    public Pause? Pause { get; set; }

    public void Add(Candidate candidate, Endpoint endpoint) => _slots[_count++] = (candidate, endpoint);

    /// <summary>Takes the last one back, since it was not asked; nor will be those that would drop out for the same reason.</summary>
    /// <param name="plan">Where it comes from.</param>
    /// <param name="limit">The limit that refused it; <c>null</c>: it is a matter of the provider.</param>
    public void Skip(RoutePlan plan, Limit? limit)
    {
        var last = _slots[_count - 1].Candidate;
        Forget();
        _skips++;
        _skipped ??= [];
        foreach (var candidate in plan.Candidates)
        {
            if (limit is { Scope: LimitScope.Model } ? ReferenceEquals(candidate.Model, last.Model) : ReferenceEquals(candidate.Provider, last.Provider))
            {
                _skipped.Add(candidate);
            }
        }
    }

    /// <summary>None of its other endpoints would do better.</summary>
    public void Exclude(Candidate candidate) => (_skipped ??= []).Add(candidate);

    /// <summary>It may be asked all the same.</summary>
    public readonly void Unskip(Candidate candidate) => _skipped?.RemoveAll(skipped => ReferenceEquals(skipped, candidate));

    public readonly bool HasSkipped(Candidate candidate) => _skipped?.Contains(candidate) ?? false;

    /// <summary>The last one was not asked.</summary>
    public void Forget() => _slots[--_count] = default;

    /// <summary>It may be asked once more; that it was asked still counts as an attempt.</summary>
    public void Forget(Endpoint endpoint)
    {
        Pause = null;
        for (var i = 0; i < _count; i++)
        {
            if (ReferenceEquals(_slots[i].Endpoint, endpoint))
            {
                _slots[i] = default;
            }
        }
    }

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
