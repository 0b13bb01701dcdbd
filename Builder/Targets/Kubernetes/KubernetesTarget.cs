using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Builder.Targets.Kubernetes.Diagnosis;
using Orrery.Builder.Targets.Kubernetes.Manifests;
using Orrery.Contracts;

namespace Orrery.Builder.Targets.Kubernetes;

/// <summary>What an image's tag means now, asked of its registry.</summary>
internal delegate Task<ResolvedImage> ResolveImage(DeploymentKey key, string reference, string? wish, CancellationToken cancellationToken);

/// <summary>Replicas as pods: a StatefulSet a revision, in a namespace an organisation.</summary>
/// <remarks>
/// Nothing is remembered between calls: what there is, the cluster knows, by labels with the deployment's uid. An object that has our name and not
/// our labels is somebody else's and stays as it is. Namespaces and claims are made and never removed.
/// </remarks>
internal sealed partial class KubernetesTarget(
    KubernetesClient client, KubernetesTargetOptions options, ResolveImage resolve, TimeProvider time, ILogger<KubernetesTarget> logger) : ITarget
{
    private readonly PodEvidences _evidences = new(client, time);

    public string Name => DeploymentTargets.Kubernetes;

    public Task<Inventory> InventoryAsync(DeploymentKey key, CancellationToken cancellationToken) => Translated(async () =>
    {
        var nodes = await client.ListAsync(KubernetesResource.Nodes, null, cancellationToken);
        var pods = await client.ListAsync(KubernetesResource.Pods, null, cancellationToken, fieldSelector: "status.phase!=Succeeded,status.phase!=Failed");
        var quotas = await client.ListAsync(KubernetesResource.ResourceQuotas, options.NamespaceOf(key.Namespace), cancellationToken);
        return ClusterInventory.Read(nodes.Items, pods.Items, quotas.Items);
    });

    public Task<ResolvedImage> ResolveImageAsync(DeploymentKey key, string reference, string? wish, CancellationToken cancellationToken) =>
        reference.IndexOf("@sha256:", StringComparison.Ordinal) is var at and >= 0
            ? Task.FromResult(new ResolvedImage(reference, reference[(at + 1)..]))
            : resolve(key, reference, wish, cancellationToken);

    public Task<IReadOnlyList<Replica>> ObserveAsync(DeploymentKey key, CancellationToken cancellationToken) => Translated(async () =>
    {
        var ns = options.NamespaceOf(key.Namespace);
        var selector = ModelLabels.SelectDeployment(key.Uid);
        var sets = (await client.ListAsync(KubernetesResource.StatefulSets, ns, cancellationToken, selector)).Items;
        var pods = (await client.ListAsync(KubernetesResource.Pods, ns, cancellationToken, selector)).Items;
        var evidences = await _evidences.CollectAsync(ns, pods, cancellationToken);
        await ReleaseLostAsync(ns, pods, evidences, cancellationToken);

        var replicas = pods.Select(pod => PodReader.Read(pod, evidences[pod.Uid()], options.ClusterDomain)).OfType<Replica>().ToList();
        foreach (var set in sets)
        {
            replicas.AddRange(await MissingAsync(ns, set, replicas, cancellationToken));
        }

        return (IReadOnlyList<Replica>)[.. replicas.OrderBy(replica => replica.Revision).ThenBy(replica => replica.Ordinal)];
    });

    public Task ApplyAsync(WantedReplicas wanted, CancellationToken cancellationToken) => Translated(async () =>
    {
        var ns = await OpenNamespaceAsync(wanted.Key, cancellationToken);
        if (wanted.Template.Cache == WeightCaches.SharedVolume && await client.FindAsync(KubernetesResource.Claims, ns, ShortNames.Claim, cancellationToken) is null)
        {
            await client.ApplyAsync(KubernetesResource.Claims, ns, ModelManifests.Claim(ns, options), force: false, cancellationToken);
        }

        if (wanted is { Template.PullSecret: not null, PullCredentials: null })
        {
            await RemoveSecretsAsync(wanted.Key, ns, [ShortNames.PullSecret(wanted.Key.Name)], cancellationToken); // They were taken back.
        }

        foreach (var manifest in ModelManifests.Of(wanted, options, client.Connection.Namespace))
        {
            await ApplyAsync(wanted.Key, manifest, cancellationToken);
        }

        return true;
    });

    public Task<bool> RemoveAsync(DeploymentKey key, int revision, CancellationToken cancellationToken) =>
        Translated(() => RemoveSelectedAsync(key, ModelLabels.SelectRevision(key.Uid, revision), [ShortNames.Revision(key.Name, revision)], withDeployment: false, cancellationToken));

    public Task<bool> RemoveAllAsync(DeploymentKey key, CancellationToken cancellationToken) =>
        Translated(() => RemoveSelectedAsync(key, ModelLabels.SelectDeployment(key.Uid), [ShortNames.PullSecret(key.Name)], withDeployment: true, cancellationToken));

    public async IAsyncEnumerable<LogLine> LogsAsync(DeploymentKey key, Replica replica, LogQuestion question, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ns = options.NamespaceOf(key.Namespace);
        var name = ShortNames.Pod(key.Name, replica.Revision, replica.Ordinal);
        var pods = await Translated(() => client.ListAsync(KubernetesResource.Pods, ns, cancellationToken, ModelLabels.SelectRevision(key.Uid, replica.Revision), $"metadata.name={name}"));
        if (pods.Items.All(pod => !replica.Incarnation.StartsWith($"{pod.Uid()}/", StringComparison.Ordinal)))
        {
            throw new TargetException("ReplicaGone", $"Replica {replica.Ordinal} of revision {replica.Revision} of {key} is not there any more, and its log went with it: ask for the replicas again.");
        }

        await foreach (var line in Translated(client.LogsAsync(ns, name, ShortNames.Container, question, cancellationToken)))
        {
            yield return line;
        }
    }

    public async IAsyncEnumerable<string> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var found = Channel.CreateBounded<string>(new BoundedChannelOptions(1_000) { SingleReader = true });
        var readers = ((KubernetesResource[])[KubernetesResource.Pods, KubernetesResource.StatefulSets]).Select(resource => ReadChangesAsync(resource, found.Writer, stop.Token)).ToArray();
        try
        {
            await foreach (var uid in found.Reader.ReadAllAsync(cancellationToken))
            {
                yield return uid;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(readers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadChangesAsync(KubernetesResource resource, ChannelWriter<string> found, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var change in client.WatchAsync(resource, null, ModelLabels.SelectInstallation(options.Installation), cancellationToken))
            {
                if (change.Object?.Label(ModelLabels.Uid) is { } uid)
                {
                    await found.WriteAsync(uid, cancellationToken);
                }
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            found.TryComplete(error); // Whoever reads must not wait for what nobody watches.
            throw;
        }
    }

    /// <summary>An organisation's namespace, made where it may be.</summary>
    private async Task<string> OpenNamespaceAsync(DeploymentKey key, CancellationToken cancellationToken)
    {
        var name = options.NamespaceOf(key.Namespace);
        if (await client.FindAsync(KubernetesResource.Namespaces, null, name, cancellationToken) is not { } there)
        {
            if (!options.CreateNamespaces)
            {
                throw new TargetException(
                    "NamespaceMissing",
                    $"The namespace '{name}' is not there, and Builder:Kubernetes:CreateNamespaces is false: kubectl create namespace {name} && kubectl label namespace {name} {ModelLabels.Organisation}={key.Namespace}",
                    isFinal: true);
            }

            await client.ApplyAsync(KubernetesResource.Namespaces, null, ModelManifests.Namespace(key.Namespace, options), force: false, cancellationToken);
            return name;
        }

        if (there.Label(ModelLabels.Organisation) != key.Namespace || there.Label(ModelLabels.Installation) is { } other && other != options.Installation)
        {
            throw new TargetException(
                "NameTaken",
                $"The namespace '{name}' is there and was not made for the organisation '{key.Namespace}' of this installation: to let its models run there, say kubectl label namespace {name} {ModelLabels.Organisation}={key.Namespace} {ModelLabels.Installation}={options.Installation}, or set Builder:Kubernetes:NamespacePrefix.",
                isFinal: true);
        }

        return there.Text("status", "phase") == "Terminating"
            ? throw new TargetException("NamespaceTerminating", $"The namespace '{name}' is being deleted: it is made again when it has gone.")
            : name;
    }

    private async Task ApplyAsync(DeploymentKey key, Manifest manifest, CancellationToken cancellationToken)
    {
        var name = manifest.Body.Name();
        var there = await client.FindAsync(manifest.Resource, manifest.Namespace, name, cancellationToken);
        if (there is not null)
        {
            await RequireOursAsync(key, manifest, there, cancellationToken);
        }

        await client.ApplyAsync(manifest.Resource, manifest.Namespace, manifest.Body, force: there is not null, cancellationToken);
    }

    private async Task RequireOursAsync(DeploymentKey key, Manifest manifest, JsonObject there, CancellationToken cancellationToken)
    {
        var what = manifest.Resource.Describe(manifest.Namespace, there.Name());
        if (there.Label(ModelLabels.ManagedBy) != ModelLabels.ManagedByUs || there.Label(ModelLabels.Installation) != options.Installation)
        {
            throw new TargetException(
                "NameTaken",
                $"{what} is there and is not ours (its label {ModelLabels.ManagedBy} is '{there.Label(ModelLabels.ManagedBy)}', {ModelLabels.Installation} is '{there.Label(ModelLabels.Installation)}'): remove or rename it, or give the deployment another name.",
                isFinal: true);
        }

        if (there.Label(ModelLabels.Uid) is var uid && uid != key.Uid)
        {
            // Uids sort by time: what is older is what a deleted deployment of this name left behind.
            if (string.CompareOrdinal(uid, key.Uid) < 0)
            {
                await client.DeleteAsync(manifest.Resource, manifest.Namespace, there.Name(), there.Uid(), cancellationToken, "Foreground");
            }

            throw new TargetException("LeftOver", $"{what} belongs to another deployment of that name (uid {uid}), an earlier one or a later one: an earlier one's is being removed, and this is tried again.");
        }

        if (there.Text("metadata", "deletionTimestamp") is not null)
        {
            throw new TargetException("LeftOver", $"{what} is being deleted: it is made again when it has gone.");
        }
    }

    /// <summary>Sets first; what the last pods still use, when those have gone; Services last, since they tell what else there may be.</summary>
    private async Task<bool> RemoveSelectedAsync(DeploymentKey key, string selector, IReadOnlyList<string> names, bool withDeployment, CancellationToken cancellationToken)
    {
        var ns = options.NamespaceOf(key.Namespace);
        var sets = (await client.ListAsync(KubernetesResource.StatefulSets, ns, cancellationToken, selector)).Items;
        foreach (var set in sets.Where(set => !PodReader.IsEnding(set)))
        {
            await client.DeleteAsync(KubernetesResource.StatefulSets, ns, set.Name(), set.Uid(), cancellationToken, "Foreground");
        }

        var services = (await client.ListAsync(KubernetesResource.Services, ns, cancellationToken, selector)).Items;
        var left = sets.Count + services.Count + await RemoveSecretsAsync(key, ns, names.Concat(sets.Concat(services).Select(one => one.Name())), cancellationToken);
        left += await RemovePodsAsync(ns, selector, sets, cancellationToken);
        if (left > services.Count)
        {
            return false;
        }

        left += await RemoveListedAsync(KubernetesResource.ConfigMaps, ns, selector, cancellationToken);
        left += await RemoveListedAsync(KubernetesResource.NetworkPolicies, ns, selector, cancellationToken);
        if (withDeployment)
        {
            left += await RemoveListedAsync(KubernetesResource.DisruptionBudgets, ns, selector, cancellationToken);
        }

        foreach (var service in services)
        {
            await client.DeleteAsync(KubernetesResource.Services, ns, service.Name(), service.Uid(), cancellationToken);
        }

        return left == 0;
    }

    private async Task<int> RemoveListedAsync(KubernetesResource resource, string ns, string selector, CancellationToken cancellationToken)
    {
        var found = (await client.ListAsync(resource, ns, cancellationToken, selector)).Items;
        foreach (var item in found)
        {
            await client.DeleteAsync(resource, ns, item.Name(), item.Uid(), cancellationToken);
        }

        return found.Count;
    }

    private async Task<int> RemoveSecretsAsync(DeploymentKey key, string ns, IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var found = 0;
        foreach (var name in names.Distinct(StringComparer.Ordinal))
        {
            if (await client.FindAsync(KubernetesResource.Secrets, ns, name, cancellationToken) is { } secret && secret.Label(ModelLabels.Uid) == key.Uid)
            {
                await client.DeleteAsync(KubernetesResource.Secrets, ns, name, secret.Uid(), cancellationToken);
                found++;
            }
        }

        return found;
    }

    // A set that was deleted without its pods (kubectl delete --cascade=orphan) leaves them to us.
    private async Task<int> RemovePodsAsync(string ns, string selector, IReadOnlyList<JsonObject> sets, CancellationToken cancellationToken)
    {
        var pods = (await client.ListAsync(KubernetesResource.Pods, ns, cancellationToken, selector)).Items;
        var owners = sets.Select(set => set.Uid()).ToHashSet(StringComparer.Ordinal);
        foreach (var pod in pods.Where(pod => !PodReader.IsEnding(pod) && !pod.Items("metadata", "ownerReferences").Any(owner => owners.Contains(owner.Text("uid") ?? ""))))
        {
            await client.DeleteAsync(KubernetesResource.Pods, ns, pod.Name(), pod.Uid(), cancellationToken);
        }

        await ReleaseLostAsync(ns, pods, await _evidences.CollectAsync(ns, [.. pods.Where(PodReader.IsEnding)], cancellationToken), cancellationToken);
        return pods.Count;
    }

    /// <summary>
    /// A pod whose node is lost stays "Terminating" for ever, and its StatefulSet makes no other. It holds nothing that two could not have: the
    /// cache is read, and answers go to whoever asked. So it is removed without its node's word.
    /// </summary>
    private async Task ReleaseLostAsync(string ns, IReadOnlyList<JsonObject> pods, IReadOnlyDictionary<string, PodEvidence> evidences, CancellationToken cancellationToken)
    {
        foreach (var pod in pods.Where(pod => evidences.GetValueOrDefault(pod.Uid()) is { IsNodeLost: true } && PodEvidences.IsOverdue(pod, time.GetUtcNow())))
        {
            if (await client.DeleteAsync(KubernetesResource.Pods, ns, pod.Name(), pod.Uid(), cancellationToken, grace: TimeSpan.Zero))
            {
                Log.Released(logger, pod.Name(), ns, PodReader.NodeOf(pod) ?? "");
            }
        }
    }

    /// <summary>Replicas that a set is to have and has no pod for: a quota or a policy refuses them.</summary>
    private async Task<IEnumerable<Replica>> MissingAsync(string ns, JsonObject set, IReadOnlyList<Replica> replicas, CancellationToken cancellationToken)
    {
        if (PodReader.IsEnding(set) || !int.TryParse(set.Label(ModelLabels.Revision), out var revision))
        {
            return [];
        }

        var missing = Enumerable.Range(0, set.Whole("spec", "replicas") ?? 0).Except(replicas.Where(replica => replica.Revision == revision).Select(replica => replica.Ordinal)).ToList();
        if (missing.Count == 0)
        {
            return [];
        }

        var finding = await _evidences.WhyMissingAsync(ns, set, cancellationToken);
        return missing.Select(ordinal => new Replica(revision, ordinal, $"{set.Uid()}/none", ReplicaState.Waiting, Reason: finding?.Reason, Message: finding?.Message, Since: set.Time("metadata", "creationTimestamp")));
    }

    private static async Task<T> Translated<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (KubernetesException error)
        {
            throw error.AsTargetException();
        }
    }

    private static async IAsyncEnumerable<T> Translated<T>(IAsyncEnumerable<T> source)
    {
        await using var items = source.GetAsyncEnumerator();
        while (await Translated(() => items.MoveNextAsync().AsTask()))
        {
            yield return items.Current;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2201, LogLevel.Warning, "Pod {Pod} in namespace {Namespace} was removed by force: its node {Node} is lost, and its time to end is over", EventName = "LostPodReleased")]
        public static partial void Released(ILogger logger, string pod, string @namespace, string node);
    }
}
