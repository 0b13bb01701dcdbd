using Orrery.Contracts;

namespace Orrery.Builder.Storage;

/// <summary>A deployment's row.</summary>
/// <param name="Generation">The spec's generation that <see cref="Next"/> or <see cref="Serving"/> was made of.</param>
/// <param name="Serving">The revision that has the traffic.</param>
/// <param name="Next">The revision that is to take its place.</param>
/// <param name="ProgressAt">When the next revision last came forward: its time to be ready runs from here.</param>
/// <param name="Promoted">A canary that was told to take over.</param>
/// <param name="PinnedRevision">A rollback's aim, for as long as the spec's generation is <see cref="PinnedGeneration"/>.</param>
/// <param name="Restarts">How often a new revision of the same spec was asked for, and <see cref="RestartsDone"/> how often it was made.</param>
internal sealed record DeploymentRecord(
    DeploymentKey Key,
    string? Target,
    long Generation,
    int? Serving,
    int? Next,
    DateTimeOffset? NextSince,
    DateTimeOffset? ProgressAt,
    bool Promoted,
    int? PinnedRevision,
    long? PinnedGeneration,
    int Restarts,
    int RestartsDone,
    string Phase,
    DateTimeOffset PhaseSince,
    IReadOnlyDictionary<string, double> Timings)
{
    /// <summary>How many replicas <see cref="Serving"/> had when <see cref="Next"/> was begun; absent while nothing is on its way.</summary>
    public int? ServingReplicas { get; init; }

    public IReadOnlyList<RevisionRecord> Revisions { get; init; } = [];

    public IReadOnlyList<ReplicaRecord> Replicas { get; init; } = [];

    public RevisionRecord? Find(int? number) => number is null ? null : Revisions.FirstOrDefault(revision => revision.Number == number);

    public RevisionRecord? ServingRevision => Find(Serving);

    public RevisionRecord? NextRevision => Find(Next);

    public int LastNumber => Revisions.Count == 0 ? 0 : Revisions.Max(revision => revision.Number);

    public static DeploymentRecord Of(DeploymentKey key, DateTimeOffset now) =>
        new(key, null, 0, null, null, null, null, false, null, null, 0, 0, DeploymentPhases.Deploying, now, new Dictionary<string, double>());
}

/// <summary>Something that was applied, or is to be.</summary>
/// <param name="Hash">Of the template.</param>
/// <param name="State">One of <see cref="RevisionStates"/>.</param>
/// <param name="Reason">Why it failed.</param>
internal sealed record RevisionRecord(int Number, long Generation, string Hash, RevisionTemplate Template, string State, string? Reason, DateTimeOffset CreatedAt)
{
    /// <summary>What it was made of; <c>null</c>: it is from before this was kept.</summary>
    public ModelDeploymentSpec? Spec { get; init; }

    /// <summary>The model that <see cref="Spec"/> names, as it was declared then; <c>null</c>: the spec declares it itself, or it is from before this was kept.</summary>
    public ModelSpec? Model { get; init; }

    /// <summary>How many replicas the licence gate has let start; as many may be healed.</summary>
    public int Granted { get; init; }
}

internal static class RevisionStates
{
    /// <summary>On its way.</summary>
    public const string Starting = "starting";
    public const string Serving = "serving";

    /// <summary>A later one took its place.</summary>
    public const string Superseded = "superseded";

    /// <summary>It did not become ready in time.</summary>
    public const string Failed = "failed";
}

/// <param name="ReadyAt">When this incarnation first answered.</param>
/// <param name="DrainingAt">Since when it gets nothing new.</param>
internal sealed record ReplicaRecord(int Revision, int Ordinal, string Incarnation, DateTimeOffset? ReadyAt, DateTimeOffset? DrainingAt);

/// <summary>Something that happened, told once.</summary>
/// <param name="Type"><c>Normal</c> or <c>Warning</c>.</param>
internal sealed record EventRecord(long Id, DateTimeOffset At, string Type, string Reason, string Message, int? Revision);
