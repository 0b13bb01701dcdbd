using Orrery.Builder.Acceptance;
using Orrery.Builder.Declared;
using Orrery.Builder.Planning;
using Orrery.Builder.Storage;
using Orrery.Builder.Targets;
using Orrery.Contracts;

namespace Orrery.Builder.Reconciling;

/// <summary>One look at a deployment: what was known, what is found out, and what becomes of the record.</summary>
internal sealed class Look(DeploymentKey key, DeclaredDeployment declared, DeploymentRecord before, DateTimeOffset now)
{
    public DeploymentKey Key { get; } = key;

    public DeclaredDeployment Declared { get; } = declared;

    public ModelDeploymentSpec Spec => Declared.Spec;

    public DateTimeOffset Now { get; } = now;

    public DeploymentRecord Before { get; } = before;

    public DeploymentRecord After { get; set; } = before;

    public IReadOnlyList<DeploymentFault> Faults { get; set; } = [];

    /// <summary>What is being asked on its behalf before it can be begun.</summary>
    public string? Pending { get; set; }

    /// <summary>How far its image is, while that is built.</summary>
    public string? Building { get; set; }

    public IReadOnlyList<SeenReplica> Replicas { get; set; } = [];

    public List<EventDraft> Events { get; } = [];

    public void Tell(string type, string reason, string message, int? revision = null) => Events.Add(new EventDraft(type, reason, message, revision));

    public void Refuse(IReadOnlyList<DeploymentFault> faults) => Faults = faults;

    /// <summary>Whether what is in the way stays there until somebody takes it away.</summary>
    public bool NeedsSomebody { get; private set; }

    /// <summary>The target could not do something: it is told, and tried again.</summary>
    public void Fail(TargetException error)
    {
        Faults = [.. Faults, new DeploymentFault(error.Reason, error.Message)];
        NeedsSomebody |= error.IsFinal;
    }

    /// <summary>The newest spec as a revision: the one that serves, the one on its way, or a new one.</summary>
    public void Begin(Verdict verdict, long generation, bool isRestart)
    {
        var (template, hash) = (verdict.Template!, verdict.Hash);
        After = After with { Generation = generation, RestartsDone = After.Restarts };
        if (!isRestart && After.NextRevision?.Hash == hash)
        {
            return;
        }

        if (!isRestart && After.ServingRevision?.Hash == hash)
        {
            Overtake(null);
            return;
        }

        var number = After.LastNumber + 1;
        Overtake(number);
        After = After with { Revisions = [.. After.Revisions, new RevisionRecord(number, generation, hash, template, RevisionStates.Starting, null, Now) { Spec = Spec, Model = verdict.Model }] };
        Tell("Normal", "RevisionCreated", $"Revision {number} runs {template.ShownImage}{(template.Digest is { } digest && !template.ShownImage.Contains(digest, StringComparison.Ordinal) ? $" ({digest})" : "")}{(template.Gpu is { } gpu ? $" on {gpu.Count} x {gpu.Class}" : "")}.", number);
        foreach (var warning in verdict.Warnings)
        {
            Tell("Warning", warning.Reason, warning.Message, number);
        }
    }

    /// <summary>A revision that was there before is to serve (again).</summary>
    public void Want(int number, long generation)
    {
        After = After with { Generation = generation, RestartsDone = After.Restarts };
        if (After.Serving == number)
        {
            Overtake(null);
        }
        else if (After.Next != number && After.Find(number) is { State: not RevisionStates.Failed })
        {
            Overtake(number);
            Mark(number, RevisionStates.Starting, null);
            Tell("Normal", "RollingBack", $"Revision {number} is started again.", number);
        }
    }

    /// <summary>A replica of a revision came up: its rollout has come forward.</summary>
    public void Progress(int revision)
    {
        if (After.Next == revision)
        {
            After = After with { ProgressAt = Now };
        }
    }

    public RolloutScene Scene(RolloutRules rules) =>
        new(rules, After.Serving, After.Next, After.ProgressAt ?? Now, After.Promoted, Declared.IsGoing, Replicas, Now)
        {
            ServingReplicas = After.ServingReplicas,
            Names = After.Revisions.ToDictionary(revision => revision.Number, revision => string.Join(' ', revision.Template.Adapters.Order(StringComparer.Ordinal).Prepend(revision.Template.ModelId))),
        };

    /// <summary>What the plan decided, as it is stored.</summary>
    public void Take(RolloutPlan plan)
    {
        if (plan.Promotes)
        {
            var (old, next) = (After.Serving, After.Next!.Value);
            Mark(next, RevisionStates.Serving, null);
            if (old is { } number && number != next)
            {
                Mark(number, RevisionStates.Superseded, null);
            }

            After = After with { Serving = next, Next = null, NextSince = null, ProgressAt = null, Promoted = false, ServingReplicas = null };
            Tell(
                "Normal", "RevisionServes",
                plan.Serving.Count == 0 ? $"Revision {next} is in force, and no replica is wanted." : $"Revision {next} serves{(old is null ? "" : $" in place of revision {old}")}.", next);
        }
        else if (plan.Failure is { } failure && After.NextRevision is { State: RevisionStates.Starting } given)
        {
            Mark(given.Number, RevisionStates.Failed, failure);
            Tell("Warning", After.Serving is null ? "NotReadyInTime" : "RolledBack", After.Serving is null ? failure : $"Revision {given.Number} is given up and revision {After.Serving} goes on: {failure}", given.Number);
            if (After.Serving is not null)
            {
                After = After with { Next = null, NextSince = null, ProgressAt = null, Promoted = false, ServingReplicas = null };
            }
        }

        var leaving = plan.Draining.ToHashSet();
        Replicas = [.. Replicas.Select(replica => replica with { DrainingAt = leaving.Contains(replica) ? replica.DrainingAt ?? Now : null })];
        After = After with { Replicas = [.. Replicas.Select(replica => new ReplicaRecord(replica.Revision, replica.Ordinal, replica.Replica.Incarnation, replica.ReadyAt, replica.DrainingAt))] };
        Forget();
    }

    /// <summary>So many replicas of a revision may be started, and healed.</summary>
    public void Grant(int number, int replicas) =>
        After = After with { Revisions = [.. After.Revisions.Select(revision => revision.Number == number ? revision with { Granted = replicas } : revision)] };

    /// <summary>The phase that begins now; how long the one before took is kept.</summary>
    public void Enter(string phase)
    {
        if (phase == After.Phase)
        {
            return;
        }

        var timings = After.Timings.ToDictionary();
        timings[After.Phase] = Math.Round((Now - After.PhaseSince).TotalSeconds, 3);
        After = After with { Phase = phase, PhaseSince = Now, Timings = timings };
    }

    private void Overtake(int? next)
    {
        if (After.NextRevision is { State: RevisionStates.Starting } overtaken && overtaken.Number != next)
        {
            Mark(overtaken.Number, RevisionStates.Superseded, "A newer one was declared before it was ready.");
        }

        After = After with
        {
            Next = next,
            NextSince = next is null ? null : Now,
            ProgressAt = next is null ? null : Now,
            Promoted = false,
            ServingReplicas = next is null || After.Serving is null ? null : After.ServingReplicas ?? Before.Replicas.Count(replica => replica.Revision == After.Serving && replica.DrainingAt is null),
        };
    }

    private void Mark(int number, string state, string? reason) =>
        After = After with { Revisions = [.. After.Revisions.Select(revision => revision.Number == number ? revision with { State = state, Reason = reason } : revision)] };

    /// <summary>The oldest revisions go once there are more than are kept; never one that serves, is on its way or still has replicas.</summary>
    private void Forget()
    {
        var kept = Spec.Rollout?.History ?? RolloutSpec.DefaultHistory;
        var needed = Replicas.Select(replica => replica.Revision).Append(After.Serving ?? 0).Append(After.Next ?? 0).Append(After.PinnedRevision ?? 0).ToHashSet();
        var excess = After.Revisions.Count - kept;
        var gone = After.Revisions.Where(revision => !needed.Contains(revision.Number)).OrderBy(revision => revision.Number).Take(Math.Max(0, excess)).Select(revision => revision.Number).ToHashSet();
        if (gone.Count > 0)
        {
            After = After with { Revisions = [.. After.Revisions.Where(revision => !gone.Contains(revision.Number))] };
        }
    }
}
