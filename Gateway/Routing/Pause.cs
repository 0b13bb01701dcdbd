using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Routing;

/// <summary>An endpoint that wants to be left alone for a while: its engine said so with <c>Retry-After</c>.</summary>
/// <param name="Remaining">How long it still lasts.</param>
/// <param name="Cause">With which error it said so.</param>
internal sealed record Pause(Candidate Candidate, Endpoint Endpoint, TimeSpan Remaining, SendErrorKind Cause)
{
    /// <summary>The pause of <paramref name="endpoint"/>, if it has one and it ends before <paramref name="other"/>; else that.</summary>
    /// <param name="isPaused">It has one.</param>
    public static Pause? Sooner(Candidate candidate, Endpoint endpoint, Pause? other, out bool isPaused)
    {
        var remaining = endpoint.Health.PauseFor(out var cause);
        isPaused = remaining > TimeSpan.Zero;
        return isPaused && (other is null || remaining < other.Remaining) ? new(candidate, endpoint, remaining, cause) : other;
    }

    /// <summary>The first to end of all in <paramref name="plan"/>; <c>null</c>: there is none.</summary>
    public static Pause? SoonestOf(RoutePlan plan)
    {
        Pause? soonest = null;
        foreach (var candidate in plan.Candidates)
        {
            if (candidate.Provider.IsUsable)
            {
                foreach (var (endpoint, _) in candidate.Provider.Balancing.Endpoints)
                {
                    soonest = Sooner(candidate, endpoint, soonest, out _);
                }
            }
        }

        return soonest;
    }
}
