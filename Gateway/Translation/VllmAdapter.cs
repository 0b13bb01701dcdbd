using Orrery.Contracts;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Endpoint = Orrery.Gateway.Routing.Endpoint;

namespace Orrery.Gateway.Translation;

/// <summary>vLLM's server. It reports usage in every chunk when asked, so that a stream whose client leaves is still counted exactly.</summary>
internal sealed class VllmAdapter : IEngineAdapter
{
    private static readonly byte[] Continue = ",\"continue_final_message\":true,\"add_generation_prompt\":false"u8.ToArray();

    public string ProviderName => "vllm";

    /// <summary>Whether an engine can go on from the last message. OpenAI's API has no word for it, and the servers for transformers do not know vLLM's.</summary>
    public static bool ContinuesAnswers(Candidate candidate) => candidate.Provider.Spec.Engine == Engines.Vllm;

    public void EditBody(Call call, Candidate candidate, ref EditList edits)
    {
        ModelEdit.Name(call, candidate, ref edits);
        if (call.ContinuesAnswer && ContinuesAnswers(candidate))
        {
            edits.Add(new ByteRange(call.ClosingBrace, 0), Continue);
        }

        if (call.AsksForUsage)
        {
            StreamOptionsEdit.AskForUsage(call, continuous: true, ref edits);
        }
    }

    /// <remarks>The servers for transformers have no <c>/tokenize</c>.</remarks>
    public Uri? AddressOf(Candidate candidate, Endpoint endpoint, Operation operation) =>
        operation == Operation.TokenCount && candidate.Provider.Spec.Engine != Engines.Vllm ? null : endpoint.AddressOf(operation);

    public bool KeepsUsage(Call call, bool isUsageChunk) => isUsageChunk ? call.StreamOptions.IncludeUsage : call.StreamOptions.ContinuousUsage;
}
