using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Quota;

/// <summary>What a request is taken to need before anybody knows: a token for four bytes of its body, rounded up, and the longest answer it allows.</summary>
internal static class TokenEstimate
{
    private const int BytesPerToken = 4;

    /// <summary>No limit counts further, and sums of it stay far from overflow.</summary>
    private const long Most = 1_000_000_000_000;

    public static long Of(Call call, Operation operation, int defaultMaxTokens)
    {
        var prompt = (call.Body.Length + BytesPerToken - 1L) / BytesPerToken;
        if (operation == Operation.Embeddings)
        {
            return prompt;
        }

        var answer = Math.Min(Most, call.MaxTokens ?? defaultMaxTokens);
        var choices = Math.Min(Most, call.Choices);
        return answer > 0 && choices > Most / answer ? Most : Math.Min(Most, prompt + (answer * choices));
    }
}
