using Orrery.Gateway.Intake;

namespace Orrery.Gateway.Quota;

/// <summary>What a request is taken to need before anybody knows: a token for four bytes of its body, rounded up, and the longest answer it allows.</summary>
internal static class TokenEstimate
{
    private const int BytesPerToken = 4;

    /// <summary>No limit counts further, and sums of it stay far from overflow.</summary>
    private const long Most = 1_000_000_000_000;

    /// <param name="maxTokens">Of an answer that the request itself does not bound.</param>
    public static long Of(Call call, Operation operation, long maxTokens)
    {
        if (operation == Operation.TokenCount || operation == Operation.VideoGeneration)
        {
            return 0; // It counts as a request alone: nothing is made, or nothing of tokens.
        }

        var prompt = (call.Body.Length + BytesPerToken - 1L) / BytesPerToken;
        if (operation == Operation.Embeddings)
        {
            return prompt;
        }

        var answer = Math.Min(Most, call.MaxTokens ?? maxTokens);
        var choices = Math.Min(Most, call.Choices);
        return answer > 0 && choices > Most / answer ? Most : Math.Min(Most, prompt + (answer * choices));
    }

    /// <summary>Whether tokens of prompt and answer are what it is about.</summary>
    public static bool IsOfText(Operation operation) =>
        operation == Operation.Chat || operation == Operation.Completion || operation == Operation.Embeddings || operation == Operation.Rerank || operation == Operation.Score;

    /// <summary>What one answer needs of a model's context: the prompt, and the answer as far as the request bounds it. What pictures and sounds are made of is no text and is left out.</summary>
    public static long OfContext(Call call, Operation operation) =>
        Math.Min(Most, ((call.Body.Length - EmbeddedMedia.BytesIn(call.Body.Span, call.MaxDepth) + BytesPerToken - 1L) / BytesPerToken)
            + (operation == Operation.Chat || operation == Operation.Completion ? Math.Min(Most, Math.Max(0, call.MaxTokens ?? 0)) : 0));
}
