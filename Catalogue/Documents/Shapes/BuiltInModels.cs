using Orrery.Contracts;

namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>A vendor's model where a pasted configuration lists none.</summary>
internal sealed record BuiltInModel(string Id, string ModelType, int? ContextWindow = null, int? MaxOutputTokens = null);

/// <summary>The models that a vendor's public documentation names, for configurations that give a vendor's id and a key and nothing else. Short on purpose: lists age.</summary>
internal static class BuiltInModels
{
    public const string AsOf = "March 2026";

    private static readonly Dictionary<string, IReadOnlyList<BuiltInModel>> ByVendor = new(StringComparer.Ordinal)
    {
        ["openai"] =
        [
            new("gpt-5.2", ModelTypes.Multimodal, 400_000, 128_000), new("gpt-5.1", ModelTypes.Multimodal, 400_000, 128_000), new("gpt-5", ModelTypes.Multimodal, 400_000, 128_000),
            new("gpt-5-mini", ModelTypes.Multimodal, 400_000, 128_000), new("gpt-5-nano", ModelTypes.Multimodal, 400_000, 128_000),
            new("gpt-4.1", ModelTypes.Multimodal, 1_047_576, 32_768), new("gpt-4.1-mini", ModelTypes.Multimodal, 1_047_576, 32_768),
            new("gpt-4.1-nano", ModelTypes.Multimodal, 1_047_576, 32_768), new("gpt-4o", ModelTypes.Multimodal, 128_000, 16_384), new("gpt-4o-mini", ModelTypes.Multimodal, 128_000, 16_384),
            new("text-embedding-3-small", ModelTypes.Embedding, 8_191), new("text-embedding-3-large", ModelTypes.Embedding, 8_191),
        ],
        ["anthropic"] =
        [
            new("claude-opus-4-6", ModelTypes.Multimodal, 200_000), new("claude-sonnet-4-6", ModelTypes.Multimodal, 200_000), new("claude-haiku-4-5", ModelTypes.Multimodal, 200_000, 64_000),
        ],
        ["gemini"] =
        [
            new("gemini-2.5-pro", ModelTypes.Multimodal, 1_048_576, 65_536), new("gemini-2.5-flash", ModelTypes.Multimodal, 1_048_576, 65_536),
            new("gemini-2.5-flash-lite", ModelTypes.Multimodal, 1_048_576, 65_536), new("gemini-embedding-001", ModelTypes.Embedding, 2_048),
        ],
        ["deepseek"] = [new("deepseek-chat", ModelTypes.Chat, 128_000), new("deepseek-reasoner", ModelTypes.Chat, 128_000)],
    };

    public static IReadOnlyList<BuiltInModel> Of(KnownVendor vendor) => ByVendor.GetValueOrDefault(vendor.Names[0]) ?? [];
}
