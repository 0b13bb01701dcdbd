using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Orrery.Builder.Builds;
using Orrery.Builder.Builds.Cluster;
using Orrery.Builder.Targets.Kubernetes;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Contracts;
using Orrery.ServiceDefaults.Registries;
using Orrery.Tests.Builder.Kubernetes.Cluster;
using Orrery.Tests.Kubernetes;

namespace Orrery.Tests.Builder.Builds;

/// <summary>Builds as Jobs: what is made in the cluster, and how what becomes of it is read. No Job was ever run here: the cluster is a stand-in.</summary>
public sealed class ClusterBuildTests : IAsyncDisposable
{
    private const string Password = "registry-Secret-4711";
    private const string Digest = "sha256:0123456789012345678901234567890123456789012345678901234567890123";

    private static readonly BuildOrder Order = new(
        Guid.Parse("019a0000-0000-7000-8000-000000000007"), new string('a', 64),
        new ImageRecipe
        {
            ModelId = "m",
            Dockerfile = "FROM 127.0.0.1:5000/base@sha256:1\nCOPY app/ /app/\n",
            Files = new Dictionary<string, string> { ["app/start.sh"] = "#!/bin/sh\n", ["note.txt"] = "Hello" },
            Bases = [new RecipeBase("127.0.0.1:5000/base:1", Digest)],
            Fingerprint = "f",
        },
        ImageReference.Parse("registry.example.com/models/default/m:aaaa"),
        RegistryCredentials.TryRead($"{{\"auths\":{{\"registry.example.com\":{{\"username\":\"u\",\"password\":\"{Password}\"}}}}}}", out _), null);

    private readonly ClusterBuildOptions _options = new();
    private FakeCluster? _cluster;

    [Theory]
    [InlineData("buildkit", "privileged")]
    [InlineData("buildah", "baseline")]
    [InlineData("docker", "privileged")]
    public void Every_object_is_one_that_the_API_server_takes_and_only_the_Secret_holds_credentials(string method, string profile)
    {
        var schema = KubernetesSchema.Load();
        var cluster = new ClusterBuildOptions { Method = method, NodeSelector = { ["pool"] = "builds" } };
        var bodies = BuildJob.Of(Order, DockerConfig.Of(Order.Pulls), ["127.0.0.1:5000"], new BuildOptions(), cluster, "orrery").Select(manifest => manifest.Body).Append(BuildJob.Namespace(cluster, "orrery")).ToList();
        Assert.Equal([], bodies.SelectMany(body => schema.Check(Document.Parse(body.Text("kind")!, body.ToJsonString()))));
        Assert.Equal([], cluster.Faults());
        Assert.All(bodies.Where(body => body.Text("kind") != "Secret"), body => Assert.DoesNotContain(Password, body.ToJsonString(), StringComparison.Ordinal));
        Assert.Equal(profile, bodies[^1].Text("metadata", "labels", "pod-security.kubernetes.io/enforce"));

        var pod = bodies.Single(body => body.Text("kind") == "Job")["spec"]!["template"]!["spec"]!;
        var container = pod["containers"]![0]!;
        Assert.Equal(method == "docker", container.IsTrue("securityContext", "privileged"));
        Assert.False(pod.IsTrue("automountServiceAccountToken"));
        Assert.Equal("registry.example.com/models/default/m:aaaa", (string?)container["command"]!.AsArray()[^1]);
        Assert.Equal(
            ["/recipe", "/credentials", "/scratch", "/context", "/context/app/start.sh file-0", "/context/note.txt file-1"],
            container.Items("volumeMounts").Select(mount => $"{mount.Text("mountPath")} {mount.Text("subPath")}".TrimEnd()));
        Assert.Equal([0b111_101_101, 0b110_100_100], pod.Items("volumes").Single(volume => volume.Text("name") == "files").Items("configMap", "items").Select(item => item.Whole("mode")!.Value));
    }

    [Fact]
    public async Task A_build_is_followed_to_its_digest_and_leaves_nothing()
    {
        var told = new Told();
        var build = (await BuilderAsync()).BuildAsync(Order, told, TestContext.Current.CancellationToken);
        await EventuallyHas(KubernetesResource.Jobs);
        _cluster!.Logs[Pod] = "#1 [internal] load build definition from Dockerfile\n#5 [2/3] COPY app/ /app/\n#9 exporting to image\n#9 pushing layers\n";
        PutPod("Running", null);
        await Eventually.Holds(() => Task.FromResult(told.States.ToArray()), states => states.Contains("pushing"));
        PutPod("Succeeded", FakeCluster.Terminated(0, "Completed", Digest + "\n"));
        _cluster.Logs.TryRemove(Pod, out _);
        Assert.Equal(new BuiltImage($"registry.example.com/models/default/m@{Digest}", Digest), await build);
        Assert.Contains("Step 2 of 3: COPY app/ /app/", told.Progress);
        await Eventually.Holds(() => Task.FromResult(Left()), left => left == 0);
    }

    [Fact]
    public async Task What_a_Builder_before_has_begun_is_followed_and_what_failed_is_told_with_its_step()
    {
        using var gone = new CancellationTokenSource();
        var first = (await BuilderAsync()).BuildAsync(Order, new Told(), gone.Token);
        await EventuallyHas(KubernetesResource.Jobs);
        var uid = _cluster!.All(KubernetesResource.Jobs, _options.Namespace).Single().Value.Uid();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        var builder = await BuilderAsync();
        await builder.ClearAsync(new HashSet<Guid> { Order.Id }, TestContext.Current.CancellationToken);
        var second = builder.BuildAsync(Order, new Told(), TestContext.Current.CancellationToken);
        Assert.Equal(uid, _cluster.All(KubernetesResource.Jobs, _options.Namespace).Single().Value.Uid());
        _cluster.Logs[Pod] = "#5 [2/3] RUN exit 7\nERROR: failed to solve: process \"/bin/sh -c exit 7\" did not complete successfully: exit code: 7\n";
        PutPod("Running", null);
        PutPod("Failed", FakeCluster.Terminated(1, "Error"));
        _cluster.Logs.TryRemove(Pod, out _);
        var error = await Assert.ThrowsAsync<BuildException>(() => second);
        Assert.Equal(BuildReasons.StepFailed, error.Reason);
        Assert.Equal(0, Left());
    }

    [Fact]
    public async Task Why_a_pod_waits_is_told_and_a_build_that_is_given_up_goes()
    {
        var told = new Told();
        using var cancelled = new CancellationTokenSource();
        var builder = await BuilderAsync();
        var build = builder.BuildAsync(Order, told, cancelled.Token);
        await EventuallyHas(KubernetesResource.Jobs);
        PutPod("Pending", null, new JsonObject { ["waiting"] = new JsonObject { ["reason"] = "ImagePullBackOff", ["message"] = "Back-off pulling image" } });
        await Eventually.Holds(() => Task.FromResult(told.Progress.ToArray()), progress => progress.Contains("The build's pod waits (ImagePullBackOff): Back-off pulling image"));
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => build);
        await builder.EndAsync(Order.Id, TestContext.Current.CancellationToken);
        Assert.Equal(0, Left());
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    private static string Pod => $"{BuildJob.NameOf(Order.Id)}-x7k2p";

    private async Task<ClusterImageBuilder> BuilderAsync()
    {
        _cluster ??= await FakeCluster.StartAsync();
        return new ClusterImageBuilder(_cluster.Client(), null!, new BuildOptions(), _options, new KubernetesTargetOptions(), new RegistryOptions(), TimeProvider.System);
    }

    private Task EventuallyHas(KubernetesResource resource) => Eventually.Holds(() => Task.FromResult(_cluster!.All(resource, _options.Namespace).Count), count => count == 1);

    /// <summary>What is there of the build.</summary>
    private int Left() => ((KubernetesResource[])[KubernetesResource.Jobs, KubernetesResource.Secrets, KubernetesResource.ConfigMaps]).Sum(resource => _cluster!.All(resource, _options.Namespace).Count);

    private void PutPod(string phase, JsonObject? ended, JsonObject? state = null)
    {
        _cluster!.Put(KubernetesResource.Pods, _options.Namespace, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = Pod, ["labels"] = new JsonObject { [BuildJob.Build] = Order.Id.ToString("N") } },
            ["spec"] = new JsonObject(),
            ["status"] = new JsonObject { ["phase"] = phase, ["containerStatuses"] = new JsonArray(new JsonObject { ["name"] = "build", ["state"] = ended ?? state ?? [] }) },
        });
    }

    private sealed class Told : IBuildProgress
    {
        public ConcurrentQueue<string> States { get; } = new();

        public ConcurrentQueue<string> Progress { get; } = new();

        public Task EnterAsync(string state, CancellationToken cancellationToken)
        {
            States.Enqueue(state);
            return Task.CompletedTask;
        }

        public void Tell(string progress) => Progress.Enqueue(progress);

        public void Write(string line)
        {
        }
    }
}
