namespace Orrery.Gateway.Routing;

/// <summary>Of an engine's own path: without the providers that do not let it through.</summary>
internal static class PassThroughPlan
{
    /// <summary>The candidates that do; the others are noted with the reason.</summary>
    public static List<Candidate> Keep(Exchange exchange, IReadOnlyList<Candidate> candidates)
    {
        var kept = new List<Candidate>(candidates.Count);
        foreach (var candidate in candidates)
        {
            if (candidate.Provider.Spec.PassThrough.Contains(exchange.Operation.Path))
            {
                kept.Add(candidate);
            }
            else
            {
                exchange.LeaveOut(candidate, "the provider's passThrough does not list the path");
            }
        }

        return kept;
    }

    public static Refusal NotOffered(Exchange exchange) => new(
        StatusCodes.Status404NotFound, RefusalTypes.InvalidRequest, "unknown_url",
        $"No provider of the model '{exchange.Model.Id}' lets {exchange.Operation.Path} through. An operator lists it in the passThrough of a ModelProvider.");
}
