using Orrery.Builder.Targets;
using Orrery.Contracts;

namespace Orrery.Builder.Planning;

/// <summary>Decides how many replicas of which revision there are to be, who serves, and whether a rollout has arrived or failed. Pure.</summary>
/// <remarks>
/// 1. Each revision has a number of replicas that it is meant to have: the strategy says which.
/// 2. Replicas above it drain: they leave the gateway first and end once what they had begun has had its time. Until then the target keeps them.
/// 3. The next revision arrives when all that it is to have are ready; it fails when it has not come forward for its time, or cannot.
/// 4. The gateway knows one set of names at a time. Where the next revision answers to others, all of it starts beside the old one, and takes over in one step when it arrives.
/// A revision that is neither serving nor next, because it failed or was overtaken, goes the same way; but none of its replicas goes that is missed.
/// </remarks>
internal static class RolloutPlanner
{
    public static RolloutPlan Plan(RolloutScene scene)
    {
        var failure = Failure(scene);
        var promotes = failure is null && Arrived(scene);
        var (serving, next) = promotes ? (scene.Next, null) : (scene.Serving, failure is null ? scene.Next : scene.Serving is null ? scene.Next : null);
        var named = Named(scene, serving, next);
        var meant = Meant(scene with { Serving = serving, Next = next }, named);
        var draining = scene.Replicas.Where(replica => replica.Ordinal >= meant.GetValueOrDefault(replica.Revision)).ToList();
        var drainsUntil = draining
            .Where(replica => replica.Serves && replica.Replica.State != ReplicaState.Ending)
            .Select(replica => (replica.Revision, replica.Ordinal, Until: (replica.DrainingAt ?? scene.Now) + scene.Rules.Drain))
            .Where(replica => replica.Until > scene.Now)
            .ToList();
        var counts = scene.Replicas.Select(replica => replica.Revision).Concat(meant.Keys).Distinct().ToDictionary(
            revision => revision,
            revision => Math.Max(meant.GetValueOrDefault(revision), drainsUntil.Where(replica => replica.Revision == revision).Select(replica => replica.Ordinal + 1).DefaultIfEmpty(0).Max()));
        return new RolloutPlan
        {
            Counts = counts.Where(pair => pair.Value > 0 || (!scene.IsGoing && (pair.Key == serving || pair.Key == next))).ToDictionary(),
            Leaving = [.. counts.Where(pair => pair.Value == 0 && (scene.IsGoing || (pair.Key != serving && pair.Key != next))).Select(pair => pair.Key).Order()],
            Serving = Shares(scene, [.. scene.Replicas.Where(replica => replica.Serves && !draining.Contains(replica) && scene.AnswerAlike(replica.Revision, named))], serving, next),
            Named = named,
            Held = [.. scene.Replicas.Select(replica => replica.Revision).Distinct().Where(revision => !scene.AnswerAlike(revision, named)).Order()],
            Draining = draining,
            Promotes = promotes,
            Failure = failure,
            NextLook = Earliest(drainsUntil.Select(replica => replica.Until).Concat(Deadlines(scene, next))),
        };
    }

    /// <summary>
    /// The one that serves, until the next one has arrived. A first revision serves with its first replica, and what was overtaken before anything arrived goes on until then;
    /// with <c>recreate</c> nobody is left to serve the old names once the old replicas are gone.
    /// </summary>
    private static int? Named(RolloutScene scene, int? serving, int? next)
    {
        if (serving is { } old)
        {
            return next is not null && scene.Rules.Strategy == RolloutStrategies.Recreate && scene.Replicas.All(replica => replica.Revision != old) ? next : old;
        }

        return scene.Replicas.Any(replica => replica.Revision == next && replica.Serves) ? next
            : scene.Replicas.Where(replica => replica.Serves).Select(replica => (int?)replica.Revision).Max() ?? next;
    }

    /// <summary>How many replicas each revision is meant to have.</summary>
    private static Dictionary<int, int> Meant(RolloutScene scene, int? named)
    {
        var meant = MeantToStay(scene);
        if (scene.IsGoing || scene.Rules.Strategy == RolloutStrategies.Recreate)
        {
            return meant;
        }

        // What is on its way out fills in for as long as too few of the others serve.
        var missing = scene.Rules.Replicas - scene.Replicas.Count(replica => replica.IsReady && replica.Ordinal < meant.GetValueOrDefault(replica.Revision) && scene.AnswerAlike(replica.Revision, named));
        foreach (var leaving in scene.Replicas.Where(replica => replica.IsReady && !meant.ContainsKey(replica.Revision) && scene.AnswerAlike(replica.Revision, named)).GroupBy(replica => replica.Revision).OrderByDescending(group => group.Key))
        {
            var needed = leaving.Select(replica => replica.Ordinal).Order().Take(Math.Max(0, missing)).ToList();
            missing -= needed.Count;
            meant[leaving.Key] = needed.Count == 0 ? 0 : needed[^1] + 1;
        }

        return meant;
    }

    /// <summary>Of the revision that serves and the one that is to take its place.</summary>
    private static Dictionary<int, int> MeantToStay(RolloutScene scene)
    {
        var rules = scene.Rules;
        if (scene.IsGoing)
        {
            return [];
        }

        if (scene.Next is not { } next)
        {
            return scene.Serving is { } only ? new() { [only] = rules.Replicas } : [];
        }

        if (scene.Serving is not { } serving)
        {
            return new() { [next] = rules.Replicas };
        }

        var (old, ready) = (Kept(scene, serving), Ready(scene, next));
        return rules.Strategy switch
        {
            // The next one waits until the old ones' GPUs are free.
            RolloutStrategies.Recreate => new() { [serving] = 0, [next] = scene.Replicas.Any(replica => replica.Revision == serving) ? 0 : rules.Replicas },
            RolloutStrategies.Canary when !scene.IsPromoted => new() { [serving] = rules.Replicas, [next] = Canaries(rules) },

            // None of either can stand in for one of the other.
            _ when !scene.AnswerAlike(serving, next) => new() { [serving] = old, [next] = rules.Replicas },

            _ => new() { [serving] = Staying(scene, serving, rules.Replicas - ready, old), [next] = Math.Min(rules.Replicas, Math.Max(ready, rules.Replicas - old) + 1) },
        };
    }

    /// <summary>What is there of the old revision, or was when the next one was begun: it does not grow any more. That another number is wanted since is for the next one to bring about.</summary>
    private static int Kept(RolloutScene scene, int serving)
    {
        var there = scene.Replicas.Where(replica => replica.Revision == serving).Select(replica => replica.Ordinal + 1).DefaultIfEmpty(0).Max();
        return Math.Min(scene.Rules.Replicas, Math.Max(there, scene.ServingReplicas ?? scene.Rules.Replicas));
    }

    /// <summary>The fewest old replicas among which are as many ready ones as new ones are missing: one more runs than there should be, and none too few serve.</summary>
    private static int Staying(RolloutScene scene, int serving, int missing, int most)
    {
        var old = scene.Replicas.Where(replica => replica.Revision == serving && replica.IsReady).Select(replica => replica.Ordinal).Order().ToList();
        return missing <= 0 ? 0 : old.Count >= missing ? Math.Min(old[missing - 1] + 1, most) : most;
    }

    private static int Canaries(RolloutRules rules) => Math.Clamp((int)Math.Round(rules.Replicas * rules.CanaryPercent / 100.0), 1, Math.Max(1, rules.Replicas));

    private static int Ready(RolloutScene scene, int revision) => scene.Replicas.Count(replica => replica.Revision == revision && replica.IsReady);

    /// <summary>All that the next revision is to have in the end are ready, and nothing holds it back.</summary>
    private static bool Arrived(RolloutScene scene)
    {
        if (scene.Next is not { } next || scene.IsGoing)
        {
            return false;
        }

        if (scene.Serving is not null && scene.Rules.Strategy == RolloutStrategies.Canary && !scene.IsPromoted)
        {
            return false;
        }

        return Ready(scene, next) >= scene.Rules.Replicas;
    }

    /// <summary>A canary that has served long enough takes over like any other revision: one replica after the other.</summary>
    public static bool PromotesCanary(RolloutScene scene) =>
        scene is { Next: { } next, Serving: not null, IsPromoted: false, IsGoing: false, Rules: { Strategy: RolloutStrategies.Canary, PromoteAfter: { } after } }
        && scene.Replicas.Where(replica => replica.Revision == next && replica.IsReady).ToList() is var ready
        && ready.Count >= Canaries(scene.Rules)
        && ready.Max(replica => replica.ReadyAt) + after <= scene.Now;

    private static string? Failure(RolloutScene scene)
    {
        if (scene.Next is not { } next || scene.IsGoing || scene.Rules.Replicas == 0 || IsSettledCanary(scene, next))
        {
            return null;
        }

        var starting = scene.Replicas.Where(replica => replica.Revision == next && !replica.IsReady).ToList();
        var broken = starting.FirstOrDefault(replica => ReplicaReasons.IsHopeless(replica.Replica));
        if (broken is not null)
        {
            return broken.Replica.Message ?? $"Its server does not stay up ({broken.Replica.Reason}).";
        }

        if (scene.ProgressAt + scene.Rules.ReadyWithin > scene.Now)
        {
            return null;
        }

        var why = starting.Select(replica => replica.Replica.Message).FirstOrDefault(message => message is not null);
        var room = starting.Any(replica => replica.Replica.State == ReplicaState.Waiting) && !scene.AnswerAlike(scene.Serving, next)
            ? " It answers to other names than the revision that serves, so that all its replicas run beside those before it takes over; with spec.rollout.strategy 'recreate' those end first."
            : "";
        return $"It was not ready within {new Duration(scene.Rules.ReadyWithin)}.{(why is null ? "" : " " + why)}{room}";
    }

    /// <summary>A canary whose replicas are there waits for its promotion for as long as that takes.</summary>
    private static bool IsSettledCanary(RolloutScene scene, int next) =>
        scene.Serving is not null && scene.Rules.Strategy == RolloutStrategies.Canary && !scene.IsPromoted && Ready(scene, next) >= Canaries(scene.Rules);

    /// <summary>Equal shares, but for a canary: its share is what was declared, however many replicas either side has.</summary>
    private static List<(SeenReplica, int)> Shares(RolloutScene scene, List<SeenReplica> serving, int? old, int? next)
    {
        var (canaries, others) = (serving.Count(replica => replica.Revision == next), serving.Count(replica => replica.Revision != next));
        var isCanary = old is not null && next is not null && scene.Rules.Strategy == RolloutStrategies.Canary && !scene.IsPromoted && canaries > 0 && others > 0;
        return [.. serving.Select(replica => (replica, !isCanary ? 1 : replica.Revision == next ? scene.Rules.CanaryPercent * others : (100 - scene.Rules.CanaryPercent) * canaries))];
    }

    private static IEnumerable<DateTimeOffset> Deadlines(RolloutScene scene, int? next)
    {
        if (next is not { } number)
        {
            yield break;
        }

        if (!IsSettledCanary(scene, number))
        {
            yield return scene.ProgressAt + scene.Rules.ReadyWithin;
        }
        else if (scene.Rules.PromoteAfter is { } after && scene.Replicas.Where(replica => replica.Revision == number).Max(replica => replica.ReadyAt) is { } ready)
        {
            yield return ready + after;
        }
    }

    private static DateTimeOffset? Earliest(IEnumerable<DateTimeOffset> moments) => moments.Select(moment => (DateTimeOffset?)moment).Min();
}
