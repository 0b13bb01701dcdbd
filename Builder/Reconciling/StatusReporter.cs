using System.Globalization;
using System.Text.Json;
using Orrery.Builder.Planning;
using Orrery.Builder.Storage;
using Orrery.Builder.Targets;
using Orrery.Contracts;

namespace Orrery.Builder.Reconciling;

/// <summary>Says where a deployment is, from what is known and seen of it. Pure.</summary>
internal static class StatusReporter
{
    private const string ScaledToZero = "It is scaled to 0 replicas; set spec.replicas to 1 or more to have it serve.";

    /// <param name="before">What was said last.</param>
    public static ModelDeploymentStatus Of(Look look, RolloutRules rules, RolloutPlan? plan, ModelDeploymentStatus? before)
    {
        var (record, replicas) = (look.After, look.Replicas);
        var serving = replicas.Where(replica => replica.DrainingAt is null && plan?.Held.Contains(replica.Revision) != true).ToList();
        var (phase, message) = Phase(look, rules, serving, plan);
        message = look.Spec.Paused == true && !look.Declared.IsGoing ? "It is paused: nothing is changed, restarted or healed until spec.paused goes." + (message is null ? "" : " " + message) : message;
        var shown = record.ServingRevision ?? record.NextRevision;
        return new ModelDeploymentStatus
        {
            Phase = phase,
            Since = before?.Phase == phase ? before.Since : look.Now,
            Message = message,
            ObservedGeneration = look.Declared.Metadata.Generation,
            Target = record.Target,
            Revision = shown?.Number,
            NextRevision = record.Serving is null ? null : record.Next,
            Image = shown?.Template.ShownImage,
            Digest = shown?.Template.Digest,
            Gpu = shown?.Template.Gpu is { } gpu ? new DeploymentGpu { Type = gpu.Class, Count = gpu.Count } : null,
            Replicas = new DeploymentReplicas(
                rules.Replicas,
                replicas.Count(replica => replica.Replica.State is ReplicaState.Starting or ReplicaState.Ready or ReplicaState.Unready),
                serving.Count(replica => replica.IsReady),
                replicas.Count(replica => replica.DrainingAt is not null || replica.Replica.State == ReplicaState.Ending)),
            Conditions = Conditions(look, rules, serving.Count(replica => replica.Serves), before),
            Timings = record.Timings.Count > 0 ? record.Timings : null,
        };
    }

    /// <summary>Whether a report says something that the one before did not.</summary>
    public static bool IsNews(ModelDeploymentStatus status, ModelDeploymentStatus? before) =>
        before is null || JsonSerializer.Serialize(status, ContractsJson.Default.ModelDeploymentStatus) != JsonSerializer.Serialize(before, ContractsJson.Default.ModelDeploymentStatus);

    private static (string Phase, string? Message) Phase(Look look, RolloutRules rules, IReadOnlyList<SeenReplica> serving, RolloutPlan? plan)
    {
        var (record, replicas, faults) = (look.After, look.Replicas, look.Faults);
        var refused = faults.Count == 0 ? look.Pending ?? look.Building : string.Join(" ", faults.Select(fault => fault.Message));
        var trouble = replicas.Where(replica => replica.DrainingAt is null && !replica.IsReady).OrderByDescending(replica => replica.Revision)
            .Select(replica => replica.Replica.Told).FirstOrDefault(message => message is not null);
        var given = GivenUp(record);
        var back = given is null || record.Serving is null ? null : $"Revision {given.Number} was given up and revision {record.Serving} serves: {given.Reason}";
        if (look.Declared.IsGoing)
        {
            return (replicas.Count == 0 ? DeploymentPhases.Deploying : DeploymentPhases.Active, "It is being deleted.");
        }

        if (serving.Any(replica => replica.Serves))
        {
            var isOther = record.Next is { } next && plan?.Held.Contains(next) == true;
            return (DeploymentPhases.Running, refused ?? back ?? Canary(record, rules, replicas, isOther)
                ?? (record.Next is null || record.Serving is null ? trouble
                    : $"Revision {record.Next} is on its way{(isOther ? ", and takes over in one step when all its replicas are ready, since it answers to other names" : "")}.{(trouble is null ? "" : " " + trouble)}"));
        }

        if (look.NeedsSomebody)
        {
            return (DeploymentPhases.Error, refused);
        }

        if (record.Next is null && record.Serving is null)
        {
            return (faults.Count > 0 ? DeploymentPhases.Error : look.Building is not null ? DeploymentPhases.Building : DeploymentPhases.Deploying, refused);
        }

        if (rules.Replicas == 0)
        {
            return (DeploymentPhases.Active, refused ?? ScaledToZero);
        }

        return plan?.Failure is { } failure && record.Serving is null ? (DeploymentPhases.Error, failure)
            : replicas.Count == 0 ? (DeploymentPhases.Deploying, refused ?? "Its objects are being created.")
            : (DeploymentPhases.Active, refused ?? trouble ?? "Its server is starting.");
    }

    /// <summary>The newest revision, if it came to nothing, is still what is declared, and no other has been begun since.</summary>
    private static RevisionRecord? GivenUp(DeploymentRecord record) =>
        record.Next is not null && record.Serving is not null ? null : record.Revisions.LastOrDefault(revision => revision.State == RevisionStates.Failed && revision.Number > (record.Serving ?? 0) && (record.Serving is null || revision.Generation >= record.Generation));

    /// <summary>That a canary is up and has its share, and what it waits for.</summary>
    /// <param name="isOther">It answers to other names, which nobody can ask for yet.</param>
    private static string? Canary(DeploymentRecord record, RolloutRules rules, IReadOnlyList<SeenReplica> replicas, bool isOther) =>
        rules.Strategy != RolloutStrategies.Canary || record.Serving is null || record.Next is not { } next || record.Promoted || !replicas.Any(replica => replica.Revision == next && replica.IsReady) ? null
        : $"Revision {next} is a canary with {(isOther ? "none" : $"{rules.CanaryPercent} percent")} of the requests{(isOther ? ", since it answers to other names" : "")}, and " + (rules.PromoteAfter is { } after ? $"takes over once it has served for {new Duration(after)}." : "waits to be promoted (POST …/promote).");

    private static IReadOnlyList<DeploymentCondition> Conditions(Look look, RolloutRules rules, int serving, ModelDeploymentStatus? before)
    {
        var (record, replicas, faults) = (look.After, look.Replicas, look.Faults);
        var failed = GivenUp(record);
        var waiting = replicas.Where(replica => replica is { DrainingAt: null, Replica: { State: ReplicaState.Waiting, Message: not null } }).Select(replica => replica.Replica).MaxBy(replica => replica.Revision);
        var waits = waiting is null ? null : $"Replica {waiting.Ordinal} of revision {waiting.Revision} waits: {waiting.Message}";
        return
        [
            Condition(DeploymentConditions.Accepted, faults.Count == 0, faults.Count == 0 ? "Accepted" : faults[0].Reason, faults.Count == 0 ? "Nothing stands in its way." : string.Join(" ", faults.Select(fault => fault.Message))),
            failed is not null
                ? Condition(DeploymentConditions.Progressing, false, record.Serving is null ? "NotReadyInTime" : "RolledBack", failed.Reason ?? "It was given up.")
                : record.Next is not null && waits is null && Canary(record, rules, replicas, isOther: false) is not null ? Condition(DeploymentConditions.Progressing, true, "Canary", $"Revision {record.Next} is ready, as a canary.")
                : record.Next is { } next ? Condition(DeploymentConditions.Progressing, true, waits is null ? "Starting" : "Waiting", waits ?? $"Revision {next} is being started.")
                : record.Serving is { } && rules.Replicas == 0 ? Condition(DeploymentConditions.Progressing, true, "ScaledToZero", "No replica is wanted.")
                : record.Serving is { } && waits is not null ? Condition(DeploymentConditions.Progressing, false, waiting!.Reason ?? "Waiting", waits)
                : record.PinnedRevision == record.Serving && record.PinnedGeneration == look.Declared.Metadata.Generation && record.Serving is { } aim && aim < record.LastNumber ? Condition(DeploymentConditions.Progressing, true, "RolledBackTo", $"Revision {aim} serves, which was gone back to; what is declared takes its place with the spec's next change.")
                : record.Serving is { } ? Condition(DeploymentConditions.Progressing, true, "Arrived", "The newest revision serves.")
                : look.Building is { } building ? Condition(DeploymentConditions.Progressing, true, "Building", building)
                : Condition(DeploymentConditions.Progressing, false, "NotAccepted", "Nothing has been begun."),
            Condition(DeploymentConditions.Available, serving > 0, serving > 0 ? "Serving" : rules.Replicas == 0 ? "ScaledToZero" : "NoReplicaServes",
                serving > 0 ? $"{serving} {(serving == 1 ? "replica serves" : "replicas serve")}." : rules.Replicas == 0 ? ScaledToZero : "No replica serves."),
            .. (record.ServingRevision ?? record.NextRevision)?.Template.Pin is { } pin ? [Pinned(pin)] : Array.Empty<DeploymentCondition>(),
        ];

        DeploymentCondition Pinned(DeploymentPin pin) => pin switch
        {
            { Commit: { } commit, At: { } at } => Condition(DeploymentConditions.Pinned, true, "Kept", string.Create(CultureInfo.InvariantCulture, $"{pin.Reference} is commit {commit} since {at.UtcDateTime:yyyy-MM-dd HH:mm} UTC.")),
            { Commit: not null } => Condition(DeploymentConditions.Pinned, true, "Declared", $"{pin.Reference} names the commit itself."),
            _ => Condition(DeploymentConditions.Pinned, false, pin.Reason ?? "unknown", $"{pin.Message} Replicas take what it is when they start. It is asked for again with the next revision (a restart makes one)."),
        };

        DeploymentCondition Condition(string type, bool holds, string reason, string message)
        {
            var status = holds ? "True" : "False";
            var known = before?.Conditions?.FirstOrDefault(condition => condition.Type == type);
            return new DeploymentCondition(type, status, reason, message, known?.Status == status ? known.LastTransitionTime : look.Now);
        }
    }
}
