using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Builder.Targets.Container;

/// <summary>Cores and memory of the machine that the tool runs containers on, which with a virtual machine's is not this one.</summary>
internal sealed record Machine(string Name, double Cores, long Memory)
{
    /// <summary>Reads the tool's <c>info --format json</c>.</summary>
    public static Machine Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        return root.TryGetProperty("host", out var host)
            ? new Machine(host.GetProperty("hostname").GetString()!, host.GetProperty("cpus").GetDouble(), host.GetProperty("memTotal").GetInt64())
            : new Machine(root.GetProperty("Name").GetString()!, root.GetProperty("NCPU").GetDouble(), root.GetProperty("MemTotal").GetInt64());
    }

    /// <summary>The machine as the one node there is. What was declared for replicas is theirs, used or not; what others use is theirs, too.</summary>
    public Node ToNode(FoundTool tool, IReadOnlyList<MachineGpu> gpus, IReadOnlyList<ContainerLabels> containers)
    {
        var taken = containers.SelectMany(one => one.Gpus).ToHashSet();
        var capacity = gpus.GroupBy(gpu => gpu.Resource).ToDictionary(group => group.Key, group => group.Count());
        var free = gpus.GroupBy(gpu => gpu.Resource).ToDictionary(group => group.Key, group => group.Count(gpu => !taken.Contains(gpu.Name)));
        var unreserved = Memory - containers.Sum(one => one.PromisedMemory);
        var memory = Math.Max(0, Math.Min(unreserved, Available() ?? unreserved));
        return new Node(Name, LabelsOf(tool, gpus), [], capacity, free, Math.Max(0, Cores - containers.Sum(one => one.PromisedCores)), new ByteSize(memory), IsOpen: true);
    }

    public Room ToRoom(ContainerOptions options, IEnumerable<ContainerLabels> containers) => new(
        Cores, Memory, options.Overcommit, $"{ContainerOptions.Section}:{nameof(ContainerOptions.Overcommit)}", [.. containers.Select(one => new Promise(one.Key, one.PromisedCores, one.PromisedMemory))]);

    private Dictionary<string, string> LabelsOf(FoundTool tool, IReadOnlyList<MachineGpu> gpus)
    {
        var labels = new Dictionary<string, string>
        {
            ["kubernetes.io/hostname"] = Name,
            ["kubernetes.io/os"] = "linux",
            ["kubernetes.io/arch"] = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64",
            [ContainerLabels.Prefix + "container-tool"] = tool.Name,
        };
        // As NVIDIA's discovery labels nodes, so that a GpuClass's selector holds here as in a cluster.
        if (gpus.FirstOrDefault(gpu => gpu.Product is not null)?.Product is { } product)
        {
            labels["nvidia.com/gpu.product"] = product.Replace(' ', '-');
            labels["nvidia.com/gpu.count"] = gpus.Select(gpu => gpu.Device.Split(':')[0]).Distinct().Count().ToString(CultureInfo.InvariantCulture);
        }

        return labels;
    }

    /// <summary>What the kernel could still give; known only of this machine.</summary>
    private long? Available()
    {
        const string File = "/proc/meminfo";
        if (!System.IO.File.Exists(File))
        {
            return null;
        }

        var lines = System.IO.File.ReadLines(File).Select(line => line.Split((char[])[':', ' '], StringSplitOptions.RemoveEmptyEntries)).ToDictionary(words => words[0], words => long.Parse(words[1], CultureInfo.InvariantCulture) * 1024);
        return Math.Abs(lines["MemTotal"] - Memory) < Memory / 50 ? lines["MemAvailable"] : null;
    }
}
