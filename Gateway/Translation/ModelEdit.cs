using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Translation;

/// <summary>Names the model as its provider knows it, and takes out what is for us alone.</summary>
internal static class ModelEdit
{
    public static void Name(Call call, Candidate candidate, ref EditList edits)
    {
        edits.Add(call.Model, call.Model.IsPresent ? candidate.UpstreamIdJson : [.. "\"model\":"u8, .. candidate.UpstreamIdJson, (byte)',']);
        for (var i = 0; i < call.Removals.Count; i++)
        {
            edits.Add(call.Removals[i], []);
        }
    }
}
