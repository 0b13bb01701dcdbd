using System.Text.Encodings.Web;
using System.Text.Json;
using Orrery.Contracts;
using Orrery.Gateway.Quota;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.ModelResolution;

/// <summary>A public model id with everyone who serves it, in the order in which they are tried.</summary>
internal sealed class ServedModel(SnapshotModel spec, IReadOnlyList<Candidate> candidates)
{
    public SnapshotModel Spec { get; } = spec;

    public string Id => Spec.Id;

    /// <summary>What all callers together may use; <c>null</c>: no limits.</summary>
    public Limit[]? Limits { get; } = Limit.Of(LimitScope.Model, spec.Namespace, spec.Id, spec.Limits);

    /// <summary>The id as a JSON string, quotes included.</summary>
    public byte[] IdJson { get; } = JsonText.Quote(spec.Id);

    /// <summary>The plan when the client names no provider; made once a snapshot.</summary>
    public RoutePlan Plan { get; } = new(candidates);

    /// <summary>The plan when the client names one; <c>null</c> when that provider does not serve this model.</summary>
    public RoutePlan? PlanFor(string provider)
    {
        foreach (var candidate in Plan.Candidates)
        {
            if (candidate.Provider.Name == provider)
            {
                return new RoutePlan([candidate]);
            }
        }

        return null;
    }
}

/// <summary>A string as JSON. Only what must be escaped is, so that ids look as they were declared.</summary>
internal static class JsonText
{
    public static byte[] Quote(string text)
    {
        var encoded = JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes;
        return [(byte)'"', .. encoded, (byte)'"'];
    }
}
