using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Orrery.Builder.Targets;
using Orrery.Builder.Targets.Kubernetes;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Tests.Builder.Kubernetes.Cluster;
using static Orrery.Tests.Builder.Kubernetes.Examples;

namespace Orrery.Tests.Builder.Kubernetes;

public sealed class TargetTests : IAsyncLifetime
{
    private FakeCluster _cluster = null!;
    private KubernetesClient _client = null!;
    private KubernetesTarget _target = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cluster = await FakeCluster.StartAsync();
        _client = _cluster.Client();
        _target = Target();
        _cluster.AddNode("n1", gpus: 4, label: "nvidia.com/gpu.product=NVIDIA-H100-80GB-HBM3", taint: "nvidia.com/gpu");
        _cluster.AddNode("n2");
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task A_revision_is_made_serves_is_scaled_and_leaves_nothing_and_that_takes_the_permissions_it_says_and_no_more()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var hints = Task.Run(async () => await _target.WatchAsync(stop.Token).FirstAsync(), Token);
        _cluster.Put(KubernetesResource.Pods, "elsewhere", new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "other" },
            ["spec"] = new JsonObject { ["nodeName"] = "n1", ["containers"] = new JsonArray(new JsonObject { ["resources"] = new JsonObject { ["limits"] = new JsonObject { ["nvidia.com/gpu"] = "1" } } }) },
            ["status"] = new JsonObject { ["phase"] = "Running" },
        });
        var inventory = await _target.InventoryAsync(Key, Token);
        Assert.Equal((4, 3), (inventory.Nodes[0].Capacity["nvidia.com/gpu"], inventory.Nodes[0].Free["nvidia.com/gpu"]));

        await _target.ApplyAsync(Wanted(Gpu), Token);
        await _target.ApplyAsync(Wanted(Gpu), Token);
        Assert.Equal(Key.Uid, await hints);
        Assert.Equal(ReplicaState.Starting, Assert.Single(await _target.ObserveAsync(Key, Token)).State);
        _cluster.Run(Namespace, "qwen-r1-0");
        var ready = Assert.Single(await _target.ObserveAsync(Key, Token));
        Assert.Equal((ReplicaState.Ready, 0, "n1", null, null), (ready.State, ready.Ordinal, ready.Place, ready.Reason, ready.Message));
        Assert.Equal(new Uri("http://qwen-r1-0.qwen-r1.orrery-acme.svc:9000"), ready.Address);

        // Two more GPUs than are free: one replica finds no place.
        await _target.ApplyAsync(Wanted(Gpu, 2), Token);
        var waiting = (await _target.ObserveAsync(Key, Token))[1];
        Assert.Equal((ReplicaState.Waiting, ReplicaReasons.NoPlace), (waiting.State, waiting.Reason));
        Assert.StartsWith("None of 2 nodes fits: 1 has too little nvidia.com/gpu free, 1 has none of the labels asked for. Free nvidia.com/gpu", waiting.Message, StringComparison.Ordinal);

        _cluster.Logs["qwen-r1-0"] = "one\ntwo\nthree\n";
        Assert.Equal(["two", "three"], await _target.LogsAsync(Key, ready, new LogQuestion(2), Token).Select(line => line.Text).ToListAsync(Token));

        await _target.ApplyAsync(Wanted(Gpu, 1), Token);
        Assert.Single(await _target.ObserveAsync(Key, Token));
        Assert.False(await _target.RemoveAllAsync(Key, Token));
        Assert.Equal(ReplicaState.Ending, Assert.Single(await _target.ObserveAsync(Key, Token)).State);
        Assert.False(await _target.RemoveAllAsync(Key, Token));
        Assert.NotEmpty(_cluster.All(KubernetesResource.Services, Namespace));
        _cluster.EndPods(Namespace);
        await Eventually.Holds(() => _target.RemoveAllAsync(Key, Token), gone => gone);

        foreach (var resource in (KubernetesResource[])[KubernetesResource.StatefulSets, KubernetesResource.Pods, KubernetesResource.Services, KubernetesResource.Secrets, KubernetesResource.ConfigMaps, KubernetesResource.NetworkPolicies, KubernetesResource.DisruptionBudgets])
        {
            Assert.Empty(_cluster.All(resource, Namespace));
        }

        Assert.Equal(["orrery-models"], _cluster.All(KubernetesResource.Claims, Namespace).Keys);
        Assert.Contains(Namespace, _cluster.All(KubernetesResource.Namespaces).Keys);
        await stop.CancelAsync();

        // A pod of a lost node is deleted by its uid; leases and builds are other tests'.
        var asked = _cluster.Requests.Select(one => (one.Group, one.Resource, one.Verb)).Append((Group: "", Resource: "pods", Verb: "delete")).Distinct().ToHashSet();
        Assert.All(asked, one => Assert.True(KubernetesPermissions.Allows(one.Group, one.Resource, one.Verb), $"{one} is asked and not in the list"));
        var granted = KubernetesPermissions.All.Where(rule => rule.Scope != PermissionScope.Home).SelectMany(rule => rule.Verbs.Select(verb => (rule.Group, rule.Resource, verb))).Distinct();
        Assert.Equal([], granted.Where(one => one.Resource != KubernetesResource.Jobs.Plural && !asked.Contains(one)));
        foreach (var rule in KubernetesPermissions.All.Where(rule => rule.Scope == PermissionScope.Models))
        {
            Assert.DoesNotContain(_cluster.Requests, one => one.Group == rule.Group && one.Resource == rule.Resource && rule.Verbs.Contains(one.Verb) && one.Namespace is not ("orrery-acme" or null));
        }
    }

    [Fact]
    public async Task Files_go_with_their_revision_when_its_pods_have_gone()
    {
        await _target.ApplyAsync(Wanted(Gpu), Token);
        await _target.ApplyAsync(Wanted(Gpu with { Files = new Dictionary<string, string> { ["/etc/vllm/chat.jinja"] = "other" } }, revision: 2), Token);
        Assert.Equal(["qwen-r1", "qwen-r2"], _cluster.All(KubernetesResource.ConfigMaps, Namespace).Keys.Order());

        Assert.False(await _target.RemoveAsync(Key, 1, Token));
        Assert.Contains("qwen-r1", _cluster.All(KubernetesResource.ConfigMaps, Namespace).Keys);
        _cluster.EndPods(Namespace);
        await Eventually.Holds(() => _target.RemoveAsync(Key, 1, Token), gone => gone);

        var left = Assert.Single(_cluster.All(KubernetesResource.ConfigMaps, Namespace));
        Assert.Equal(("qwen-r2", "other"), (left.Key, left.Value["data"].Text("file-0")));
    }

    [Fact]
    public async Task What_somebody_else_made_is_named_and_left_alone()
    {
        await _target.ApplyAsync(Wanted(key: Key with { Name = "first" }), Token);
        var theirs = _cluster.Put(KubernetesResource.Services, Namespace, new JsonObject { ["metadata"] = new JsonObject { ["name"] = "qwen-r1", ["labels"] = new JsonObject { ["app.kubernetes.io/managed-by"] = "Helm" } }, ["spec"] = new JsonObject() });

        var error = await Assert.ThrowsAsync<TargetException>(() => _target.ApplyAsync(Wanted(), Token));

        Assert.True(error.IsFinal);
        Assert.Equal("NameTaken", error.Reason);
        Assert.StartsWith("Service 'qwen-r1' in namespace 'orrery-acme' is there and is not ours (its label app.kubernetes.io/managed-by is 'Helm'", error.Message, StringComparison.Ordinal);
        await _target.RemoveAllAsync(Key, Token);
        _cluster.EndPods(Namespace); // What was made before the name was found taken.
        await Eventually.Holds(() => _target.RemoveAllAsync(Key, Token), gone => gone);
        Assert.Equal(theirs.Text("metadata", "resourceVersion"), _cluster.All(KubernetesResource.Services, Namespace)["qwen-r1"].Text("metadata", "resourceVersion"));
    }

    [Fact]
    public async Task A_namespace_of_another_purpose_is_not_entered()
    {
        _cluster.Put(KubernetesResource.Namespaces, null, new JsonObject { ["metadata"] = new JsonObject { ["name"] = Namespace } });

        var error = await Assert.ThrowsAsync<TargetException>(() => _target.ApplyAsync(Wanted(), Token));

        Assert.Contains("kubectl label namespace orrery-acme orrery.dev/namespace=acme orrery.dev/installation=orrery", error.Message, StringComparison.Ordinal);
        _cluster.Change(KubernetesResource.Namespaces, null, Namespace, one => one["metadata"]!["labels"] = new JsonObject { ["orrery.dev/namespace"] = "acme" });
        await _target.ApplyAsync(Wanted(), Token);
        Assert.Contains("qwen-r1", _cluster.All(KubernetesResource.StatefulSets, Namespace).Keys);

        var strict = Target(new() { CreateNamespaces = false });
        Assert.Equal("NamespaceMissing", (await Assert.ThrowsAsync<TargetException>(() => strict.ApplyAsync(Wanted(key: Key with { Namespace = "beta" }), Token))).Reason);
    }

    [Fact]
    public async Task What_an_earlier_deployment_of_the_name_left_is_removed_and_a_later_ones_is_not()
    {
        await _target.ApplyAsync(Wanted(), Token);
        var later = Key with { Uid = "019b0000-0000-7000-8000-000000000001" };

        Assert.Equal("LeftOver", (await Assert.ThrowsAsync<TargetException>(() => _target.ApplyAsync(Wanted(key: later), Token))).Reason);
        await Eventually.Holds(async () =>
        {
            _cluster.EndPods(Namespace);
            try
            {
                await _target.ApplyAsync(Wanted(key: later), Token);
                return true;
            }
            catch (TargetException error) when (!error.IsFinal)
            {
                return false;
            }
        }, done => done);

        Assert.Equal(later.Uid, _cluster.All(KubernetesResource.StatefulSets, Namespace)["qwen-r1"].Label("orrery.dev/deployment-uid"));
        await Assert.ThrowsAsync<TargetException>(() => _target.ApplyAsync(Wanted(), Token));
        Assert.Equal(later.Uid, _cluster.All(KubernetesResource.StatefulSets, Namespace)["qwen-r1"].Label("orrery.dev/deployment-uid"));
        Assert.True(await _target.RemoveAllAsync(Key, Token));
        Assert.Single(_cluster.All(KubernetesResource.StatefulSets, Namespace));
    }

    [Fact]
    public async Task A_pod_of_a_lost_node_is_replaced_when_its_time_is_over_and_not_before()
    {
        await _target.ApplyAsync(Wanted(), Token);
        var node = (await _target.ObserveAsync(Key, Token))[0].Place!;
        _cluster.Run(Namespace, "qwen-r1-0");
        var before = (await _target.ObserveAsync(Key, Token))[0].Incarnation;
        _cluster.AddNode("n3");
        _cluster.SetNode(node, "Unknown");
        _cluster.Run(Namespace, "qwen-r1-0", ready: false);
        var lost = (await _target.ObserveAsync(Key, Token))[0];
        Assert.Equal((ReplicaState.Unready, "NodeLost"), (lost.State, lost.Reason));
        Assert.StartsWith($"The node {node} does not answer", lost.Message, StringComparison.Ordinal);

        Ending(TimeSpan.FromMinutes(5));
        Assert.Equal(before, (await _target.ObserveAsync(Key, Token))[0].Incarnation);
        Ending(-TimeSpan.FromMinutes(1));
        var released = (await _target.ObserveAsync(Key, Token))[0];

        Assert.Contains("removed by force", released.Message, StringComparison.Ordinal);
        var next = (await _target.ObserveAsync(Key, Token))[0];
        Assert.NotEqual(before, next.Incarnation);
        Assert.Equal("n3", next.Place);

        void Ending(TimeSpan left) => _cluster.Change(KubernetesResource.Pods, Namespace, "qwen-r1-0", pod =>
            pod["metadata"]!["deletionTimestamp"] = (TimeProvider.System.GetUtcNow() + left).ToString("O", System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task A_pod_that_ends_on_a_living_node_is_waited_for()
    {
        await _target.ApplyAsync(Wanted(), Token);
        _cluster.Change(KubernetesResource.Pods, Namespace, "qwen-r1-0", pod =>
            pod["metadata"]!["deletionTimestamp"] = (TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(1)).ToString("O", System.Globalization.CultureInfo.InvariantCulture));

        var before = (await _target.ObserveAsync(Key, Token))[0];

        Assert.Equal((ReplicaState.Ending, before.Incarnation), (before.State, (await _target.ObserveAsync(Key, Token))[0].Incarnation));
    }

    [Fact]
    public async Task Replicas_that_the_cluster_does_not_let_in_say_why()
    {
        _cluster.RefusesPods = "pods \"qwen-r1-0\" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=2, used: requests.nvidia.com/gpu=8, limited: requests.nvidia.com/gpu=8";
        await _target.ApplyAsync(Wanted(count: 2), Token);

        var replicas = await _target.ObserveAsync(Key, Token);

        Assert.Equal([(0, ReplicaState.Waiting), (1, ReplicaState.Waiting)], replicas.Select(one => (one.Ordinal, one.State)));
        Assert.StartsWith("The namespace's quota is used up (create Pod", replicas[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task States_and_reasons_of_pods()
    {
        await _target.ApplyAsync(Wanted(), Token);
        const string Pod = "qwen-r1-0";

        _cluster.Wait(Namespace, Pod, "ImagePullBackOff", "Back-off pulling image: ErrImagePull: manifest unknown");
        await Sees(ReplicaState.Failed, ReplicaReasons.NoImage, "The registry registry.example.com has no image");
        _cluster.Wait(Namespace, Pod, "ErrImagePull", "dial tcp: i/o timeout");
        await Sees(ReplicaState.Starting, "ErrImagePull", "cannot reach the registry");
        _cluster.Wait(Namespace, Pod, "CreateContainerConfigError", "container has runAsNonRoot and image will run as root");
        await Sees(ReplicaState.Failed, ReplicaReasons.Misconfigured, "USER 10001:10001");
        _cluster.Wait(Namespace, Pod, "CreateContainerConfigError", "secret \"qwen-r1\" not found");
        await Sees(ReplicaState.Failed, ReplicaReasons.Misconfigured, "The secret 'qwen-r1'");
        _cluster.Wait(Namespace, Pod, "CrashLoopBackOff", "back-off 10s", 2, FakeCluster.Terminated(137, "OOMKilled"));
        await Sees(ReplicaState.Failed, ReplicaReasons.OutOfMemory, "its limit of 8Gi: raise resources.memory");
        _cluster.Logs[$"{Pod} previous"] = "loading\ntorch.OutOfMemoryError: CUDA out of memory.\nEngine core initialization failed. See root cause above.\n";
        _cluster.Wait(Namespace, Pod, "CrashLoopBackOff", "back-off 10s", 3, FakeCluster.Terminated(1, "Error", "Engine core initialization failed."));
        await Sees(ReplicaState.Failed, ReplicaReasons.OutOfMemory, "The GPU's memory is too small");
        _cluster.Run(Namespace, Pod, started: false, ready: false, restarts: 3, lastState: FakeCluster.Terminated(1, "Error"));
        await Sees(ReplicaState.Starting, "RestartedOOMKilled", "The GPU's memory is too small");
        _cluster.Logs[$"{Pod} previous"] = "Error: the flux is low\n";
        _cluster.Wait(Namespace, Pod, "CrashLoopBackOff", "back-off 10s", 4, FakeCluster.Terminated(3, "Error"));
        await Sees(ReplicaState.Failed, ReplicaReasons.Crashes, "ended with exit code 3; it wrote: Error: the flux is low");
        _cluster.Logs[$"{Pod} previous"] = "INFO fine\n";
        _cluster.AddEvent(Namespace, _cluster.All(KubernetesResource.Pods, Namespace)[Pod], "Killing", "Container server failed startup probe, will be restarted");
        _cluster.Wait(Namespace, Pod, "CrashLoopBackOff", "back-off 10s", 5, FakeCluster.Terminated(137, "Error"));
        await Sees(ReplicaState.Failed, ReplicaReasons.NotAnswering, "raise probes.startWithin");
        _cluster.AddEvent(Namespace, _cluster.All(KubernetesResource.Pods, Namespace)[Pod], "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503");
        _cluster.Run(Namespace, Pod, started: true, ready: false);
        await Sees(ReplicaState.Unready, ReplicaReasons.NotAnswering, "statuscode: 503");
        _cluster.Wait(Namespace, Pod, "ContainerCreating", "");
        _cluster.AddEvent(Namespace, _cluster.All(KubernetesResource.Pods, Namespace)[Pod], "FailedAttachVolume", "Multi-Attach error for volume \"pvc-1\"");
        await Sees(ReplicaState.Starting, "FailedMount", "ReadWriteMany");
        _cluster.Change(KubernetesResource.Pods, Namespace, Pod, pod =>
        {
            pod["spec"]!.AsObject().Remove("nodeName");
            pod["spec"]!["nodeSelector"] = new JsonObject { ["nobody"] = "has-it" };
            pod["status"] = new JsonObject
            {
                ["phase"] = "Pending",
                ["conditions"] = new JsonArray(new JsonObject { ["type"] = "PodScheduled", ["status"] = "False", ["reason"] = "Unschedulable", ["message"] = "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims." }),
            };
        });
        await Sees(ReplicaState.Waiting, ReplicaReasons.NoPlace, "labels asked for");

        async Task Sees(ReplicaState state, string reason, string says)
        {
            var replica = Assert.Single(await _target.ObserveAsync(Key, Token));
            Assert.True(replica.State == state && replica.Reason == reason && replica.Message?.Contains(says, StringComparison.Ordinal) == true, replica.ToString());
        }
    }

    [Fact]
    public async Task An_evicted_pod_is_said_to_be_one_and_another_comes()
    {
        await _target.ApplyAsync(Wanted(), Token);
        var pod = _cluster.All(KubernetesResource.Pods, Namespace)["qwen-r1-0"];
        pod["status"] = new JsonObject { ["phase"] = "Failed", ["reason"] = "Evicted", ["message"] = "Pod ephemeral local storage usage exceeds the total limit of containers 10Gi." };

        var replica = Orrery.Builder.Targets.Kubernetes.Diagnosis.PodReader.Read(pod, Orrery.Builder.Targets.Kubernetes.Diagnosis.PodEvidence.None, "cluster.local")!;

        Assert.Equal((ReplicaState.Failed, "Evicted"), (replica.State, replica.Reason));
        Assert.Contains("raise resources.disk", replica.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_revision_goes_and_the_other_stays()
    {
        await _target.ApplyAsync(Wanted(Gpu, revision: 1), Token);
        await _target.ApplyAsync(Wanted(Gpu, revision: 2), Token);

        await Eventually.Holds(async () =>
        {
            _cluster.EndPods(Namespace);
            return await _target.RemoveAsync(Key, 1, Token);
        }, gone => gone);

        Assert.Equal(["qwen-r2"], _cluster.All(KubernetesResource.StatefulSets, Namespace).Keys);
        Assert.Equal(["qwen-r2"], _cluster.All(KubernetesResource.Services, Namespace).Keys);
        Assert.Equal(["qwen-r2"], _cluster.All(KubernetesResource.Secrets, Namespace).Keys);
        Assert.Equal(["qwen-pods", "qwen-r2"], _cluster.All(KubernetesResource.NetworkPolicies, Namespace).Keys);
        Assert.Equal(["qwen"], _cluster.All(KubernetesResource.DisruptionBudgets, Namespace).Keys);
        Assert.Equal(2, Assert.Single(await _target.ObserveAsync(Key, Token)).Revision);
    }

    [Fact]
    public async Task Pods_that_nobody_owns_any_more_are_removed_too()
    {
        await _target.ApplyAsync(Wanted(), Token);
        _cluster.Change(KubernetesResource.Pods, Namespace, "qwen-r1-0", pod => pod["metadata"]!.AsObject().Remove("ownerReferences"));

        await Eventually.Holds(async () =>
        {
            _cluster.EndPods(Namespace);
            return await _target.RemoveAllAsync(Key, Token);
        }, gone => gone);

        Assert.Empty(_cluster.All(KubernetesResource.Pods, Namespace));
    }

    [Fact]
    public async Task A_claim_that_is_there_is_used_as_it_is()
    {
        await _target.ApplyAsync(Wanted(key: Key with { Name = "first" }), Token);
        var own = _cluster.Put(KubernetesResource.Claims, Namespace, new JsonObject { ["metadata"] = new JsonObject { ["name"] = "orrery-models" }, ["spec"] = new JsonObject { ["storageClassName"] = "mine" } });

        await _target.ApplyAsync(Wanted(Gpu), Token);

        Assert.Equal(own.ToJsonString(), _cluster.All(KubernetesResource.Claims, Namespace)["orrery-models"].ToJsonString());
    }

    [Fact]
    public async Task What_somebody_changed_by_hand_is_as_it_was_said_again()
    {
        await _target.ApplyAsync(Wanted(), Token);
        var set = _cluster.All(KubernetesResource.StatefulSets, Namespace)["qwen-r1"];
        set["spec"]!["replicas"] = 7;
        _cluster.Put(KubernetesResource.StatefulSets, Namespace, set);

        await _target.ApplyAsync(Wanted(), Token);

        Assert.Equal(1, _cluster.All(KubernetesResource.StatefulSets, Namespace)["qwen-r1"].Whole("spec", "replicas"));
    }

    [Fact]
    public async Task A_log_of_a_replica_that_has_gone_is_not_anothers()
    {
        await _target.ApplyAsync(Wanted(), Token);
        var replica = (await _target.ObserveAsync(Key, Token))[0];
        var error = await Assert.ThrowsAsync<TargetException>(async () => await _target.LogsAsync(Key, replica, new LogQuestion(), Token).ToListAsync(Token));
        Assert.Contains("is waiting to start: ContainerCreating", error.Message, StringComparison.Ordinal);

        error = await Assert.ThrowsAsync<TargetException>(async () => await _target.LogsAsync(Key, replica with { Incarnation = "another/0" }, new LogQuestion(), Token).ToListAsync(Token));
        Assert.Equal("ReplicaGone", error.Reason);
    }

    [Fact]
    public async Task A_log_is_followed()
    {
        await _target.ApplyAsync(Wanted(), Token);
        var replica = (await _target.ObserveAsync(Key, Token))[0];
        _cluster.Logs["qwen-r1-0"] = "one\n";
        await using var lines = _target.LogsAsync(Key, replica, new LogQuestion(Follow: true), Token).GetAsyncEnumerator(Token);
        Assert.True(await lines.MoveNextAsync());
        Assert.Equal(("one", TimeSpan.Zero), (lines.Current.Text, lines.Current.At!.Value.TimeOfDay));

        _cluster.Logs["qwen-r1-0"] = "one\ntwo\n";

        Assert.True(await lines.MoveNextAsync());
        Assert.Equal("two", lines.Current.Text);
    }

    [Fact]
    public async Task What_images_are_pulled_with_is_renewed_in_its_place_goes_when_it_is_taken_back_and_with_the_deployment()
    {
        var wanted = Wanted(Cpu with { PullSecret = "registries" });
        await _target.ApplyAsync(wanted, Token);
        await _target.ApplyAsync(wanted with { PullCredentials = "{\"auths\":{}}" }, Token);
        Assert.Equal("{\"auths\":{}}", System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(_cluster.All(KubernetesResource.Secrets, Namespace)["qwen-pull"].Text("data", ".dockerconfigjson")!)));
        await _target.ApplyAsync(wanted with { PullCredentials = null }, Token);
        Assert.Empty(_cluster.All(KubernetesResource.Secrets, Namespace));

        await _target.ApplyAsync(wanted, Token);
        await _target.ApplyAsync(Wanted(revision: 2), Token); // Of before there was one, or of an unusable one: it is not theirs to take.
        await _target.RemoveAsync(Key, 1, Token);
        Assert.Equal(["qwen-pull"], _cluster.All(KubernetesResource.Secrets, Namespace).Keys);
        await _target.RemoveAllAsync(Key, Token);
        Assert.Empty(_cluster.All(KubernetesResource.Secrets, Namespace));
    }

    [Fact]
    public async Task A_digest_is_taken_as_it_is_and_a_tag_is_asked_for()
    {
        Assert.Equal(new ResolvedImage("a/b@sha256:1", "sha256:1"), await _target.ResolveImageAsync(Key, "a/b@sha256:1", null, Token));
        Assert.Equal(new ResolvedImage("a/b:1", null), await _target.ResolveImageAsync(Key, "a/b:1", null, Token));
    }

    private KubernetesTarget Target(KubernetesTargetOptions? options = null) => new(
        _client, options ?? new(), (_, reference, _, _) => Task.FromResult(new ResolvedImage(reference, null)), TimeProvider.System, NullLogger<KubernetesTarget>.Instance);
}
