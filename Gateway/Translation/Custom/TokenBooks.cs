using Orrery.Contracts.Transforms;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Tokens;

namespace Orrery.Gateway.Translation.Custom;

/// <summary>Counts an answer: by the engine's own numbers, and by an estimate, marked as that, where it has none or only one of them.</summary>
internal static class TokenBooks
{
    /// <returns>What clients may be told: both counts, or nothing.</returns>
    public static TokenUsage? Count(Exchange exchange, Candidate candidate, CountedTokens? counted, int answeredBytes)
    {
        if (counted is { Prompt: { } prompt, Completion: { } completion, Cached: var cached })
        {
            var usage = new TokenUsage(prompt, completion, cached);
            exchange.Meter.Count(new AnswerFacts { Usage = usage });
            return usage;
        }

        var family = TokenFamilies.Of(candidate.UpstreamId);
        exchange.Meter.Estimate(new TokenUsage(
            counted?.Prompt ?? TokenEstimator.OfRequest(exchange.Call.Body.Span, family, exchange.Call.MaxDepth).Likely,
            counted?.Completion ?? OfBytes(answeredBytes),
            counted?.Cached ?? 0));
        return null;
    }

    /// <summary>Of embeddings and images nothing is answered in tokens.</summary>
    public static TokenUsage? CountPrompt(Exchange exchange, Candidate candidate, CountedTokens? counted)
    {
        var whole = counted is { Prompt: not null } ? counted.Value with { Completion = counted.Value.Completion ?? 0 } : counted;
        return Count(exchange, candidate, whole, answeredBytes: 0);
    }

    /// <summary>Pieces of a stream are too short for more than this.</summary>
    public static long OfBytes(int bytes) => (bytes + BytesPerToken - 1) / BytesPerToken;

    private const int BytesPerToken = 4;
}
