namespace Orrery.Tests.Kubernetes;

/// <summary>Names, images and ports of containers.</summary>
internal static class ContainerRules
{
    public static IEnumerable<Finding> Check(Chart chart) => chart.Workloads.SelectMany(workload => (IEnumerable<Finding>)
        [.. Names(workload), .. Images(workload), .. Ports(workload), .. Conflicts(workload)]);

    private static IEnumerable<Finding> Names(Workload workload)
    {
        if (!workload.Containers.Any())
        {
            yield return workload.Find(workload.Pod["containers"], "at least one container");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in workload.AllContainers.Select(container => container["name"]))
        {
            if (!Formats.IsLabel(name.Text ?? ""))
            {
                yield return workload.Find(name, "a DNS label (a-z, 0-9, -) of at most 63 characters");
            }
            else if (!seen.Add(name.Text!))
            {
                yield return workload.Find(name, "a name that no other container of this pod has");
            }
        }
    }

    private static IEnumerable<Finding> Images(Workload workload) => workload.AllContainers
        .Select(container => container["image"])
        .Where(image => string.IsNullOrEmpty(image.Text) || image.Text.Any(char.IsWhiteSpace) || image.Text.EndsWith(':') || image.Text.StartsWith(':'))
        .Select(image => workload.Find(image, "an image, for example registry.example/gateway:1.0"));

    private static IEnumerable<Finding> Ports(Workload workload)
    {
        foreach (var port in workload.AllContainers.SelectMany(container => container["ports"].Items))
        {
            if (!Formats.IsPortNumber(port["containerPort"].Whole))
            {
                yield return workload.Find(port["containerPort"], "a port from 1 to 65535");
            }

            if (port["name"].Exists && !Formats.IsPortName(port["name"].Text ?? ""))
            {
                yield return workload.Find(port["name"], "at most 15 characters a-z, 0-9 and single -, one letter among them");
            }
        }
    }

    /// <summary>The containers of a pod share one address.</summary>
    private static IEnumerable<Finding> Conflicts(Workload workload)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var numbers = new HashSet<(long?, string)>();
        foreach (var port in workload.Containers.SelectMany(container => container["ports"].Items))
        {
            if (port["name"].Text is { } name && !names.Add(name))
            {
                yield return workload.Find(port["name"], "a name that no other port of this pod has");
            }

            if (!numbers.Add((port["containerPort"].Whole, port["protocol"].Text ?? "TCP")))
            {
                yield return workload.Find(port["containerPort"], "a port that no other entry of this pod has");
            }
        }
    }
}
