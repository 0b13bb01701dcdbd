using Orrery.Contracts;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Translation.Anthropic;
using Orrery.Gateway.Translation.Custom;
using Endpoint = Orrery.Gateway.Routing.Endpoint;

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

    /// <summary>Chunks may come that hold neither a piece of the answer nor usage, and that clients stumble over.</summary>
    bool HidesAnnotations => false;

    /// <summary>Each chunk holds the usage so far, and none comes at the end that holds nothing else.</summary>
    bool CountsInEveryChunk => false;

    /// <summary>Where the operation is asked for; <c>null</c> when the server has nothing like it.</summary>
    Uri? AddressOf(Candidate candidate, Endpoint endpoint, Operation operation) => operation == Operation.TokenCount ? null : endpoint.AddressOf(operation);

    /// <summary>Whether an answer of this status is what was asked for.</summary>
    bool IsAnswer(int status) => status == StatusCodes.Status200OK;

    /// <param name="status">The answer's status; 200 when the error came inside an answer.</param>
    SendError ReadError(Candidate candidate, int status, ReadOnlySpan<byte> body, TimeSpan? retryAfter) => UpstreamErrors.Read(candidate, status, body, retryAfter);
}

internal static class EngineAdapters
{
    private static readonly VllmAdapter Vllm = new();
    private static readonly OpenAiAdapter OpenAi = new();
    private static readonly AnthropicAdapter Anthropic = new();
    private static readonly GeminiAdapter Gemini = new();

    public static IEngineAdapter For(SnapshotProvider provider) => provider.Engine switch
    {
        Engines.Vllm or Engines.Transformers => Vllm,
        Engines.Anthropic => Anthropic,
        Engines.AzureOpenAi => new AzureOpenAiAdapter(provider.ApiVersion), // It keeps addresses of this provider's deployments.
        Engines.Gemini => Gemini,
        Engines.Custom => new CustomAdapter(provider),
        _ => OpenAi,
    };
}
