namespace Orrery.Gateway.Tokens;

/// <summary>Models that share a tokenizer, or nearly. <c>docs/tokens.md</c> says which were measured.</summary>
internal enum TokenFamily
{
    /// <summary>Taken to need as many tokens as the most wasteful of the others.</summary>
    Unknown,
    O200k,
    Cl100k,
    Llama3,
    Qwen,
    MistralTekken,
    MistralSentencePiece,
    Gemma,
    DeepSeek,
    Claude,
}
