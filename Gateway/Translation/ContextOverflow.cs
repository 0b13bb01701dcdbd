namespace Orrery.Gateway.Translation;

/// <summary>Whether an engine refuses a request because it is longer than the model's context: each says it in words of its own, and few by OpenAI's code.</summary>
internal static class ContextOverflow
{
    public const string Code = "context_length_exceeded";

    private static readonly string[] Words =
    [
        "maximum context length", // OpenAI, Azure, vLLM, SGLang for prompt and answer together
        "longer than the maximum model length", // vLLM
        "longer than the model's context length", // SGLang
        "exceeds the available context size", // llama.cpp
        "tokens + `max_new_tokens` must be <=", // TGI
        "`inputs` must have less than", // TGI
        "prompt is too long:", // Anthropic
        "exceed context limit", // Anthropic, for prompt and answer together
        "exceeds the maximum number of tokens allowed", // Gemini
    ];

    public static bool Is(string? code, string? message)
    {
        if (code == Code)
        {
            return true;
        }

        foreach (var words in Words)
        {
            if (message?.Contains(words, StringComparison.OrdinalIgnoreCase) is true)
            {
                return true;
            }
        }

        return false;
    }
}
