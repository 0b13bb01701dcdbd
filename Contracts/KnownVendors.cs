namespace Orrery.Contracts;

/// <summary>A vendor whose address is public, so that a provider need not name it.</summary>
/// <param name="Names">What <see cref="ModelProviderSpec.Provider"/> may say; the first is the vendor's own.</param>
/// <param name="Engine">One of <see cref="Engines.All"/>.</param>
/// <param name="Url">The base URL; <c>null</c> where each customer has one of his own.</param>
public sealed record KnownVendor(IReadOnlyList<string> Names, string Engine, string? Url);

/// <summary>Vendors by their names, with the base URLs of their public documentation.</summary>
public static class KnownVendors
{
    public static readonly IReadOnlyList<KnownVendor> All =
    [
        new(["openai"], Engines.OpenAi, "https://api.openai.com/v1"),
        new(["anthropic"], Engines.Anthropic, "https://api.anthropic.com/v1"),
        new(["gemini", "google"], Engines.Gemini, "https://generativelanguage.googleapis.com/v1beta/openai"),
        new(["azure-openai", "azure_openai", "azure"], Engines.AzureOpenAi, null),
        new(["cerebras"], Engines.OpenAi, "https://api.cerebras.ai/v1"),
        new(["cohere"], Engines.OpenAi, "https://api.cohere.ai/compatibility/v1"),
        new(["deepinfra"], Engines.OpenAi, "https://api.deepinfra.com/v1/openai"),
        new(["deepseek"], Engines.OpenAi, "https://api.deepseek.com/v1"),
        new(["fireworks", "fireworks_ai"], Engines.OpenAi, "https://api.fireworks.ai/inference/v1"),
        new(["groq"], Engines.OpenAi, "https://api.groq.com/openai/v1"),
        new(["huggingface"], Engines.OpenAi, "https://router.huggingface.co/v1"),
        new(["mistral"], Engines.OpenAi, "https://api.mistral.ai/v1"),
        new(["nvidia"], Engines.OpenAi, "https://integrate.api.nvidia.com/v1"),
        new(["openrouter"], Engines.OpenAi, "https://openrouter.ai/api/v1"),
        new(["together", "together_ai"], Engines.OpenAi, "https://api.together.ai/v1"),
        new(["xai"], Engines.OpenAi, "https://api.x.ai/v1"),
    ];

    private static readonly Dictionary<string, KnownVendor> ByName =
        All.SelectMany(vendor => vendor.Names.Select(name => KeyValuePair.Create(name, vendor))).ToDictionary(StringComparer.Ordinal);

    /// <summary>Those that need no address, in words.</summary>
    internal static string WithAddress => string.Join(", ", All.Where(vendor => vendor.Url is not null).Select(vendor => vendor.Names[0]));

    public static KnownVendor? Find(string? name) => name is null ? null : ByName.GetValueOrDefault(name);
}
