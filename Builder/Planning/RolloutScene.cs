using Orrery.Builder.Targets;

namespace Orrery.Builder.Planning;

/// <summary>How replicas of a deployment are brought about; from its spec.</summary>
/// <param name="Replicas">Copies that are wanted.</param>
/// <param name="Strategy">One of <see cref="Contracts.RolloutStrategies.All"/>.</param>
/// <param name="CanaryPercent">The next revision's share of the requests while it is a canary.</param>
/// <param name="PromoteAfter">How long a canary serves before it takes over by itself; <c>null</c>: it waits to be told.</param>
/// <param name="ReadyWithin">How long the next revision may go without coming forward.</param>
/// <param name="Drain">How long a replica that leaves may finish what it has begun.</param>
internal sealed record RolloutRules(int Replicas, string Strategy, int CanaryPercent, TimeSpan? PromoteAfter, TimeSpan ReadyWithin, TimeSpan Drain);

/// <summary>All that decides what happens next. Nothing else does: the plan is the same whoever makes it.</summary>
/// <param name="Serving">The revision with the traffic.</param>
/// <param name="Next">The revision that is to take its place.</param>
/// <param name="ProgressAt">When the next one last came forward.</param>
/// <param name="IsPromoted">A canary was told to take over.</param>
/// <param name="IsGoing">Everything is to end.</param>
internal sealed record RolloutScene(
    RolloutRules Rules,
    int? Serving,
    int? Next,
    DateTimeOffset ProgressAt,
    bool IsPromoted,
    bool IsGoing,
    IReadOnlyList<SeenReplica> Replicas,
    DateTimeOffset Now)
{
    /// <summary>By revision: the names that its servers answer to, as one text. Those that are not listed answer to the same.</summary>
    public IReadOnlyDictionary<int, string> Names { get; init; } = new Dictionary<int, string>();

    /// <summary>How many replicas the serving revision had when the next one was begun; <c>null</c>: as many as are wanted.</summary>
    public int? ServingReplicas { get; init; }

    public bool AnswerAlike(int? one, int? other) => one is null || other is null || Names.GetValueOrDefault(one.Value) == Names.GetValueOrDefault(other.Value);
}

/// <summary>A replica as it is, with what is remembered of it.</summary>
/// <param name="ReadyAt">When its present incarnation first answered; <c>null</c>: it has not yet.</param>
/// <param name="DrainingAt">Since when it gets nothing new.</param>
internal sealed record SeenReplica(Replica Replica, DateTimeOffset? ReadyAt, DateTimeOffset? DrainingAt)
{
    public int Revision => Replica.Revision;

    public int Ordinal => Replica.Ordinal;

    /// <summary>
    /// Whether it gets requests: it has answered since it was started, and its server runs. That it does not answer just now is the gateway's to see, who takes it out and in
    /// again by itself; what a passing failure of a probe took from the list might be all there is.
    /// </summary>
    public bool Serves => ReadyAt is not null && Replica.Address is not null && Replica.State is ReplicaState.Ready or ReplicaState.Unready;

    public bool IsReady => ReadyAt is not null && Replica.State == ReplicaState.Ready;
}
