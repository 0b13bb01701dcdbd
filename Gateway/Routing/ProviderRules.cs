using System.Globalization;
using Orrery.Gateway.Quota;

namespace Orrery.Gateway.Routing;

/// <summary>Which requests a provider is not asked at all: its external access is closed, or they may need more tokens than it takes of one.</summary>
internal static class ProviderRules
{
    /// <summary>Whether any of them has such a rule, so that plans without one cost nothing.</summary>
    public static bool Any(IReadOnlyList<Candidate> candidates)
    {
        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates[i].Provider.Spec is { InternalOnly: true } or { MaxTokensPerRequest: not null })
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The candidates that may be asked; the others are noted with the reason.</summary>
    public static List<Candidate> Keep(Exchange exchange, IReadOnlyList<Candidate> candidates)
    {
        var kept = new List<Candidate>(candidates.Count);
        foreach (var candidate in candidates)
        {
            if (WhyNot(exchange, candidate) is { } reason)
            {
                exchange.LeaveOut(candidate, reason);
            }
            else
            {
                kept.Add(candidate);
            }
        }

        return kept;
    }

    /// <summary>The answer where these rules leave nobody; <c>null</c> where it was not they.</summary>
    public static Refusal? NobodyLeft(Exchange exchange)
    {
        Candidate? widest = null;
        Candidate? closed = null;
        foreach (var candidate in exchange.Wanted.SelectMany(wanted => wanted.Model.Plan.Candidates.Where(candidate => wanted.Provider is null || wanted.Provider == candidate.Provider.Name))
            .Where(candidate => exchange.Bounds?.Allows(candidate) != false))
        {
            if (IsClosed(exchange, candidate))
            {
                closed ??= candidate;
            }
            else if (IsTooMuch(exchange, candidate) && (widest is null || candidate.Provider.Spec.MaxTokensPerRequest > widest.Provider.Spec.MaxTokensPerRequest))
            {
                widest = candidate;
            }
        }

        return widest is not null ? TooMuch(exchange, widest) : closed is not null ? Closed(exchange, closed) : null;
    }

    private static string? WhyNot(Exchange exchange, Candidate candidate) =>
        IsClosed(exchange, candidate) ? "the provider is closed to access keys (externalAccess)"
        : IsTooMuch(exchange, candidate) ? string.Create(
            CultureInfo.InvariantCulture,
            $"the request may need {Needs(exchange)} tokens and the provider takes {candidate.Provider.Spec.MaxTokensPerRequest} of one (maxTokensPerRequest)")
        : null;

    private static bool IsClosed(Exchange exchange, Candidate candidate) => candidate.Provider.Spec.InternalOnly && exchange.Caller.IsExternal;

    private static bool IsTooMuch(Exchange exchange, Candidate candidate) =>
        candidate.Provider.Spec.MaxTokensPerRequest is { } most && TokenEstimate.IsOfText(exchange.Operation) && Needs(exchange) > most;

    private static long Needs(Exchange exchange) => exchange.ContextTokens ??= TokenEstimate.OfContext(exchange.Call, exchange.Operation);

    private static Refusal TooMuch(Exchange exchange, Candidate widest) => Refusal.BadField(
        exchange.Call.MaxTokens is null ? exchange.Operation.InputField : "max_tokens",
        string.Create(
            CultureInfo.InvariantCulture,
            $"This request may need {Needs(exchange)} tokens, prompt (estimated) and max_tokens together; the provider '{widest.Provider.Name}' takes at most {widest.Provider.Spec.MaxTokensPerRequest} of one request, and nobody else serves '{widest.Model.Id}' for more. Send a shorter prompt or a smaller max_tokens."),
        "context_length_exceeded");

    private static Refusal Closed(Exchange exchange, Candidate closed) => new(
        StatusCodes.Status403Forbidden, RefusalTypes.PermissionDenied, "external_access_closed",
        $"The provider '{closed.Provider.Name}' is closed to access keys, and nobody else serves '{closed.Model.Id}' for '{exchange.Caller.Key.Name}'. An operator opens it with externalAccess.enabled of the ModelProvider.",
        "model");
}
