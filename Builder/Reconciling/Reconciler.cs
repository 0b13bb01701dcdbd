using System.Collections.Concurrent;
using System.Text.Json;
using Orrery.Builder.Acceptance;
using Orrery.Builder.Builds;
using Orrery.Builder.Declared;
using Orrery.Builder.Planning;
using Orrery.Builder.Registration;
using Orrery.Builder.Storage;
using Orrery.Builder.Targets;
using Orrery.Contracts;

namespace Orrery.Builder.Reconciling;

/// <summary>Brings one deployment nearer to what is declared, one look at a time.</summary>
/// <remarks>
/// 1. Hold: the resource gets our finalizer, so that it stays until all of it is gone.
/// 2. Judge: a new generation or a restart becomes a revision, or the reasons why not. Nothing else is judged: what was found out for a revision stays with it.
/// 3. Observe: what runs, and what is remembered of it. A server that answers for the first time is asked whether it serves what it is for.
/// 4. Plan: pure (<see cref="RolloutPlanner"/>).
/// 5. Save: revisions, marks and events, in one transaction, before anything is done.
/// 6. Register: the gateway learns who serves before anybody is ended.
/// 7. Act: replicas are made and removed at the target, once the last that they wrote is kept.
/// 8. Report: the status, if it says something new.
/// Every step may be repeated, and a kill between any two loses nothing: the next look begins again from what is stored and seen.
/// </remarks>
internal sealed class Reconciler(
    CatalogueClient catalogue, DeploymentStore store, TargetSet targets, DeploymentGate gate, RevisionGate revisions, DeploymentImages images, ServedNames names, LastWords words, TimeProvider time)
{
    /// <summary>How soon a refused deployment is judged again: what was missing may have come.</summary>
    private static readonly TimeSpan JudgeAgain = TimeSpan.FromSeconds(15);

    /// <summary>How soon it is looked again at something that is on its way, if nobody tells.</summary>
    private static readonly TimeSpan SoonAgain = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan WhileBuilding = TimeSpan.FromSeconds(2);

    private const string Gone = "ReplicaGone";
    private const string HasDisappeared = "has disappeared: somebody else has removed it, or what it ran on was started anew.";

    private static readonly TimeSpan UsualLook = TimeSpan.FromSeconds(30);

    /// <summary>How soon the gateway is told again who serves though nothing has changed: somebody may have taken it back.</summary>
    private static readonly TimeSpan RegisterAgain = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, (string Text, DateTimeOffset At)> _registered = new(StringComparer.Ordinal);

    /// <summary>What was said last: the watch brings it back only later, and by then the next look may have been.</summary>
    private readonly ConcurrentDictionary<string, ModelDeploymentStatus> _reported = new(StringComparer.Ordinal);

    /// <summary>Why servers ended, by deployment and start: told once more with the next start, when it is seen no longer.</summary>
    private readonly ConcurrentDictionary<(string Uid, string Incarnation), (string? Reason, string Message)> _ends = new();

    /// <summary>How often the server of each replica had been started again when it was seen last: one that is new without that was not started again, but made anew.</summary>
    private readonly ConcurrentDictionary<(string Uid, int Revision, int Ordinal), (string Incarnation, int Restarts)> _restarts = new();

    /// <summary>This Builder leads from now on. Another may have led before: what is remembered of an earlier time counts no more.</summary>
    public void Begin()
    {
        _registered.Clear();
        _reported.Clear();
        _ends.Clear();
        _restarts.Clear();
    }

    /// <returns>When to look again; <c>null</c>: never, it is gone.</returns>
    public async Task<TimeSpan?> ReconcileAsync(DeploymentKey key, DeclaredDeployment? declared, CancellationToken cancellationToken)
    {
        if (declared is null)
        {
            return await RemoveStrayAsync(key, cancellationToken);
        }

        if (!declared.IsHeld && !declared.IsGoing)
        {
            await catalogue.HoldAsync(declared, isHeld: true, cancellationToken);
            return SoonAgain; // The watch brings the resource back, held.
        }

        var look = new Look(key, declared, await store.LoadAsync(key, cancellationToken), time.GetUtcNow());
        var target = TargetOf(look);
        await JudgeAsync(look, target, cancellationToken);
        var rules = RulesOf(look);
        if (target is null || await ObserveAsync(look, target, cancellationToken) is not { } seen)
        {
            if (target is null && declared.IsGoing && look.After.Revisions.Count == 0 && await EndAsync(look, target: null, cancellationToken))
            {
                return null; // It has never run anywhere.
            }

            await store.SaveAsync(look.Before, look.After, look.Events, cancellationToken);
            await ReportAsync(look, rules, null, cancellationToken);
            return JudgeAgain;
        }

        Remember(look, await names.HoldAgainstAsync(look.After, seen, cancellationToken));
        var plan = await PlanAsync(look, rules, cancellationToken);
        await store.SaveAsync(look.Before, look.After, look.Events, cancellationToken);
        var isRegistered = await RegisterAsync(look, plan, cancellationToken);
        if ((declared.Spec.Paused != true || declared.IsGoing) && await ActAsync(look, plan, target, isRegistered, cancellationToken))
        {
            return null;
        }

        await ReportAsync(look, rules, plan, cancellationToken);
        return NextLook(look, plan);
    }

    /// <summary>What runs; <c>null</c>: the target cannot say, and nothing may be concluded from that.</summary>
    private static async Task<IReadOnlyList<Replica>?> ObserveAsync(Look look, ITarget target, CancellationToken cancellationToken)
    {
        try
        {
            return await target.ObserveAsync(look.Key, cancellationToken);
        }
        catch (TargetException error)
        {
            look.Fail(error);
            look.Replicas = [.. look.Before.Replicas.Select(replica => new SeenReplica(
                new Replica(replica.Revision, replica.Ordinal, replica.Incarnation, replica.ReadyAt is null ? ReplicaState.Starting : ReplicaState.Unready), replica.ReadyAt, replica.DrainingAt))];
            return null;
        }
    }

    /// <summary>The resource is gone without us (its namespace was, or a database was restored): nothing of it is to stay.</summary>
    private async Task<TimeSpan?> RemoveStrayAsync(DeploymentKey key, CancellationToken cancellationToken)
    {
        foreach (var target in targets.All)
        {
            if (!await target.RemoveAllAsync(key, cancellationToken))
            {
                return SoonAgain;
            }
        }

        await store.ForgetAsync(key, [], cancellationToken);
        Forget(key);
        return null;
    }

    private ITarget? TargetOf(Look look)
    {
        var name = (look.After.Revisions.Count > 0 ? look.After.Target : null) ?? look.Spec.Target ?? targets.Usual;
        try
        {
            var target = targets.Find(name);
            look.After = look.After with { Target = name };
            if (look.Spec.Target is { } asked && asked != name)
            {
                look.Faults = [new DeploymentFault(DeploymentReasons.Misdeclared, $"spec.target is '{asked}', and the deployment runs on '{name}'. A target is not changed while it runs: delete the deployment and declare it anew.")];
            }

            return target;
        }
        catch (TargetException error)
        {
            look.Faults = [new DeploymentFault(error.Reason, error.Message)];
            return null;
        }
    }

    private async Task JudgeAsync(Look look, ITarget? target, CancellationToken cancellationToken)
    {
        var (record, generation) = (look.After, look.Declared.Metadata.Generation);
        if (look.Declared.IsGoing || look.Spec.Paused == true || look.Faults.Count > 0 || target is null)
        {
            return;
        }

        if (record.PinnedRevision is { } pinned && record.PinnedGeneration == generation)
        {
            if (await HasImageAsync(look, pinned, target, cancellationToken))
            {
                look.Want(pinned, generation);
            }

            return;
        }

        var isRestart = record.Restarts > record.RestartsDone;
        if (record.Generation == generation && !isRestart)
        {
            return;
        }

        var verdict = await gate.JudgeAsync(look.Declared, target, runs: record.Serving is not null, $"{look.Key.Uid}/{generation}/{record.Restarts}", cancellationToken, hash => isRestart ? null : Known(record, hash));
        if (verdict.Template is null)
        {
            (look.Pending, look.Building) = (verdict.Pending, verdict.Building);
            look.Refuse(verdict.Faults);
            return;
        }

        look.Begin(verdict, generation, isRestart);
    }

    /// <summary>Whether what is gone back to has its image; one that was built here and is lost is built again first.</summary>
    private async Task<bool> HasImageAsync(Look look, int revision, ITarget target, CancellationToken cancellationToken)
    {
        if (look.After.Serving == revision || look.After.Next == revision || target.Name == DeploymentTargets.Simulated || look.After.Find(revision) is not { } found)
        {
            return true;
        }

        var image = await images.FindAgainAsync(look.Key.Namespace, found.Template.Image, $"{look.Key.Uid}/{look.Declared.Metadata.Generation}/to-{revision}", cancellationToken);
        look.Building = image.Building;
        look.Refuse(image.Fault is null ? [] : [image.Fault]);
        return image.Reference is not null;
    }

    private static RevisionTemplate? Known(DeploymentRecord record, string hash) =>
        new[] { record.NextRevision, record.ServingRevision }.FirstOrDefault(revision => revision?.Hash == hash)?.Template;

    private static RolloutRules RulesOf(Look look)
    {
        var rollout = look.Spec.Rollout;
        var newest = look.After.NextRevision ?? look.After.ServingRevision;
        return new RolloutRules(
            look.Spec.EffectiveReplicas,
            rollout?.Strategy ?? RolloutStrategies.Rolling,
            rollout?.Weight ?? 10,
            rollout?.PromoteAfter?.Value,
            rollout?.ReadyWithin?.Value ?? newest?.Template.Probes.StartWithin + TimeSpan.FromMinutes(1) ?? TimeSpan.FromMinutes(30),
            rollout?.Drain?.Value ?? newest?.Template.Drain ?? RolloutSpec.DefaultDrain);
    }

    /// <summary>Joins what is seen with what is remembered: a server that has answered since its start has served.</summary>
    private void Remember(Look look, IReadOnlyList<Replica> seen)
    {
        var known = look.Before.Replicas.ToDictionary(replica => (replica.Revision, replica.Ordinal));
        var next = new List<SeenReplica>();
        foreach (var replica in seen)
        {
            var memory = known.GetValueOrDefault((replica.Revision, replica.Ordinal));
            var isSame = memory?.Incarnation == replica.Incarnation;
            var readyAt = isSame && memory!.ReadyAt is { } before ? before : replica.State == ReplicaState.Ready ? look.Now : (DateTimeOffset?)null;
            if (readyAt == look.Now)
            {
                look.Tell("Normal", "ReplicaReady", $"Replica {replica.Ordinal} of revision {replica.Revision} answers{(replica.Address is null ? "" : $" at {replica.Address}")}.", replica.Revision);
                look.Progress(replica.Revision);
            }

            if (memory is not null && !isSame)
            {
                TellAgain(look, replica, memory);
            }

            if (replica.Incarnation.Length > 0)
            {
                _restarts[(look.Key.Uid, replica.Revision, replica.Ordinal)] = (replica.Incarnation, replica.Restarts);
            }

            if (replica is { State: ReplicaState.Failed, Message: { } cause, Incarnation.Length: > 0 })
            {
                _ends[(look.Key.Uid, replica.Incarnation)] = (replica.Reason, cause);
            }

            next.Add(new SeenReplica(replica, readyAt, memory?.DrainingAt));
        }

        TellGone(look, seen);
        look.Replicas = next;
    }

    /// <summary>That a server was started anew, or waits to be, and why. One that never answered has nothing to lose, and is told of where it hung: its crashes are told as they happen.</summary>
    private void TellAgain(Look look, Replica replica, ReplicaRecord before)
    {
        var isKnown = _ends.TryRemove((look.Key.Uid, before.Incarnation), out var end);
        if (before.ReadyAt is null && !(isKnown && end.Reason == ReplicaReasons.NotAnswering))
        {
            return;
        }

        var isThere = replica.Incarnation.Length > 0 && replica.State != ReplicaState.Waiting;
        var why = isKnown ? end.Message : replica.Message;
        if (isThere && _restarts.TryGetValue((look.Key.Uid, replica.Revision, replica.Ordinal), out var last) && last.Incarnation == before.Incarnation && replica.Restarts <= last.Restarts)
        {
            look.Tell("Warning", Gone, $"Replica {replica.Ordinal} of revision {replica.Revision} {HasDisappeared} It was made again.{(isKnown ? " " + why : "")}", replica.Revision);
            return;
        }

        look.Tell(
            "Warning", replica.Reason ?? "ReplicaRestarted", $"Replica {replica.Ordinal} of revision {replica.Revision} {(isThere ? "was started again" : "is to be started again")}.{(why is null ? "" : " " + why)}", replica.Revision);
    }

    /// <summary>Replicas that nobody here has ended. With a deployment that goes, that is no news.</summary>
    private static void TellGone(Look look, IReadOnlyList<Replica> seen)
    {
        var there = seen.Select(replica => (replica.Revision, replica.Ordinal)).ToHashSet();
        foreach (var gone in look.Before.Replicas.Where(known => known is { DrainingAt: null, Incarnation.Length: > 0 } && !there.Contains((known.Revision, known.Ordinal)) && !look.Declared.IsGoing))
        {
            var next = look.Spec.Paused == true ? "It is not made again while the deployment is paused." : "It is made again where it is wanted.";
            look.Tell("Warning", Gone, $"Replica {gone.Ordinal} of revision {gone.Revision} {HasDisappeared} {next}", gone.Revision);
        }
    }

    private async Task<RolloutPlan> PlanAsync(Look look, RolloutRules rules, CancellationToken cancellationToken)
    {
        var scene = look.Scene(rules);
        var refusal = RolloutPlanner.PromotesCanary(scene) ? await revisions.RefusalAsync(look.Declared, look.After.Target, look.After.NextRevision!, cancellationToken) : null;
        if (refusal is not null)
        {
            look.Faults = [.. look.Faults, refusal];
        }
        else if (RolloutPlanner.PromotesCanary(scene))
        {
            look.After = look.After with { Promoted = true, ProgressAt = look.Now };
            look.Tell("Normal", "Promoted", $"Revision {look.After.Next} has served as a canary for {new Duration(rules.PromoteAfter!.Value)} and takes over.", look.After.Next);
            scene = look.Scene(rules);
        }

        var plan = RolloutPlanner.Plan(scene);
        look.Take(plan);
        return look.Declared.IsGoing || look.Spec.Paused == true ? plan : await revisions.GrantAsync(look, plan, cancellationToken);
    }

    /// <returns>Whether the gateway knows who serves.</returns>
    private async Task<bool> RegisterAsync(Look look, RolloutPlan plan, CancellationToken cancellationToken)
    {
        var template = (look.After.Find(plan.Named) ?? look.After.ServingRevision ?? look.After.NextRevision)?.Template;
        var document = look.Declared.IsGoing || template is null ? null : ProviderDocument.Of(template, plan.Serving, isSimulated: look.After.Target == DeploymentTargets.Simulated);
        var text = document is null ? "" : JsonSerializer.Serialize(document, ContractsJson.Default.ModelProviderSpec);
        if (_registered.TryGetValue(look.Key.Uid, out var last) && last.Text == text && look.Now - last.At < RegisterAgain)
        {
            return true;
        }

        try
        {
            await (document is null ? catalogue.UnregisterAsync(look.Key, cancellationToken) : catalogue.RegisterAsync(look.Declared, document, cancellationToken));
            _registered[look.Key.Uid] = (text, look.Now);
            return true;
        }
        catch (RegistrationException error)
        {
            look.Faults = [.. look.Faults, new DeploymentFault(DeploymentReasons.Misdeclared, $"Its replicas cannot be registered with the gateway: {error.Message}")];
            return false;
        }
    }

    /// <param name="mayEnd">Otherwise none that runs is ended: the gateway may still send it requests.</param>
    /// <returns>Whether the deployment is gone for good.</returns>
    private async Task<bool> ActAsync(Look look, RolloutPlan plan, ITarget target, bool mayEnd, CancellationToken cancellationToken)
    {
        try
        {
            if (!look.Declared.IsGoing)
            {
                await words.KeepAsync(look.Key, target, plan, look.Replicas, revision => SecretValuesAsync(look, revision, cancellationToken), cancellationToken);
            }

            await ChangeAsync(look, plan, target, mayEnd, cancellationToken);
            return look.Declared.IsGoing && plan.Counts.Values.All(count => count == 0) && await EndAsync(look, target, cancellationToken);
        }
        catch (TargetException error)
        {
            look.Fail(error);
            return false;
        }
    }

    private async Task ChangeAsync(Look look, RolloutPlan plan, ITarget target, bool mayEnd, CancellationToken cancellationToken)
    {
        foreach (var (revision, planned) in plan.Counts.OrderBy(pair => pair.Key))
        {
            if (look.After.Find(revision) is { } found)
            {
                var count = mayEnd ? planned : Math.Max(planned, look.Replicas.Count(replica => replica.Revision == revision));
                var secrets = await gate.SecretsAsync(look.Declared, found, cancellationToken);
                await target.ApplyAsync(new WantedReplicas(look.Key, revision, found.Template, count, secrets.Variables) { PullCredentials = secrets.PullCredentials }, cancellationToken);
            }
        }

        foreach (var revision in mayEnd ? plan.Leaving : [])
        {
            await target.RemoveAsync(look.Key, revision, cancellationToken);
        }
    }

    /// <summary>As far as they can be known now: what is not known cannot be masked, and no log waits for it.</summary>
    private async Task<IEnumerable<string>> SecretValuesAsync(Look look, int revision, CancellationToken cancellationToken)
    {
        try
        {
            return look.After.Find(revision) is { } found ? (await gate.SecretsAsync(look.Declared, found, cancellationToken)).Variables.Values : [];
        }
        catch (TargetException)
        {
            return [];
        }
    }

    /// <summary>Nothing runs any more: what was made for it goes, then the resource, then what is known of it.</summary>
    private async Task<bool> EndAsync(Look look, ITarget? target, CancellationToken cancellationToken)
    {
        if (target is not null && !await target.RemoveAllAsync(look.Key, cancellationToken))
        {
            return false;
        }

        if (look.Declared.IsHeld && !await catalogue.HoldAsync(look.Declared, isHeld: false, cancellationToken))
        {
            return false;
        }

        await store.ForgetAsync(look.Key, [new EventDraft("Normal", "Deleted", "Nothing of it is left.", null)], cancellationToken);
        Forget(look.Key);
        return true;
    }

    private void Forget(DeploymentKey key)
    {
        _registered.TryRemove(key.Uid, out _);
        _reported.TryRemove(key.Uid, out _);
        words.Forget(key);
        foreach (var end in _ends.Keys.Where(end => end.Uid == key.Uid).ToList())
        {
            _ends.TryRemove(end, out _);
        }

        foreach (var replica in _restarts.Keys.Where(replica => replica.Uid == key.Uid).ToList())
        {
            _restarts.TryRemove(replica, out _);
        }
    }

    private async Task ReportAsync(Look look, RolloutRules rules, RolloutPlan? plan, CancellationToken cancellationToken)
    {
        var before = _reported.GetValueOrDefault(look.Key.Uid) ?? look.Declared.Status?.Deserialize(ContractsJson.Default.ModelDeploymentStatus);
        var status = StatusReporter.Of(look, rules, plan, before);
        if (status.Phase != look.After.Phase || (status.Message is not null && status.Message != before?.Message && status.Message != look.Pending && status.Message != look.Building))
        {
            var isTrouble = look.Faults.Count > 0 || status.Phase == DeploymentPhases.Error;
            var events = new EventDraft(isTrouble ? "Warning" : "Normal", "Phase" + char.ToUpperInvariant(status.Phase[0]) + status.Phase[1..], status.Message ?? $"It is {status.Phase}.", status.Revision);
            var saved = look.After;
            look.Enter(status.Phase);
            await store.SaveAsync(saved, look.After, [events], cancellationToken);
            status = status with { Timings = look.After.Timings.Count > 0 ? look.After.Timings : null };
        }

        if (StatusReporter.IsNews(status, before))
        {
            await catalogue.ReportAsync(look.Key, status, cancellationToken);
            _reported[look.Key.Uid] = status;
        }
    }

    /// <summary>Those that are made only now are not among the replicas that were seen, and may have to wait.</summary>
    private static bool IsMaking(Look look, RolloutPlan plan) =>
        look.Spec.Paused != true && plan.Counts.Any(wanted => wanted.Value > look.Replicas.Count(replica => replica.Revision == wanted.Key));

    private static TimeSpan NextLook(Look look, RolloutPlan plan)
    {
        var wait = look.Pending is not null ? SoonAgain
            : look.Building is not null ? WhileBuilding
            : look.Faults.Count > 0 ? JudgeAgain
            : look.Declared.IsGoing || look.After.Next is not null || look.Replicas.Any(replica => !replica.IsReady) || plan.Draining.Count > 0
                || IsMaking(look, plan) ? SoonAgain
            : UsualLook;
        return plan.NextLook is { } moment && moment - look.Now is var until && until < wait ? (until > TimeSpan.Zero ? until : TimeSpan.Zero) : wait;
    }
}
