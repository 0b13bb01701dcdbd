using Orrery.Builder.Storage;
using Orrery.Builder.Targets;
using Orrery.Contracts;

namespace Orrery.Builder.Api;

/// <param name="Accepted">Whether it would be begun.</param>
/// <param name="Revision">What its replicas would run.</param>
/// <param name="Faults">Everything that stands in its way.</param>
/// <param name="Warnings">What could not be found out and would be no reason to wait; absent: nothing.</param>
internal sealed record PlanAnswer(bool Accepted, string? Target, RevisionAnswer? Revision, IReadOnlyList<DeploymentFault> Faults, IReadOnlyList<DeploymentFault>? Warnings = null);

internal sealed record RevisionList(IReadOnlyList<RevisionAnswer> Data);

/// <summary>A revision without what only the target needs. Secrets are named; their values are nowhere.</summary>
/// <param name="State">One of <see cref="RevisionStates"/>.</param>
/// <param name="Commit">Of the weights; absent where the command names none.</param>
internal sealed record RevisionAnswer(
    int? Number, string? State, string? Reason, long? Generation, DateTimeOffset? CreatedAt, string Model, string Image, string? Digest, string? Commit, IReadOnlyList<string>? Command, IReadOnlyList<string>? Arguments,
    IReadOnlyDictionary<string, string> Environment, IReadOnlyDictionary<string, SecretKeyReference> Secrets, DeploymentGpu? Gpu, ModelResources Resources, int Port)
{
    public static RevisionAnswer Of(RevisionTemplate template) => new(
        null, null, null, null, null, template.ModelId, template.ShownImage, template.Digest, template.Pin?.Commit, template.Command, template.Arguments, template.Environment,
        template.Secrets.ToDictionary(secret => secret.Name, secret => new SecretKeyReference(secret.Secret, secret.Key)),
        template.Gpu is { } gpu ? new DeploymentGpu { Type = gpu.Class, Count = gpu.Count } : null, template.Resources, template.Port);

    public static RevisionAnswer Of(RevisionRecord revision, DeploymentRecord record) => Of(revision.Template) with
    {
        Number = revision.Number,
        State = record.Serving == revision.Number ? RevisionStates.Serving : revision.State,
        Reason = revision.Reason,
        Generation = revision.Generation,
        CreatedAt = revision.CreatedAt,
    };
}

internal sealed record ReplicaList(IReadOnlyList<ReplicaAnswer> Data);

internal sealed record ReplicaAnswer(
    int Revision, int Ordinal, string State, string? Address, string? Reason, string? Message, string? Place, int Restarts, DateTimeOffset? Since, DateTimeOffset? ReadyAt, DateTimeOffset? DrainingAt)
{
    public static ReplicaAnswer Of(Replica replica, ReplicaRecord? memory) => new(
        replica.Revision, replica.Ordinal, replica.State.ToString().ToLowerInvariant(), replica.Address?.ToString(), replica.Reason, replica.Told, replica.Place, replica.Restarts, replica.Since,
        memory?.Incarnation == replica.Incarnation ? memory.ReadyAt : null, memory?.DrainingAt);
}

/// <param name="After">Ask with it for what came later; absent: this is all.</param>
internal sealed record EventList(IReadOnlyList<EventRecord> Data, long? After);
