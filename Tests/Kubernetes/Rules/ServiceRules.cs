namespace Orrery.Tests.Kubernetes;

/// <summary>A Service leads to the pods of exactly one workload, at ports that they have.</summary>
internal static class ServiceRules
{
    public static IEnumerable<Finding> Check(Chart chart) => chart.All("Service")
        .Where(service => service.Group is "" && service["spec"]["type"].Text is not "ExternalName")
        .SelectMany(service => (IEnumerable<Finding>)[.. Ports(service), .. Targets(chart, service)]);

    /// <summary>Whether a Service has that port, by name or by number.</summary>
    public static bool HasPort(Document service, Field port) => service["spec"]["ports"].Items.Any(candidate =>
        port.Whole is { } number ? candidate["port"].Whole == number : candidate["name"].Text == port.Text);

    private static IEnumerable<Finding> Ports(Document service)
    {
        var ports = service["spec"]["ports"];
        if (ports.IsEmpty && service["spec"]["clusterIP"].Text is not "None")
        {
            yield return service.Find(ports, "at least one port");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        var numbers = new HashSet<(long?, string)>();
        foreach (var port in ports.Items)
        {
            var name = port["name"];
            if (name.Exists ? !Formats.IsLabel(name.Text ?? "") : ports.Items.Count() > 1)
            {
                yield return service.Find(name, "a DNS label (a-z, 0-9, -); required where there are several ports");
            }
            else if (name.Exists && !names.Add(name.Text!))
            {
                yield return service.Find(name, "a name that no other port of this Service has");
            }

            if (!Formats.IsPortNumber(port["port"].Whole))
            {
                yield return service.Find(port["port"], "a port from 1 to 65535");
            }
            else if (!numbers.Add((port["port"].Whole, Protocol(port))))
            {
                yield return service.Find(port["port"], "a port that no other entry of this Service has");
            }
        }
    }

    private static IEnumerable<Finding> Targets(Chart chart, Document service)
    {
        var selector = service["spec"]["selector"];
        var selected = selector.IsEmpty ? [] : chart.Selected(service, labels => Selector.HasAll(selector, labels)).ToList();
        if (selected.Count != 1)
        {
            yield return service.Find(selector, selected.Count == 0
                ? "labels that the pods of one workload have; none has them"
                : $"labels that the pods of one workload have, not {string.Join(" and ", selected.Select(workload => workload.Id))}");
            yield break;
        }

        foreach (var port in service["spec"]["ports"].Items)
        {
            var target = port["targetPort"].Exists ? port["targetPort"] : port["port"];
            if (!selected[0].HasPort(target, Protocol(port)))
            {
                yield return service.Find(target, $"a {Protocol(port)} port of {selected[0].Id}");
            }
        }
    }

    private static string Protocol(Field port) => port["protocol"].Text ?? "TCP";
}
