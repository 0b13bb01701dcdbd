namespace Orrery.Builder.Targets;

/// <summary>Where replicas run. Everything here may be repeated, and may be cut off anywhere: what was begun is found again and finished.</summary>
/// <remarks>
/// A target decides nothing. It is told how many replicas of which revision there should be, makes and removes them under names that
/// follow from deployment, revision and ordinal, and tells what there is. Failures are <see cref="TargetException"/>s.
/// </remarks>
internal interface ITarget
{
    /// <summary>One of <see cref="Contracts.DeploymentTargets.All"/>.</summary>
    string Name { get; }

    /// <summary>What could run there now, for what is decided before anything is created.</summary>
    Task<Inventory> InventoryAsync(DeploymentKey key, CancellationToken cancellationToken);

    /// <summary>What a reference means there, or why it cannot be run.</summary>
    /// <param name="wish">Names what is to be begun (<see cref="Contracts.DeploymentQuestion"/>); with one, whoever asks comes again for what is <see cref="ResolvedImage.Pending"/>.</param>
    Task<ResolvedImage> ResolveImageAsync(DeploymentKey key, string reference, string? wish, CancellationToken cancellationToken);

    /// <summary>Every replica of the deployment, of whatever revision, those that are ending included.</summary>
    Task<IReadOnlyList<Replica>> ObserveAsync(DeploymentKey key, CancellationToken cancellationToken);

    /// <summary>Sees to it that a revision has exactly the replicas 0 to <see cref="WantedReplicas.Count"/> - 1: the missing are created, those above end. Does not wait for them.</summary>
    Task ApplyAsync(WantedReplicas wanted, CancellationToken cancellationToken);

    /// <summary>Ends a revision's replicas and removes what was made for it.</summary>
    /// <returns>Whether nothing of it is left; while not, it is called again.</returns>
    Task<bool> RemoveAsync(DeploymentKey key, int revision, CancellationToken cancellationToken);

    /// <summary>Ends and removes everything of a deployment, also what no revision is known of any more.</summary>
    /// <returns>Whether nothing is left.</returns>
    Task<bool> RemoveAllAsync(DeploymentKey key, CancellationToken cancellationToken);

    /// <summary>What a replica's server has written, and, where asked, what it writes.</summary>
    IAsyncEnumerable<LogLine> LogsAsync(DeploymentKey key, Replica replica, LogQuestion question, CancellationToken cancellationToken);

    /// <summary>The uids of deployments of which something has changed, as it happens; a hint, since all are looked at now and then anyway.</summary>
    IAsyncEnumerable<string> WatchAsync(CancellationToken cancellationToken);
}

/// <summary>So many replicas of one revision.</summary>
/// <param name="SecretValues">By the name of the variable. Held in memory and handed to the target, never logged.</param>
internal sealed record WantedReplicas(DeploymentKey Key, int Revision, RevisionTemplate Template, int Count, IReadOnlyDictionary<string, string> SecretValues)
{
    /// <summary>What its image is pulled with (<c>.dockerconfigjson</c>), where <see cref="RevisionTemplate.PullSecret"/> names it. As secret as the others.</summary>
    public string? PullCredentials { get; init; }
}

/// <param name="Reference">With what replicas are started: by digest where there is one.</param>
/// <param name="Digest"><c>sha256:…</c></param>
internal sealed record ResolvedImage(string Reference, string? Digest)
{
    /// <summary>Why its digest is not known, though it may be run.</summary>
    public string? Warning { get; init; }

    /// <summary>Who is being asked for it just now.</summary>
    public string? Pending { get; init; }
}

internal enum ReplicaState
{
    /// <summary>It has no place to run yet; <see cref="Replica.Message"/> says why.</summary>
    Waiting,

    /// <summary>Its server is starting: image, weights, load.</summary>
    Starting,

    /// <summary>Its server answers.</summary>
    Ready,

    /// <summary>Its server runs and does not answer now, though it did.</summary>
    Unready,

    /// <summary>Its server has ended, or cannot be started; the target tries again by itself, or not.</summary>
    Failed,

    /// <summary>It has been told to end.</summary>
    Ending,
}

/// <summary>One copy of a model's server, as it was seen.</summary>
/// <param name="Incarnation">Different after each start of its server, so that readiness is not inherited.</param>
/// <param name="Address">Where it is reached, without a path: <c>http://10.1.2.3:8000</c>. Absent before it has one.</param>
/// <param name="Reason">A word for programs: <c>ImagePullBackOff</c>, <c>OutOfMemory</c>, one of <see cref="ReplicaReasons"/>.</param>
/// <param name="Message">One sentence, with the remedy.</param>
/// <param name="Place">The node.</param>
/// <param name="Since">When it was created.</param>
/// <param name="Outlook">What becomes of it now, in a sentence behind the message: true for a while, where the message stays true.</param>
internal sealed record Replica(
    int Revision, int Ordinal, string Incarnation, ReplicaState State, Uri? Address = null, string? Reason = null, string? Message = null, string? Place = null, int Restarts = 0,
    DateTimeOffset? Since = null, string? Outlook = null)
{
    /// <summary>Message and outlook, for whoever looks now.</summary>
    public string? Told => Outlook is null ? Message : $"{Message} {Outlook}";
}

/// <summary>Why replicas do not serve; each with a sentence of its own in the target that tells it.</summary>
internal static class ReplicaReasons
{
    public const string NoPlace = "FailedScheduling";
    public const string NoImage = "ImagePullBackOff";
    public const string OutOfMemory = "OOMKilled";
    public const string Crashes = "CrashLoopBackOff";
    public const string NotAnswering = "ProbeFailed";
    public const string HubRefuses = "HubRefused";
    public const string Misconfigured = "CreateContainerError";

    /// <summary>It answers, and to another name than the one that it is asked for.</summary>
    public const string OtherModel = "OtherModelServed";

    /// <summary>Whether a replica that failed so would fail for ever: it does not stay up, or what it was refused or lacked it lacked again when it was started anew. An image may still come.</summary>
    public static bool IsHopeless(Replica replica) =>
        replica.State == ReplicaState.Failed && (replica.Reason is Crashes or HubRefuses or OtherModel || (replica.Reason is Misconfigured or OutOfMemory && replica.Restarts > 0));
}

/// <param name="Stream"><c>stdout</c> or <c>stderr</c> where it is known.</param>
internal sealed record LogLine(DateTimeOffset? At, string Text, string? Stream = null);

/// <param name="Tail">The last so many lines; absent: all that are kept.</param>
/// <param name="Previous">Of the incarnation before.</param>
internal sealed record LogQuestion(int? Tail = null, bool Follow = false, bool Previous = false);

/// <summary>Something could not be done at a target.</summary>
/// <param name="reason">A word for programs.</param>
/// <param name="message">One sentence with the remedy; no secrets.</param>
/// <param name="isFinal">Whether trying again without a change is of no use.</param>
internal sealed class TargetException(string reason, string message, bool isFinal = false, Exception? inner = null) : Exception(message, inner)
{
    public string Reason { get; } = reason;

    public bool IsFinal { get; } = isFinal;
}
