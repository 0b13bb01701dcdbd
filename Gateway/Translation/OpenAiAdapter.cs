using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Translation;

/// <summary>OpenAI, and any server that promises to be like it and no more.</summary>
internal sealed class OpenAiAdapter : IEngineAdapter
{
    public string ProviderName => "openai";

    public void EditBody(Call call, Candidate candidate, ref EditList edits)
    {
        ModelEdit.Name(call, candidate, ref edits);
        if (call.AsksForUsage)
        {
            StreamOptionsEdit.AskForUsage(call, continuous: false, ref edits);
        }
    }

    public bool KeepsUsage(Call call, bool isUsageChunk) => call.StreamOptions.IncludeUsage;
}
