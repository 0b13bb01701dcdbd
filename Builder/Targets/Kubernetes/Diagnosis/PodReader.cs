using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Orrery.Builder.Targets.Diagnosis;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Builder.Targets.Kubernetes.Manifests;

namespace Orrery.Builder.Targets.Kubernetes.Diagnosis;

/// <summary>What else is known of a pod that does not serve.</summary>
/// <param name="Events">Of the pod, and of the claim where it waits for that.</param>
/// <param name="Log">The last lines of its server, of the incarnation that ended.</param>
/// <param name="IsNodeLost">Whether its node does not answer or is gone.</param>
internal sealed record PodEvidence(IReadOnlyList<JsonObject> Events, string? Log = null, bool IsNodeLost = false)
{
    public static readonly PodEvidence None = new([]);
}

/// <summary>What a pod's status means for a replica.</summary>
internal static partial class PodReader
{
    private static readonly string[] ImageReasons = ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ImageInspectError", "ErrImageNeverPull", "RegistryUnavailable", "SignatureValidationFailed"];
    private static readonly string[] ConfigurationReasons = ["CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PreCreateHookError", "PostStartHookError"];

    public static bool IsReady(JsonObject pod) => Condition(pod, "Ready").Text("status") == "True";

    public static bool IsEnding(JsonObject pod) => pod.Text("metadata", "deletionTimestamp") is not null;

    public static string? NodeOf(JsonObject pod) => pod.Text("spec", "nodeName");

    public static int Restarts(JsonObject pod) => Server(pod).Whole("restartCount") ?? 0;

    /// <summary>Whether its server has ended in a way that its log may explain, and whether the log of that is the previous one.</summary>
    public static bool HasCrashed(JsonObject pod, out bool isPrevious)
    {
        var status = Server(pod);
        isPrevious = status.Map("state", "terminated") is null;
        var ended = status.Map("state", "terminated") ?? status.Map("lastState", "terminated");
        return !IsReady(pod) && ended is not null && ended.Text("reason") is not ("OOMKilled" or "ContainerStatusUnknown");
    }

    /// <returns>null: a pod of ours, but of no revision and ordinal.</returns>
    public static Replica? Read(JsonObject pod, PodEvidence evidence, string? clusterDomain)
    {
        if (!int.TryParse(pod.Label(ModelLabels.Revision), NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
            || !int.TryParse(pod.Label(ModelLabels.Ordinal) ?? pod.Name()[(pod.Name().LastIndexOf('-') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal))
        {
            return null;
        }

        var restarts = Restarts(pod);
        var (state, finding) = StateOf(pod, evidence);
        return new Replica(
            revision, ordinal, $"{pod.Uid()}/{restarts}", state, AddressOf(pod, clusterDomain), finding?.Reason, finding?.Message, NodeOf(pod), restarts, pod.Time("metadata", "creationTimestamp"));
    }

    private static (ReplicaState State, Finding? Finding) StateOf(JsonObject pod, PodEvidence evidence)
    {
        if (IsEnding(pod))
        {
            return (ReplicaState.Ending, evidence.IsNodeLost ? Lost(pod) : null);
        }

        var server = Server(pod);
        return pod.Text("status", "phase") switch
        {
            "Failed" => (ReplicaState.Failed, Ended(pod)),
            "Succeeded" => (ReplicaState.Failed, new(ReplicaReasons.Crashes, "The server ended by itself, as if its work were done: a model's server has to go on. Is spec.command a server?")),
            _ when evidence.IsNodeLost => (server.IsTrue("started") ? ReplicaState.Unready : ReplicaState.Starting, Lost(pod)),
            _ when IsReady(pod) => (ReplicaState.Ready, null),
            _ when Condition(pod, "PodScheduled") is { } scheduled && scheduled.Text("status") == "False" => (ReplicaState.Waiting, NoPlace(scheduled, evidence)),
            _ when NodeOf(pod) is null => (ReplicaState.Waiting, null),
            _ when server.Map("state", "waiting") is { } waiting => Waiting(pod, waiting, server, evidence),
            _ when server.Map("state", "terminated") is { } terminated => (ReplicaState.Failed, Crash(pod, terminated, evidence)),
            _ when server.Map("state", "running") is not null => Running(pod, server, evidence),
            _ => (ReplicaState.Starting, Preparing(evidence)),
        };
    }

    private static (ReplicaState State, Finding? Finding) Waiting(JsonObject pod, JsonObject waiting, JsonObject? server, PodEvidence evidence)
    {
        var (reason, message) = (waiting.Text("reason") ?? "", waiting.Text("message") ?? "");
        if (ImageReasons.Contains(reason))
        {
            // A back-off's message repeats less than the failure said; the event has it all.
            var said = string.Join(' ', Newest(evidence, "Failed").Where(one => one.Contains("pull", StringComparison.OrdinalIgnoreCase)).Append(message).Append(reason));
            var finding = ImageDiagnosis.Read(ImageOf(pod), said);
            return (finding.Reason == ReplicaReasons.NoImage ? ReplicaState.Failed : ReplicaState.Starting, finding);
        }

        if (ConfigurationReasons.Contains(reason))
        {
            return (ReplicaState.Failed, Configuration(message));
        }

        return reason == "CrashLoopBackOff" && server.Map("lastState", "terminated") is { } ended
            ? (ReplicaState.Failed, Crash(pod, ended, evidence))
            : (ReplicaState.Starting, Preparing(evidence));
    }

    private static (ReplicaState State, Finding? Finding) Running(JsonObject pod, JsonObject? server, PodEvidence evidence)
    {
        if (server.IsTrue("started"))
        {
            return (ReplicaState.Unready, Probe(evidence) is { } said
                ? new(ReplicaReasons.NotAnswering, $"The server runs and does not answer on {PathOf(pod)} now ({said}): it may be overloaded or hang; it is restarted when that goes on.")
                : null);
        }

        // It starts again after it ended; why it ended is what somebody wants to know meanwhile.
        return (ReplicaState.Starting, server.Map("lastState", "terminated") is { } ended ? Crash(pod, ended, evidence) is var crash ? new($"Restarted{crash.Reason}", crash.Message) : null : null);
    }

    /// <summary>Before the container runs: sandbox, volumes, image.</summary>
    private static Finding? Preparing(PodEvidence evidence)
    {
        if (Newest(evidence, "FailedMount", "FailedAttachVolume").FirstOrDefault() is { } mount)
        {
            return new("FailedMount", mount.Contains("Multi-Attach", StringComparison.Ordinal)
                ? $"The volume of '{ShortNames.Claim}' is held by another node: take an access mode ReadWriteMany (Builder:Kubernetes:Cache:AccessMode) with a storage class that has it."
                : $"A volume cannot be mounted ({Shorten(mount)}): is its storage up, and does the node reach it?");
        }

        return Newest(evidence, "FailedCreatePodSandBox").FirstOrDefault() is { } sandbox
            ? new("FailedCreatePodSandBox", sandbox.Contains("no runtime for", StringComparison.Ordinal) || sandbox.Contains("RuntimeHandler", StringComparison.Ordinal)
                ? $"The node's container runtime does not know the runtime class ({Shorten(sandbox)}): install it there, or correct runtimeClass of the GpuClass."
                : $"The node cannot make the pod's network or sandbox ({Shorten(sandbox)}): see its container runtime and network plug-in.")
            : null;
    }

    private static Finding NoPlace(JsonObject scheduled, PodEvidence evidence)
    {
        var said = scheduled.Text("message") ?? "";
        if (said.Contains("PersistentVolumeClaim", StringComparison.OrdinalIgnoreCase) && Newest(evidence, "ProvisioningFailed").FirstOrDefault() is { } provisioning)
        {
            return new(ReplicaReasons.NoPlace,
                $"The claim '{ShortNames.Claim}' gets no volume ({Shorten(provisioning)}): name a storage class that provides the access mode in Builder:Kubernetes:Cache, or make a volume.");
        }

        return new(ReplicaReasons.NoPlace, scheduled.Text("reason") == "SchedulingGated"
            ? "The pod is held back by a scheduling gate: whoever set it has to take it away."
            : SchedulingDiagnosis.Read(said) ?? $"The scheduler found no node ({Shorten(said)}).");
    }

    private static Finding Crash(JsonObject pod, JsonObject ended, PodEvidence evidence)
    {
        var code = ended.Whole("exitCode");
        var said = $"{evidence.Log}\n{ended.Text("message")}";
        if (ended.Text("reason") == "OOMKilled")
        {
            var limit = pod.Items("spec", "containers").FirstOrDefault(one => one.Text("name") == ShortNames.Container).Text("resources", "limits", "memory");
            return new(ReplicaReasons.OutOfMemory, limit is null
                ? "The server was killed because its node ran out of memory: say resources.memory, so that a node with enough is chosen."
                : $"The server was killed because it used more memory than its limit of {limit}: raise resources.memory.");
        }

        if (LogDiagnosis.Find(said) is { } known)
        {
            return known.ToFinding();
        }

        if (code is 137 or 143 && Newest(evidence, "Killing").FirstOrDefault(one => one.Contains("probe", StringComparison.Ordinal)) is { } killing)
        {
            return new(ReplicaReasons.NotAnswering, killing.Contains("startup", StringComparison.Ordinal)
                ? $"The server did not answer on {PathOf(pod)} in the time that it has to start, and was restarted: raise probes.startWithin, or see its log for what it waits for."
                : $"The server stopped answering on {PathOf(pod)} and was restarted ({Probe(evidence) ?? "no answer in time"}): raise probes.timeout or probes.failures where it is only busy.");
        }

        var word = LogText.LastWord(said);
        return new(ReplicaReasons.Crashes, $"The server ended with {CodeOf(code)}{(word is null ? " and wrote nothing" : $"; it wrote: {word}")}. See its log (previous incarnation).");
    }

    private static Finding Configuration(string message) => message switch
    {
        _ when MissingObject.Match(message) is { Success: true } missing => new(ReplicaReasons.Misconfigured,
            $"The {missing.Groups["kind"].Value} '{missing.Groups["name"].Value}' that the pod names is not there: it was deleted by somebody; deploy again."),
        _ when message.Contains("runAsNonRoot", StringComparison.Ordinal) => new(ReplicaReasons.Misconfigured,
            "The image runs as root or as a user without a number, which is not allowed: end its Dockerfile with USER 10001:10001, or set Builder:Kubernetes:RunAs."),
        _ => LogDiagnosis.Find(message)?.ToFinding() ?? new(ReplicaReasons.Misconfigured, $"The container cannot be made ({Shorten(message)}): correct the image or the deployment."),
    };

    /// <summary>The pod is over; its StatefulSet makes another.</summary>
    private static Finding Ended(JsonObject pod)
    {
        var (reason, message) = (pod.Text("status", "reason") ?? "", pod.Text("status", "message") ?? "");
        return reason switch
        {
            "Evicted" when message.Contains("ephemeral", StringComparison.OrdinalIgnoreCase) || message.Contains("emptyDir", StringComparison.Ordinal) => new("Evicted",
                $"The node threw the pod out for the disk it used ({Shorten(message)}): raise resources.disk, or keep weights on the shared volume (cache: shared_volume)."),
            "Evicted" when message.Contains("memory", StringComparison.OrdinalIgnoreCase) => new("Evicted",
                $"The node threw the pod out because it ran out of memory ({Shorten(message)}): raise resources.memory, so that a node with enough is chosen."),
            "Evicted" => new("Evicted", $"The node threw the pod out ({Shorten(message)}); another is made."),
            "Preempting" or "Preempted" => new("Preempted", "A pod of higher priority took the place; another replica is made where there is room."),
            "NodeShutdown" or "Terminated" or "Shutdown" => new("NodeShutdown", $"The node {NodeOf(pod)} shuts down; another replica is made elsewhere."),
            "UnexpectedAdmissionError" or "OutOfcpu" or "OutOfmemory" => new("NodeRefused",
                $"The node {NodeOf(pod)} refused the pod ({Shorten(message)}); another is made. Where that repeats, see the node's device plug-in."),
            "NodeLost" => Lost(pod),
            _ when reason.StartsWith("OutOf", StringComparison.Ordinal) => new("NodeRefused", $"The node {NodeOf(pod)} has no {reason["OutOf".Length..]} left for the pod; another is made."),
            _ => new(ReplicaReasons.Crashes, $"The pod ended ({(reason.Length > 0 ? reason : "no reason given")}{(message.Length > 0 ? ": " + Shorten(message) : "")}); another is made."),
        };
    }

    private static Finding Lost(JsonObject pod) => new("NodeLost", IsEnding(pod)
        ? $"The node {NodeOf(pod)} does not answer, so nobody can say that the pod ended there: it is removed by force, and another replica is made."
        : $"The node {NodeOf(pod)} does not answer: the replica is made elsewhere when the cluster gives the node up (after five minutes, unless set otherwise).");

    private static string? Probe(PodEvidence evidence) => Newest(evidence, "Unhealthy").FirstOrDefault() is { } said ? Shorten(said) : null;

    private static IEnumerable<string> Newest(PodEvidence evidence, params string[] reasons) => evidence.Events
        .Where(one => reasons.Contains(one.Text("reason")))
        .OrderByDescending(one => one.Time("lastTimestamp") ?? one.Time("series", "lastObservedTime") ?? one.Time("eventTime") ?? one.Time("metadata", "creationTimestamp"))
        .Select(one => one.Text("message") ?? "");

    private static Uri? AddressOf(JsonObject pod, string? clusterDomain)
    {
        var (name, subdomain, ns) = (pod.Name(), pod.Text("spec", "subdomain"), pod.Text("metadata", "namespace"));
        var port = pod.Items("spec", "containers").SelectMany(one => one.Items("ports")).FirstOrDefault(one => one.Text("name") == PodManifest.PortName).Whole("containerPort");
        return pod.Text("status", "podIP") is null || subdomain is null || port is null ? null
            : new Uri($"http://{name}.{subdomain}.{ns}.svc{(string.IsNullOrEmpty(clusterDomain) ? "" : "." + clusterDomain)}:{port}");
    }

    private static string ImageOf(JsonObject pod) => pod.Items("spec", "containers").FirstOrDefault(one => one.Text("name") == ShortNames.Container).Text("image") ?? "";

    private static string PathOf(JsonObject pod) =>
        pod.Items("spec", "containers").FirstOrDefault(one => one.Text("name") == ShortNames.Container).Text("readinessProbe", "httpGet", "path") ?? "its health path";

    private static JsonObject? Server(JsonObject pod) => pod.Items("status", "containerStatuses").FirstOrDefault(one => one.Text("name") == ShortNames.Container);

    private static JsonObject? Condition(JsonObject pod, string type) => pod.Items("status", "conditions").FirstOrDefault(one => one.Text("type") == type);

    private static string CodeOf(int? code) => code switch
    {
        null => "no exit code",
        137 => "exit code 137 (killed)",
        139 => "exit code 139 (a crash in native code)",
        _ => $"exit code {code}",
    };

    private static string Shorten(string text)
    {
        var line = text.ReplaceLineEndings(" ").Trim().TrimEnd('.');
        return line.Length > 240 ? line[..240] + "…" : line;
    }

    [GeneratedRegex("(?<kind>secret|configmap|serviceaccount) \"(?<name>[^\"]*)\" not found", RegexOptions.IgnoreCase)]
    private static partial Regex MissingObject { get; }
}
