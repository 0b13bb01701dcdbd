namespace Orrery.Gateway.Tokens;

/// <summary>Tells a model's family by its name, as its maker or its provider writes it.</summary>
internal static class TokenFamilies
{
    /// <summary>The first that a name contains decides; so a model that was distilled into another goes by the one whose tokenizer it has.</summary>
    private static readonly (string Part, TokenFamily Family)[] Parts =
        [
            ("gpt-oss", TokenFamily.O200k),
            ("qwen", TokenFamily.Qwen), ("qwq", TokenFamily.Qwen),
            ("llama-3", TokenFamily.Llama3), ("llama3", TokenFamily.Llama3), ("r1-distill-llama", TokenFamily.Llama3),
            ("llama", TokenFamily.Unknown),
            ("deepseek-v2", TokenFamily.Unknown), ("deepseek-coder", TokenFamily.Unknown), ("deepseek-llm", TokenFamily.Unknown),
            ("deepseek-math", TokenFamily.Unknown), ("deepseek-moe", TokenFamily.Unknown), ("deepseek-vl", TokenFamily.Unknown),
            ("deepseek", TokenFamily.DeepSeek),
            ("mixtral", TokenFamily.MistralSentencePiece), ("mathstral", TokenFamily.MistralSentencePiece), ("codestral", TokenFamily.MistralSentencePiece),
            ("mistral-7b", TokenFamily.MistralSentencePiece), ("mistral-tiny", TokenFamily.MistralSentencePiece),
            ("mistral-small-240", TokenFamily.MistralSentencePiece), ("mistral-large-24", TokenFamily.MistralSentencePiece),
            ("mistral", TokenFamily.MistralTekken), ("ministral", TokenFamily.MistralTekken), ("magistral", TokenFamily.MistralTekken),
            ("devstral", TokenFamily.MistralTekken), ("pixtral", TokenFamily.MistralTekken), ("voxtral", TokenFamily.MistralTekken),
            ("gemma", TokenFamily.Gemma), ("gemini", TokenFamily.Gemma),
            ("claude", TokenFamily.Claude),
            ("gpt-4o", TokenFamily.O200k), ("gpt-4.", TokenFamily.O200k),
            ("gpt-4", TokenFamily.Cl100k), ("gpt-3", TokenFamily.Cl100k), ("text-embedding", TokenFamily.Cl100k),
            ("gpt-", TokenFamily.O200k),
        ];

    /// <summary>Names that are too short to be looked for anywhere.</summary>
    private static readonly string[] Reasoning = ["o1", "o3", "o4"];

    public static TokenFamily Of(ReadOnlySpan<char> model)
    {
        foreach (var (part, family) in Parts)
        {
            if (model.Contains(part, StringComparison.OrdinalIgnoreCase))
            {
                return family;
            }
        }

        var name = model[(model.LastIndexOf('/') + 1)..];
        foreach (var reasoning in Reasoning)
        {
            if (name.StartsWith(reasoning, StringComparison.OrdinalIgnoreCase) && (name.Length == reasoning.Length || name[reasoning.Length] == '-'))
            {
                return TokenFamily.O200k;
            }
        }

        return TokenFamily.Unknown;
    }
}
