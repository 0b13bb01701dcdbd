namespace Orrery.Tests.Kubernetes;

/// <summary>Requests and limits that the API server accepts.</summary>
internal static class QuantityRules
{
    private static readonly string[] Native = ["cpu", "memory", "ephemeral-storage"];

    public static IEnumerable<Finding> Check(Chart chart) =>
        from workload in chart.Workloads
        from container in workload.AllContainers
        from finding in Check(workload, container["resources"])
        select finding;

    private static IEnumerable<Finding> Check(Workload workload, Field resources)
    {
        foreach (var (name, value) in resources["requests"].Entries.Concat(resources["limits"].Entries))
        {
            if (!Native.Contains(name) && !IsExtended(name) && !name.StartsWith("hugepages-", StringComparison.Ordinal))
            {
                yield return workload.Find(value, $"one of {string.Join(", ", Native)}, or an extended resource with its domain, for example nvidia.com/gpu");
            }
            else if (Quantity.Parse(value.Text) is not { } amount || amount < 0)
            {
                yield return workload.Find(value, "a quantity that is not negative");
            }
            else if (IsExtended(name) && amount != decimal.Truncate(amount))
            {
                yield return workload.Find(value, "a whole number of devices");
            }
        }

        foreach (var (name, request) in resources["requests"].Entries)
        {
            var limit = resources["limits"].Entries.LastOrDefault(entry => entry.Name == name).Value;
            if (IsExtended(name) && Quantity.Parse(limit.Text) != Quantity.Parse(request.Text))
            {
                yield return workload.Find(request, $"the same as the limit of {name}, which is {limit.Summary}");
            }
            else if (limit.Exists && Quantity.Parse(request.Text) > Quantity.Parse(limit.Text))
            {
                yield return workload.Find(request, $"at most the limit of {limit.Summary}");
            }
        }
    }

    private static bool IsExtended(string name) => name.Contains('/', StringComparison.Ordinal) && Formats.IsQualifiedName(name) && !name.StartsWith("kubernetes.io/", StringComparison.Ordinal);
}

/// <summary>House rule: the scheduler knows what every container needs, and none takes the node's memory.</summary>
internal static class ResourcePresenceRules
{
    public static IEnumerable<Finding> Check(Chart chart) =>
        from workload in chart.Workloads
        from container in workload.AllContainers
        let resources = container["resources"]
        from amount in (Field[])[resources["requests"]["cpu"], resources["requests"]["memory"], resources["limits"]["memory"]]
        where !amount.Exists
        select workload.Find(amount, "a quantity");
}
