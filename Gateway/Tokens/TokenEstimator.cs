namespace Orrery.Gateway.Tokens;

/// <summary>Estimates tokens without a tokenizer: what a text consists of, times what that costs in a family of models. <c>docs/tokens.md</c> has the method and its errors.</summary>
internal static class TokenEstimator
{
    private const int ThousandthsOfToken = 1000;

    /// <summary>What an upper bound has over the sum, so that it holds for short texts too.</summary>
    private const int Slack = 8;

    /// <summary>The tokens of a text as it is, with nothing around it.</summary>
    public static TokenCount OfText(ReadOnlySpan<byte> text, TokenFamily family)
    {
        Span<int> counts = stackalloc int[TokenWeights.Features];
        counts.Clear();
        var scanner = new TextScanner(counts);
        scanner.Append(text);
        return Sum(counts, text.Length, 1, family);
    }

    /// <summary>The prompt's tokens of a request: the body of a chat, of a completion, of embeddings, or of Anthropic's messages. A body that is no JSON counts as text.</summary>
    public static TokenCount OfRequest(ReadOnlySpan<byte> body, TokenFamily family, int maxDepth)
    {
        Span<int> counts = stackalloc int[TokenWeights.Features];
        counts.Clear();
        var request = new RequestScanner(counts, TokenAllowance.Of(family));
        return request.TryRead(body, maxDepth) ? request.Sum(family) : OfText(body, family);
    }

    /// <summary>What was counted in <paramref name="texts"/> texts of <paramref name="bytes"/> bytes in all.</summary>
    internal static TokenCount Sum(ReadOnlySpan<int> counts, long bytes, long texts, TokenFamily family)
    {
        if (bytes == 0)
        {
            return default;
        }

        var (likely, upper) = (0L, 0L);
        var likelyWeights = TokenWeights.Likely(family);
        var upperWeights = TokenWeights.Upper(family);
        for (var feature = 0; feature < counts.Length; feature++)
        {
            likely += (long)counts[feature] * likelyWeights[feature];
            upper += (long)counts[feature] * upperWeights[feature];
        }

        // A tokenizer of the kind of SentencePiece puts a space before a text, and a broken byte is read as a character of three.
        var most = bytes + (2L * counts[(int)TextFeature.Invalid]) + texts;
        return new TokenCount(Math.Min(most, Whole(likely)), Math.Min(most, Whole(upper) + Slack), most);
    }

    private static long Whole(long thousandths) => (thousandths + ThousandthsOfToken - 1) / ThousandthsOfToken;
}
