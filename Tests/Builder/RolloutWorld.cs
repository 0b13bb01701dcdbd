using Orrery.Builder.Planning;
using Orrery.Builder.Targets;

namespace Orrery.Tests.Builder;

/// <summary>A target in memory for the planner alone: it does what a plan says, at once or as the test moves it. What is stored between looks is kept as the Builder keeps it.</summary>
internal sealed class RolloutWorld(RolloutRules rules)
{
    private readonly Dictionary<(int Revision, int Ordinal), SeenReplica> _replicas = [];
    private int _incarnations;

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public RolloutRules Rules { get; set; } = rules;

    public int? Serving { get; set; }

    public int? Next { get; private set; }

    public bool IsPromoted { get; private set; }

    public bool IsGoing { get; set; }

    public List<string> Failures { get; } = [];

    /// <summary>By revision: what its servers answer to; all to the same where nothing is said.</summary>
    public Dictionary<int, string> Names { get; } = [];

    /// <summary>What the last plan said.</summary>
    public RolloutPlan Last { get; private set; } = null!;

    public IReadOnlyList<SeenReplica> Replicas => [.. _replicas.Values.OrderBy(replica => replica.Revision).ThenBy(replica => replica.Ordinal)];

    private DateTimeOffset _progressAt;
    private int? _servingReplicas;

    public void Begin(int revision)
    {
        (Next, _progressAt, IsPromoted) = (revision, Now, false);
        _servingReplicas = Serving is null ? null : _servingReplicas ?? Replicas.Count(replica => replica.Revision == Serving && replica.DrainingAt is null);
    }

    public void Promote() => (IsPromoted, _progressAt) = (true, Now);

    public void Pass(TimeSpan time) => Now += time;

    /// <summary>One look: plan, remember, act.</summary>
    public RolloutPlan Look()
    {
        var plan = Last = RolloutPlanner.Plan(Scene());
        if (plan.Promotes)
        {
            (Serving, Next, IsPromoted, _servingReplicas) = (Next, null, false, null);
        }
        else if (plan.Failure is not null && Serving is not null)
        {
            Failures.Add(plan.Failure);
            (Next, _servingReplicas) = (null, null);
        }

        foreach (var replica in Replicas)
        {
            _replicas[(replica.Revision, replica.Ordinal)] = replica with { DrainingAt = plan.Draining.Contains(replica) ? replica.DrainingAt ?? Now : null };
        }

        foreach (var (revision, count) in plan.Counts)
        {
            for (var ordinal = 0; ordinal < count; ordinal++)
            {
                _replicas.TryAdd((revision, ordinal), new SeenReplica(new Replica(revision, ordinal, $"{++_incarnations}", ReplicaState.Starting), null, null));
            }

            foreach (var key in _replicas.Keys.Where(key => key.Revision == revision && key.Ordinal >= count).ToList())
            {
                _replicas.Remove(key);
            }
        }

        foreach (var key in _replicas.Keys.Where(key => plan.Leaving.Contains(key.Revision)).ToList())
        {
            _replicas.Remove(key);
        }

        return plan;
    }

    public RolloutScene Scene() => new(Rules, Serving, Next, _progressAt, IsPromoted, IsGoing, Replicas, Now) { Names = Names, ServingReplicas = _servingReplicas };

    public void Set(int revision, int ordinal, ReplicaState state, string? reason = null, int restarts = 0)
    {
        if (!_replicas.TryGetValue((revision, ordinal), out var known))
        {
            return;
        }

        var starts = state is ReplicaState.Starting or ReplicaState.Failed;
        var replica = known.Replica with
        {
            State = state,
            Reason = reason,
            Restarts = restarts,
            Incarnation = starts ? $"{++_incarnations}" : known.Replica.Incarnation,
            Address = state is ReplicaState.Ready or ReplicaState.Unready ? new Uri($"http://10.0.{revision}.{ordinal}:8000") : null,
        };
        var isNew = state == ReplicaState.Ready && known.ReadyAt is null;
        _replicas[(revision, ordinal)] = known with { Replica = replica, ReadyAt = starts ? null : isNew ? Now : known.ReadyAt };
        if (isNew && revision == Next)
        {
            _progressAt = Now;
        }
    }

    /// <summary>Everything that starts comes up.</summary>
    public void AllReady()
    {
        foreach (var replica in Replicas.Where(replica => replica.Replica.State != ReplicaState.Ready))
        {
            Set(replica.Revision, replica.Ordinal, ReplicaState.Ready);
        }
    }

    /// <summary>Looks until nothing changes any more; everything that starts comes up in between.</summary>
    public void Settle()
    {
        for (var i = 0; i < 200; i++)
        {
            AllReady();
            Look();
            Pass(Rules.Drain + TimeSpan.FromSeconds(1));
        }
    }
}
