using System.Text.Json.Nodes;
using Orrery.Builder.Targets.Kubernetes.Client;
using Orrery.Contracts;

namespace Orrery.Builder.Targets.Kubernetes;

/// <summary>What a cluster has, from its nodes and the pods on them: what the scheduler reckons with.</summary>
internal static class ClusterInventory
{
    public static Inventory Read(IEnumerable<JsonObject> nodes, IEnumerable<JsonObject> pods, IEnumerable<JsonObject> quotas)
    {
        var taken = pods
            .Where(pod => pod.Text("spec", "nodeName") is not null && pod.Text("status", "phase") is not ("Succeeded" or "Failed"))
            .GroupBy(pod => pod.Text("spec", "nodeName")!, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, Sum, StringComparer.Ordinal);
        return new Inventory(
            [.. nodes.Select(node => Read(node, taken.GetValueOrDefault(node.Name()) ?? []))],
            [.. quotas.SelectMany(Limits)]);
    }

    private static Node Read(JsonObject node, Dictionary<string, decimal> taken)
    {
        var capacity = new Dictionary<string, int>(StringComparer.Ordinal);
        var free = new Dictionary<string, int>(StringComparer.Ordinal);
        decimal cores = 0, memory = 0;
        foreach (var (resource, amount) in KubernetesQuantity.ReadAll(node.Map("status", "allocatable")))
        {
            var left = Math.Max(0, amount - taken.GetValueOrDefault(resource));
            switch (resource)
            {
                case "cpu":
                    cores = left;
                    break;
                case "memory":
                    memory = left;
                    break;
                // Pieces have a domain before their name.
                case var pieces when pieces.Contains('/', StringComparison.Ordinal) && amount < int.MaxValue:
                    capacity[pieces] = (int)amount;
                    free[pieces] = (int)left;
                    break;
            }
        }

        return new Node(
            node.Name(), node.Texts("metadata", "labels"),
            [.. node.Items("spec", "taints").Select(taint => new Taint(taint.Text("key") ?? "", taint.Text("value"), taint.Text("effect") ?? ""))],
            capacity, free, (double)cores, new ByteSize((long)memory), IsUp(node) && !node.IsTrue("spec", "unschedulable"));
    }

    /// <summary>Whether its kubelet answers.</summary>
    public static bool IsUp(JsonObject node) =>
        node.Items("status", "conditions").FirstOrDefault(one => one.Text("type") == "Ready").Text("status") == "True";

    private static Dictionary<string, decimal> Sum(IEnumerable<JsonObject> pods)
    {
        var sum = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var pod in pods)
        {
            Add(sum, Requests(pod));
        }

        return sum;
    }

    /// <summary>What one pod takes: its containers and sidecars together, or the largest step of its start where that is more, and the overhead of its runtime.</summary>
    private static Dictionary<string, decimal> Requests(JsonObject pod)
    {
        var all = new Dictionary<string, decimal>(StringComparer.Ordinal);
        var starting = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var container in pod.Items("spec", "initContainers"))
        {
            var own = Requested(container);
            var isSidecar = container.Text("restartPolicy") == "Always";
            foreach (var (resource, amount) in own)
            {
                // Sidecars that were started before go on beside it.
                starting[resource] = Math.Max(starting.GetValueOrDefault(resource), amount + all.GetValueOrDefault(resource));
            }

            if (isSidecar)
            {
                Add(all, own);
            }
        }

        foreach (var container in pod.Items("spec", "containers"))
        {
            Add(all, Requested(container));
        }

        foreach (var (resource, amount) in starting)
        {
            all[resource] = Math.Max(all.GetValueOrDefault(resource), amount);
        }

        Add(all, KubernetesQuantity.ReadAll(pod.Map("spec", "overhead")).ToDictionary(one => one.Resource, one => one.Amount));
        return all;
    }

    // Limits count where no request is said, as the API server fills it in.
    private static Dictionary<string, decimal> Requested(JsonObject container)
    {
        var amounts = KubernetesQuantity.ReadAll(container.Map("resources", "limits")).ToDictionary(one => one.Resource, one => one.Amount, StringComparer.Ordinal);
        foreach (var (resource, amount) in KubernetesQuantity.ReadAll(container.Map("resources", "requests")))
        {
            amounts[resource] = amount;
        }

        return amounts;
    }

    private static void Add(Dictionary<string, decimal> sum, Dictionary<string, decimal> more)
    {
        foreach (var (resource, amount) in more)
        {
            sum[resource] = sum.GetValueOrDefault(resource) + amount;
        }
    }

    private static IEnumerable<QuotaLimit> Limits(JsonObject quota)
    {
        var used = KubernetesQuantity.ReadAll(quota.Map("status", "used")).ToDictionary(one => one.Resource, one => one.Amount, StringComparer.Ordinal);
        return KubernetesQuantity.ReadAll(quota.Map("status", "hard") ?? quota.Map("spec", "hard"))
            .Select(hard => new QuotaLimit(quota.Name(), hard.Resource, used.GetValueOrDefault(hard.Resource), hard.Amount));
    }
}
