using System.Text.Json.Nodes;
using Orrery.Builder.Builds.Local;
using Orrery.Builder.Declared;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Kubernetes;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Builds.Cluster;

/// <summary>Builds in the cluster: a Job a build, which pushes the image itself.</summary>
/// <remarks>
/// What a build needs goes with it. A Builder that is killed finds the Job by the build's id and goes on following it; one that had ended well
/// has left the digest where Kubernetes keeps why a container ended.
/// </remarks>
internal sealed class ClusterImageBuilder(
    KubernetesClient client, CatalogueClient catalogue, BuildOptions options, ClusterBuildOptions cluster, KubernetesTargetOptions target, RegistryOptions registries, TimeProvider time) : IImageBuilder
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private const int LastLines = 40;

    public Task<string> DescribeAsync(CancellationToken cancellationToken) => Task.FromResult($"{cluster.Method} ({cluster.EffectiveImage}) in namespace {cluster.Namespace} of the cluster");

    /// <summary>A cluster holds nothing that no registry has.</summary>
    public Task<string?> FindBaseAsync(string reference, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    public async Task<bool> HasAsync(BuildRecord build, CancellationToken cancellationToken) =>
        await catalogue.FindImageAsync(new ImageQuestion(build.Namespace, $"{build.Repository}:{build.Tag}"), cancellationToken) is not { IsMissing: true };

    public async Task<BuiltImage> BuildAsync(BuildOrder order, IBuildProgress progress, CancellationToken cancellationToken)
    {
        var name = BuildJob.NameOf(order.Id);
        try
        {
            await BeginAsync(order, name, cancellationToken);
            var (digest, lines, exit, step) = await FollowAsync(name, order, progress, cancellationToken);
            await RemoveAsync(name, CancellationToken.None);
            return exit == 0 && digest is not null ? new BuiltImage($"{order.Target! with { Tag = null, Digest = digest }}", digest) : throw Explain(order, step, lines, exit);
        }
        catch (TargetException error)
        {
            throw new BuildException(BuildReasons.ToolUnavailable, error.Message, mayPass: !error.IsFinal, error);
        }
        catch (KubernetesException error)
        {
            throw new BuildException(BuildReasons.ToolUnavailable, $"The cluster cannot be asked to build: {error.Message}", mayPass: true, error);
        }
    }

    public async Task EndAsync(Guid build, CancellationToken cancellationToken) => await RemoveAsync(BuildJob.NameOf(build), cancellationToken);

    public async Task ClearAsync(IReadOnlySet<Guid> begun, CancellationToken cancellationToken)
    {
        var kept = begun.Select(BuildJob.NameOf).ToHashSet(StringComparer.Ordinal);
        var maps = await client.ListAsync(KubernetesResource.ConfigMaps, cluster.Namespace, cancellationToken, BuildJob.Select(target.Installation));
        foreach (var map in maps.Items.Where(map => !kept.Contains(map.Name())))
        {
            await RemoveAsync(map.Name(), cancellationToken);
        }
    }

    private async Task BeginAsync(BuildOrder order, string name, CancellationToken cancellationToken)
    {
        if (await client.FindAsync(KubernetesResource.Jobs, cluster.Namespace, name, cancellationToken) is { } there)
        {
            if (!IsOver(there) || IsComplete(there))
            {
                return; // A Builder before this one has begun it.
            }

            await RemoveAsync(name, cancellationToken);
        }

        await OpenNamespaceAsync(cancellationToken);
        var plain = new[] { order.Target! }.Concat(order.Recipe.Bases.Select(image => ImageReference.Parse(image.Reference)!.Normalised)).Select(image => image.Registry!).Distinct().Where(registries.IsPlain).ToList();
        foreach (var manifest in BuildJob.Of(order, DockerConfig.Of(order.Pulls, order.Pushes), plain, options, cluster, target.Installation))
        {
            await client.ApplyAsync(manifest.Resource, manifest.Namespace, manifest.Body, force: true, cancellationToken);
        }
    }

    private async Task OpenNamespaceAsync(CancellationToken cancellationToken)
    {
        if (await client.FindAsync(KubernetesResource.Namespaces, null, cluster.Namespace, cancellationToken) is not null)
        {
            return;
        }

        if (!target.CreateNamespaces)
        {
            throw new TargetException(
                "NamespaceMissing",
                $"The namespace '{cluster.Namespace}', where images are built, is not there, and Builder:Kubernetes:CreateNamespaces is false: kubectl create namespace {cluster.Namespace}, and let it run what {cluster.Method} needs (docs/builds.md)");
        }

        await client.ApplyAsync(KubernetesResource.Namespaces, null, BuildJob.Namespace(cluster, target.Installation), force: false, cancellationToken);
    }

    /// <summary>Until the pod has ended; its lines as they come, and before there are any why there are none.</summary>
    private async Task<(string? Digest, IReadOnlyList<string> Lines, int Exit, string? Step)> FollowAsync(string name, BuildOrder order, IBuildProgress progress, CancellationToken cancellationToken)
    {
        var (last, step, isPushing, reported) = (new Queue<string>(), (string?)null, false, "");
        while (true)
        {
            var job = await client.FindAsync(KubernetesResource.Jobs, cluster.Namespace, name, cancellationToken)
                ?? throw new BuildException(BuildReasons.Interrupted, $"The Job '{name}' in namespace '{cluster.Namespace}' was deleted while it built.", mayPass: true);
            var pods = await client.ListAsync(KubernetesResource.Pods, cluster.Namespace, cancellationToken, $"{BuildJob.Build}={order.Id:N}");
            var pod = pods.Items.FirstOrDefault();
            if (pod is not null && pod.Text("status", "phase") is "Running" or "Succeeded" or "Failed")
            {
                try
                {
                    await foreach (var line in client.LogsAsync(cluster.Namespace, pod.Name(), BuildJob.Container, new LogQuestion(Follow: true), cancellationToken))
                    {
                        progress.Write(line.Text);
                        last.Enqueue(line.Text);
                        if (last.Count > LastLines)
                        {
                            last.Dequeue();
                        }

                        if (BuildSteps.Of(line.Text) is { } begun)
                        {
                            step = begun;
                            progress.Tell(begun);
                        }
                        else if (!isPushing && BuildSteps.IsPushing(line.Text))
                        {
                            isPushing = true;
                            await progress.EnterAsync(BuildStates.Pushing, cancellationToken);
                            progress.Tell($"Pushing to {order.Target!.Registry}/{order.Target.Repository}");
                        }
                    }
                }
                catch (KubernetesException error) when (error.Status == 400)
                {
                    // Its container has not begun to write yet.
                }
            }

            if (await EndOfAsync(name, order, cancellationToken) is { } end)
            {
                return (end.Digest, [.. last], end.Exit, step);
            }

            if (IsOver(job) && pod is null)
            {
                throw new BuildException(BuildReasons.Interrupted, $"The Job '{name}' ended without a pod: {ReasonOf(job)}", mayPass: true);
            }

            if (Waits(pod, job) is { } why && why != reported)
            {
                reported = why;
                progress.Tell(why);
                progress.Write(why);
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private async Task<(string? Digest, int Exit)?> EndOfAsync(string name, BuildOrder order, CancellationToken cancellationToken)
    {
        var pods = await client.ListAsync(KubernetesResource.Pods, cluster.Namespace, cancellationToken, $"{BuildJob.Build}={order.Id:N}");
        if (pods.Items.SelectMany(pod => pod.Items("status", "containerStatuses")).Select(status => status.Map("state", "terminated")).FirstOrDefault(ended => ended is not null) is not { } ended)
        {
            return null;
        }

        var digest = ended.Text("message")?.Trim();
        return (digest is { Length: > 0 } && ImageReference.Parse("x@" + digest) is not null ? digest : null, ended.Whole("exitCode") ?? -1);
    }

    private static string? Waits(JsonObject? pod, JsonObject job)
    {
        if (pod is null)
        {
            return ReasonOf(job) is { } reason ? $"The build's pod cannot be made: {reason}" : null;
        }

        var waiting = pod.Items("status", "containerStatuses").Select(status => status.Map("state", "waiting")).FirstOrDefault(state => state is not null);
        var unplaced = pod.Items("status", "conditions").FirstOrDefault(condition => condition.Text("type") == "PodScheduled" && condition.Text("status") == "False");
        return waiting?.Text("reason") is { } why and not "ContainerCreating" ? $"The build's pod waits ({why}): {waiting.Text("message")}"
            : unplaced is not null ? $"The build's pod has no node: {unplaced.Text("message")}"
            : null;
    }

    private BuildException Explain(BuildOrder order, string? step, IReadOnlyList<string> lines, int exit) =>
        lines.Any(line => line.Contains("failed to push", StringComparison.Ordinal) || line.Contains("denied: ", StringComparison.Ordinal)) ? BuildFailures.OfPushing($"{order.Target!.Registry}/{order.Target.Repository}", lines)
        : lines.Any(line => line.Contains("failed to resolve source metadata", StringComparison.Ordinal) || line.Contains("initializing source docker://", StringComparison.Ordinal))
            ? BuildFailures.OfFetching(string.Join(", ", order.Recipe.Bases.Select(image => image.Reference)), lines)
        : exit == 137 ? new BuildException(BuildReasons.StepFailed, $"{step ?? "The build"}: its pod was killed (137): its memory or disk was not enough, or its node went. {ClusterBuildOptions.Section}:Memory is {cluster.Memory}, :Disk {cluster.Disk}.", mayPass: true)
        : BuildFailures.OfStep(step, lines, exit);

    private async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        foreach (var resource in (KubernetesResource[])[KubernetesResource.Jobs, KubernetesResource.Secrets, KubernetesResource.ConfigMaps])
        {
            if (await client.FindAsync(resource, cluster.Namespace, name, cancellationToken) is { } found && found.Label(BuildJob.Build) is not null)
            {
                await client.DeleteAsync(resource, cluster.Namespace, name, found.Uid(), cancellationToken);
            }
        }
    }

    private static bool IsOver(JsonObject job) => IsComplete(job) || Has(job, "Failed");

    private static bool IsComplete(JsonObject job) => Has(job, "Complete");

    private static bool Has(JsonObject job, string type) => job.Items("status", "conditions").Any(condition => condition.Text("type") == type && condition.Text("status") == "True");

    private static string? ReasonOf(JsonObject job) => job.Items("status", "conditions").Select(condition => condition.Text("message")).LastOrDefault(message => message is not null);
}
