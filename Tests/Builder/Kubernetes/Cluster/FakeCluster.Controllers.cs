using System.Globalization;
using System.Text.Json.Nodes;
using Orrery.Builder.Targets.Kubernetes;
using Orrery.Builder.Targets.Kubernetes.Client;

namespace Orrery.Tests.Builder.Kubernetes.Cluster;

/// <summary>The controller of StatefulSets and the scheduler act at each change; kubelets do what a test says.</summary>
internal sealed partial class FakeCluster
{
    private bool _controlling;

    /// <summary>Why no pod can be made; absent: they can.</summary>
    public string? RefusesPods { get; set; }

    public void AddNode(string name, int gpus = 0, string gpu = "nvidia.com/gpu", string? label = null, string? taint = null)
    {
        var allocatable = new JsonObject { ["cpu"] = "32", ["memory"] = "256Gi", ["pods"] = "110" };
        if (gpus > 0)
        {
            allocatable[gpu] = Text(gpus);
        }

        var labels = new JsonObject { ["kubernetes.io/hostname"] = name };
        if (label?.Split('=') is [var key, var value])
        {
            labels[key] = value;
        }

        var spec = new JsonObject();
        if (taint is not null)
        {
            spec["taints"] = new JsonArray(new JsonObject { ["key"] = taint, ["effect"] = "NoSchedule" });
        }

        Put(KubernetesResource.Nodes, null, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = labels },
            ["spec"] = spec,
            ["status"] = new JsonObject { ["allocatable"] = allocatable, ["conditions"] = new JsonArray(Condition("Ready", "True")) },
        });
    }

    public void SetNode(string name, string ready) =>
        Change(KubernetesResource.Nodes, null, name, node => node["status"]!["conditions"] = new JsonArray(Condition("Ready", ready)));

    /// <summary>A kubelet's word on a pod: its server runs, answers, or neither.</summary>
    public void Run(string ns, string pod, bool started = true, bool ready = true, int restarts = 0, JsonObject? lastState = null) => Tell(ns, pod, "Running", ready, new JsonObject
    {
        ["name"] = "server",
        ["ready"] = ready,
        ["started"] = started,
        ["restartCount"] = restarts,
        ["state"] = new JsonObject { ["running"] = new JsonObject { ["startedAt"] = Stamp(TimeSpan.Zero) } },
        ["lastState"] = lastState ?? [],
    });

    public void Wait(string ns, string pod, string reason, string message, int restarts = 0, JsonObject? lastState = null) => Tell(ns, pod, "Pending", ready: false, new JsonObject
    {
        ["name"] = "server",
        ["ready"] = false,
        ["started"] = false,
        ["restartCount"] = restarts,
        ["state"] = new JsonObject { ["waiting"] = new JsonObject { ["reason"] = reason, ["message"] = message } },
        ["lastState"] = lastState ?? [],
    });

    public static JsonObject Terminated(int exitCode, string reason, string? message = null)
    {
        var terminated = new JsonObject { ["exitCode"] = exitCode, ["reason"] = reason };
        if (message is not null)
        {
            terminated["message"] = message;
        }

        return new JsonObject { ["terminated"] = terminated };
    }

    public void AddEvent(string ns, JsonObject about, string reason, string message) => Put(KubernetesResource.Events, ns, new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = $"{about.Name()}.{Text(_version)}" },
        ["involvedObject"] = new JsonObject { ["kind"] = about.Text("kind"), ["name"] = about.Name(), ["uid"] = about.Uid() },
        ["reason"] = reason,
        ["message"] = message,
        ["lastTimestamp"] = Stamp(TimeSpan.Zero),
    });

    /// <summary>All pods that are to end have ended.</summary>
    public void EndPods(string ns)
    {
        lock (_lock)
        {
            foreach (var (name, _) in All(KubernetesResource.Pods, ns).Where(one => one.Value.Text("metadata", "deletionTimestamp") is not null))
            {
                Take(KubernetesResource.Pods.Path(ns, name));
            }
        }
    }

    private void Tell(string ns, string pod, string phase, bool ready, JsonObject server) => Change(KubernetesResource.Pods, ns, pod, body => body["status"] = new JsonObject
    {
        ["phase"] = phase,
        ["podIP"] = "10.1.2.3",
        ["conditions"] = new JsonArray(Condition("PodScheduled", "True"), Condition("Ready", ready ? "True" : "False")),
        ["containerStatuses"] = new JsonArray(server),
    });

    private void Control()
    {
        if (_controlling)
        {
            return;
        }

        _controlling = true;
        try
        {
            foreach (var (path, set) in _objects.Where(one => Locate(one.Key) is { Plural: "statefulsets" }).ToList())
            {
                ControlSet(path, set);
            }

            foreach (var (path, pod) in _objects.Where(one => Locate(one.Key) is { Plural: "pods" } && one.Value.Text("spec", "nodeName") is null).ToList())
            {
                Schedule(path, pod);
            }
        }
        finally
        {
            _controlling = false;
        }
    }

    private void ControlSet(string path, JsonObject set)
    {
        var ns = set.Text("metadata", "namespace")!;
        var isEnding = set.Text("metadata", "deletionTimestamp") is not null;
        var wanted = isEnding ? 0 : set.Whole("spec", "replicas") ?? 1;
        var own = _objects.Where(one => Locate(one.Key) is { Plural: "pods" } && one.Value.Items("metadata", "ownerReferences").Any(owner => owner.Text("uid") == set.Uid())).ToList();
        foreach (var (podPath, pod) in own.Where(one => int.Parse(one.Value.Label("apps.kubernetes.io/pod-index")!, CultureInfo.InvariantCulture) >= wanted || one.Value.Text("status", "phase") == "Failed"))
        {
            if (pod.Text("metadata", "deletionTimestamp") is null)
            {
                Delete(Locate(podPath)!, pod, []);
            }
        }

        for (var ordinal = 0; ordinal < wanted; ordinal++)
        {
            var podPath = KubernetesResource.Pods.Path(ns, $"{set.Name()}-{ordinal}");
            if (!_objects.ContainsKey(podPath) && RefusesPods is null)
            {
                Store(podPath, PodOf(set, ns, ordinal));
            }
            else if (!_objects.ContainsKey(podPath) && !_objects.Values.Any(one => one.Text("reason") == "FailedCreate" && one.Text("involvedObject", "uid") == set.Uid()))
            {
                AddEvent(ns, set, "FailedCreate", $"create Pod {set.Name()}-{ordinal} in StatefulSet {set.Name()} failed error: {RefusesPods}");
            }
        }

        if (isEnding && !_objects.Any(one => Locate(one.Key) is { Plural: "pods" } && one.Value.Items("metadata", "ownerReferences").Any(owner => owner.Text("uid") == set.Uid())))
        {
            Take(path);
        }
    }

    private static JsonObject PodOf(JsonObject set, string ns, int ordinal)
    {
        var pod = set["spec"]!["template"]!.DeepClone().AsObject();
        pod["apiVersion"] = "v1";
        pod["kind"] = "Pod";
        pod["metadata"]!["name"] = $"{set.Name()}-{ordinal}";
        pod["metadata"]!["namespace"] = ns;
        pod["metadata"]!["labels"]!["apps.kubernetes.io/pod-index"] = Text(ordinal);
        pod["metadata"]!["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "apps/v1", ["kind"] = "StatefulSet", ["name"] = set.Name(), ["uid"] = set.Uid(), ["controller"] = true });
        pod["spec"]!["subdomain"] = set.Text("spec", "serviceName");
        pod["status"] = new JsonObject { ["phase"] = "Pending" };
        return pod;
    }

    private void Schedule(string path, JsonObject pod)
    {
        var nodes = _objects.Where(one => Locate(one.Key) is { Plural: "nodes" }).Select(one => one.Value).ToList();
        var reasons = new Dictionary<string, int>(StringComparer.Ordinal);
        JsonObject? place = null;
        foreach (var node in nodes)
        {
            var reason = Unfit(pod, node);
            if (reason is null)
            {
                place = node;
                break;
            }

            reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
        }

        var copy = pod.DeepClone().AsObject();
        if (place is not null)
        {
            copy["spec"]!["nodeName"] = place.Name();
            copy["status"] = new JsonObject
            {
                ["phase"] = "Pending",
                ["conditions"] = new JsonArray(Condition("PodScheduled", "True")),
                ["containerStatuses"] = new JsonArray(new JsonObject
                {
                    ["name"] = "server",
                    ["ready"] = false,
                    ["started"] = false,
                    ["restartCount"] = 0,
                    ["state"] = new JsonObject { ["waiting"] = new JsonObject { ["reason"] = "ContainerCreating" } },
                }),
            };
        }
        else
        {
            var message = $"0/{nodes.Count} nodes are available: {string.Join(", ", reasons.Select(one => $"{one.Value} {one.Key}"))}. preemption: 0/{nodes.Count} nodes are available: {nodes.Count} No preemption victims found for incoming pod.";
            var condition = Condition("PodScheduled", "False");
            condition["reason"] = "Unschedulable";
            condition["message"] = message;
            if (pod.Items("status", "conditions").Any(one => one.Text("message") == message))
            {
                return;
            }

            copy["status"]!["conditions"] = new JsonArray(condition);
        }

        Store(path, copy);
    }

    private string? Unfit(JsonObject pod, JsonObject node)
    {
        if (!ClusterInventory.IsUp(node))
        {
            return "node(s) had untolerated taint {node.kubernetes.io/unreachable: }";
        }

        foreach (var taint in node.Items("spec", "taints"))
        {
            if (!pod.Items("spec", "tolerations").Any(one => one.Text("key") == taint.Text("key") || (one.Text("key") is null && one.Text("operator") == "Exists")))
            {
                return $"node(s) had untolerated taint {{{taint.Text("key")}: {taint.Text("value")}}}";
            }
        }

        if (pod.Texts("spec", "nodeSelector").Any(one => node.Label(one.Key) != one.Value))
        {
            return "node(s) didn't match Pod's node affinity/selector";
        }

        var inventory = ClusterInventory.Read([node], _objects.Where(one => Locate(one.Key) is { Plural: "pods" }).Select(one => one.Value), []);
        foreach (var (resource, amount) in pod.Items("spec", "containers").SelectMany(one => KubernetesQuantity.ReadAll(one.Map("resources", "requests"))))
        {
            if (resource.Contains('/', StringComparison.Ordinal) && inventory.Nodes[0].Free.GetValueOrDefault(resource) < amount)
            {
                return $"Insufficient {resource}";
            }
        }

        return null;
    }

    private static JsonObject Condition(string type, string status) => new() { ["type"] = type, ["status"] = status };
}
