using Orrery.Contracts;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Translation.Anthropic;

namespace Orrery.Gateway.Translation;

/// <summary>What differs between the servers that speak OpenAI's API.</summary>
internal interface IEngineAdapter
{
    /// <summary>The GenAI conventions' <c>gen_ai.provider.name</c>; vLLM has no value there and is named as itself.</summary>
    string ProviderName { get; }

    /// <summary>Adds what must change in the body before <paramref name="candidate"/> understands it.</summary>
    void EditBody(Call call, Candidate candidate, ref EditList edits);

    /// <summary>Whether a chunk's <c>usage</c> is what the client asked for, or only we did.</summary>
    /// <param name="isUsageChunk">The chunk at the end that holds nothing else.</param>
    bool KeepsUsage(Call call, bool isUsageChunk);
}

internal static class EngineAdapters
{
    private static readonly VllmAdapter Vllm = new();
    private static readonly OpenAiAdapter OpenAi = new();
    private static readonly AnthropicAdapter Anthropic = new();

    /// <param name="engine">One of <see cref="Engines.All"/>.</param>
    public static IEngineAdapter For(string engine) =>
        Engines.SelfHosted.Contains(engine) ? Vllm
        : engine == Engines.Anthropic ? Anthropic
        : OpenAi;
}
