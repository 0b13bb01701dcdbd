using Orrery.Contracts;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Endpoint = Orrery.Gateway.Routing.Endpoint;

namespace Orrery.Gateway.Translation;

/// <summary>vLLM's server. It reports usage in every chunk when asked, so that a stream whose client leaves is still counted exactly.</summary>
internal sealed class VllmAdapter : IEngineAdapter
{
    public string ProviderName => "vllm";

    public void EditBody(Call call, Candidate candidate, ref EditList edits)
    {
        ModelEdit.Name(call, candidate, ref edits);
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
