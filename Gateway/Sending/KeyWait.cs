using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Sending;

/// <summary>What is said when nobody was asked because all keys of all who may answer have to wait.</summary>
internal static class KeyWait
{
    /// <returns>The candidate that may be asked soonest, and why it was not; nothing where no key was the reason.</returns>
    public static (Candidate? Candidate, SendError? Error) Of(RoutePlan plan)
    {
        (Candidate? Candidate, SendError? Error) first = default;
        foreach (var candidate in plan.Candidates)
        {
            if (!candidate.Provider.IsUsable || candidate.Provider.Access.Keys is not { } keys)
            {
                continue;
            }

            // What takes requests again by itself is worth waiting for; a refused key may never be good.
            var error = keys.Waiting(candidate);
            if (first.Error is null
                || (error.Kind == SendErrorKind.Throttled && (first.Error.Kind != SendErrorKind.Throttled || error.RetryAfter < first.Error.RetryAfter)))
            {
                first = (candidate, error);
            }
        }

        return first;
    }
}
