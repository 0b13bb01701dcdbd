using System.Text.Encodings.Web;
using System.Text.Json;
using Orrery.Contracts;
using Orrery.Gateway.Quota;
using Orrery.Gateway.Routing;

namespace Orrery.Gateway.ModelResolution;

/// <summary>A public model id with everyone who serves it, in the order in which they are tried.</summary>
internal sealed class ServedModel
{
    private uint _turn;

    public ServedModel(SnapshotModel spec, IReadOnlyList<Candidate> candidates)
    {
        (Spec, Plan, IdJson, AsWanted, Strategy) = (spec, new(candidates), JsonText.Quote(spec.Id), [new(this, null)], RoutingStrategies.Named(spec.Strategy));
        IsInternal = candidates.Count > 0 && candidates.All(candidate => candidate.Provider.Spec.InternalOnly);
        Limits = Limit.Of(LimitScope.Model, spec.Namespace, spec.Id, spec.Limits);
        foreach (var candidate in candidates)
        {
            candidate.Model = this;
        }
    }

    public SnapshotModel Spec { get; }

    public string Id => Spec.Id;

    /// <summary>No access key may use it, whoever serves it.</summary>
    public bool IsInternal { get; }

    /// <summary>What all callers together may use; <c>null</c>: no limits.</summary>
    public Limit[]? Limits { get; }

    /// <summary>The id as a JSON string, quotes included.</summary>
    public byte[] IdJson { get; }

    /// <summary>The plan when the client names no provider; made once a snapshot.</summary>
    public RoutePlan Plan { get; }

    /// <summary>This model alone, whoever serves it.</summary>
    public IReadOnlyList<WantedModel> AsWanted { get; }

    /// <summary>How its providers are ordered; <c>null</c>: by priority.</summary>
    public string? Strategy { get; }

    /// <summary>Counts up, for those who are asked in turn.</summary>
    public uint NextTurn() => Interlocked.Increment(ref _turn);

    /// <summary>The plan when the client names one, by its name or an alias: empty for a deployment of which no replica answers yet. <c>null</c> when that provider does not serve this model.</summary>
    public RoutePlan? PlanFor(string provider)
    {
        foreach (var candidate in Plan.Candidates)
        {
            if (candidate.Provider.IsNamed(provider))
            {
                return new RoutePlan([candidate]);
            }
        }

        return Spec.Deployments.Any(deployment => deployment.Name == provider) ? new RoutePlan([]) : null;
    }

    /// <summary>The deployment that is to serve it and does not yet: the one that is furthest on, or the one of this name.</summary>
    public SnapshotDeployment? Awaited(string? provider) =>
        Spec.Deployments.Where(deployment => provider is null || deployment.Name == provider).MaxBy(deployment => deployment switch
        {
            { Phase: DeploymentPhases.Error } => 0,
            { Replicas: 0 } => 1,
            { Phase: DeploymentPhases.Running } => 5,
            { Phase: DeploymentPhases.Active } => 4,
            { Phase: DeploymentPhases.Deploying } => 3,
            _ => 2,
        });
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
