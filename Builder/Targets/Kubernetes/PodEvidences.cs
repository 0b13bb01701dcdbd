using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Orrery.Builder.Targets.Diagnosis;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Builder.Targets.Kubernetes.Diagnosis;

namespace Orrery.Builder.Targets.Kubernetes;

/// <summary>Asks what is behind pods that do not serve: events, the log of a server that ended, the node. Of those that serve, nothing is asked.</summary>
internal sealed class PodEvidences(KubernetesClient client, TimeProvider time)
{
    /// <summary>What is wrong with the first so many is wrong with the others too.</summary>
    private const int MostPods = 24;

    private const int LogLines = 200;
    private const int MostLog = 64 * 1024;

    /// <summary>Beyond the time that a pod has to end, since clocks differ.</summary>
    private static readonly TimeSpan Overdue = TimeSpan.FromSeconds(10);

    /// <summary>By incarnation: a log that has ended does not change.</summary>
    private readonly ConcurrentDictionary<string, string> _logs = new(StringComparer.Ordinal);

    /// <summary>Whether a pod should have ended; its deletionTimestamp is when its grace ends.</summary>
    public static bool IsOverdue(JsonObject pod, DateTimeOffset now) => pod.Time("metadata", "deletionTimestamp") is { } end && now > end + Overdue;

    /// <summary>By the pods' uids.</summary>
    public async Task<IReadOnlyDictionary<string, PodEvidence>> CollectAsync(string ns, IReadOnlyList<JsonObject> pods, CancellationToken cancellationToken)
    {
        var nodes = new Dictionary<string, bool>(StringComparer.Ordinal);
        var found = new Dictionary<string, PodEvidence>(StringComparer.Ordinal);
        var asked = 0;
        foreach (var pod in pods)
        {
            var isLost = NeedsNode(pod) && await IsLostAsync(PodReader.NodeOf(pod)!, nodes, cancellationToken);
            found[pod.Uid()] = PodReader.IsReady(pod) || PodReader.IsEnding(pod) || isLost || ++asked > MostPods
                ? PodEvidence.None with { IsNodeLost = isLost }
                : new PodEvidence(await EventsAsync(ns, pod, cancellationToken), await LogAsync(ns, pod, cancellationToken));
        }

        return found;
    }

    /// <summary>Why a set's controller makes no pod.</summary>
    public async Task<Finding?> WhyMissingAsync(string ns, JsonObject set, CancellationToken cancellationToken)
    {
        var events = await client.ListAsync(KubernetesResource.Events, ns, cancellationToken, fieldSelector: $"involvedObject.uid={set.Uid()}");
        var said = events.Items.Where(one => one.Text("reason") == "FailedCreate").OrderBy(one => one.Time("lastTimestamp") ?? one.Time("eventTime")).LastOrDefault().Text("message");
        return said is null ? null : new Finding(ReplicaReasons.NoPlace, said switch
        {
            _ when said.Contains("exceeded quota", StringComparison.Ordinal) => $"The namespace's quota is used up ({Shorten(said)}): raise it, or stop another deployment.",
            _ when said.Contains("failed quota", StringComparison.Ordinal) => $"The namespace's quota asks for what the pod does not say ({Shorten(said)}): give resources, or a LimitRange with defaults.",
            _ when said.Contains("violates PodSecurity", StringComparison.Ordinal) => $"The namespace's Pod Security profile refuses the pod ({Shorten(said)}): enforce no more than 'baseline' there.",
            _ => $"The cluster refuses the pod ({Shorten(said)}).",
        });
    }

    private bool NeedsNode(JsonObject pod) =>
        PodReader.NodeOf(pod) is not null && (PodReader.IsEnding(pod) ? IsOverdue(pod, time.GetUtcNow()) : !PodReader.IsReady(pod));

    private async Task<bool> IsLostAsync(string node, Dictionary<string, bool> known, CancellationToken cancellationToken)
    {
        if (!known.TryGetValue(node, out var isLost))
        {
            known[node] = isLost = await client.FindAsync(KubernetesResource.Nodes, null, node, cancellationToken) is not { } there || !ClusterInventory.IsUp(there);
        }

        return isLost;
    }

    private async Task<IReadOnlyList<JsonObject>> EventsAsync(string ns, JsonObject pod, CancellationToken cancellationToken)
    {
        var events = (await client.ListAsync(KubernetesResource.Events, ns, cancellationToken, fieldSelector: $"involvedObject.uid={pod.Uid()}")).Items;
        var isWaiting = pod.Items("status", "conditions").Any(one => one.Text("message")?.Contains("PersistentVolumeClaim", StringComparison.OrdinalIgnoreCase) == true);
        return !isWaiting ? events
            : [.. events, .. (await client.ListAsync(
                KubernetesResource.Events, ns, cancellationToken, fieldSelector: $"involvedObject.kind=PersistentVolumeClaim,involvedObject.name={ShortNames.Claim}")).Items];
    }

    private async Task<string?> LogAsync(string ns, JsonObject pod, CancellationToken cancellationToken)
    {
        if (!PodReader.HasCrashed(pod, out var isPrevious))
        {
            return null;
        }

        var incarnation = $"{pod.Uid()}/{PodReader.Restarts(pod)}/{isPrevious}";
        if (_logs.TryGetValue(incarnation, out var known))
        {
            return known;
        }

        var log = new StringBuilder();
        try
        {
            await foreach (var line in client.LogsAsync(ns, pod.Name(), ShortNames.Container, new LogQuestion(LogLines, Previous: isPrevious), cancellationToken))
            {
                log.AppendLine(line.Text);
                if (log.Length > 2 * MostLog)
                {
                    log.Remove(0, log.Length - MostLog);
                }
            }
        }
        catch (KubernetesException)
        {
            return null; // The node has no log of it any more; the status' own words have to do.
        }

        if (_logs.Count > 200)
        {
            _logs.Clear();
        }

        return _logs[incarnation] = log.ToString();
    }

    private static string Shorten(string text)
    {
        var line = text.ReplaceLineEndings(" ").Trim().TrimEnd('.');
        return line.Length > 300 ? line[..300] + "…" : line;
    }
}
