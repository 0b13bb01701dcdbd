namespace Orrery.Gateway.Routing;

/// <summary>Who is asked, in this order. Data: made once a snapshot, since what changes (load, health) is looked at when an endpoint is taken.</summary>
internal sealed class RoutePlan(IReadOnlyList<Candidate> candidates)
{
    public IReadOnlyList<Candidate> Candidates { get; } = candidates;

    /// <summary>Someone can be sent to at all.</summary>
    public bool IsUsable { get; } = candidates.Any(candidate => candidate.Provider.IsUsable);
}
