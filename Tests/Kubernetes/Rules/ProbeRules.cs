namespace Orrery.Tests.Kubernetes;

/// <summary>Probes and lifecycle hooks that the API server accepts.</summary>
internal static class ProbeRules
{
    public static readonly string[] Probes = ["livenessProbe", "readinessProbe", "startupProbe"];

    private static readonly string[] Handlers = ["exec", "grpc", "httpGet", "sleep", "tcpSocket"];
    private static readonly string[] Counts = ["periodSeconds", "timeoutSeconds", "successThreshold", "failureThreshold"];

    public static IEnumerable<Finding> Check(Chart chart) => chart.Workloads.SelectMany(workload => (IEnumerable<Finding>)
    [
        .. workload.AllContainers.SelectMany(container => Check(workload, container)),
        .. workload.InitContainers.Where(container => container["restartPolicy"].Text is not "Always").SelectMany(container => OnInit(workload, container)),
    ]);

    private static IEnumerable<Finding> Check(Workload workload, Field container)
    {
        foreach (var probe in Probes.Select(name => container[name]).Where(probe => probe.Exists))
        {
            foreach (var finding in Handler(workload, container, probe).Concat(Numbers(workload, probe)))
            {
                yield return finding;
            }
        }

        foreach (var hook in container["lifecycle"].Entries.SelectMany(entry => Handler(workload, container, entry.Value)))
        {
            yield return hook;
        }
    }

    private static IEnumerable<Finding> OnInit(Workload workload, Field container) => Probes
        .Select(name => container[name])
        .Where(probe => probe.Exists)
        .Select(probe => workload.Find(probe, "no probe on an init container, unless its restartPolicy is Always"));

    private static IEnumerable<Finding> Handler(Workload workload, Field container, Field probe)
    {
        var handlers = Handlers.Where(name => probe[name].Exists).ToList();
        if (handlers.Count != 1)
        {
            yield return workload.Find(probe, $"exactly one handler ({string.Join(", ", Handlers)}), not {handlers.Count}");
        }

        var http = probe["httpGet"];
        if (http["scheme"].Exists && http["scheme"].Text is not ("HTTP" or "HTTPS"))
        {
            yield return workload.Find(http["scheme"], "HTTP or HTTPS, in capitals");
        }

        if (http["path"].Exists && http["path"].Text?.StartsWith('/') is not true)
        {
            yield return workload.Find(http["path"], "a path that begins with /");
        }

        foreach (var port in ((Field[])[http, probe["tcpSocket"], probe["grpc"]]).Where(handler => handler.Exists).Select(handler => handler["port"]))
        {
            if (port.Whole is { } number ? !Formats.IsPortNumber(number) : !container["ports"].Items.Any(known => known["name"].Text == port.Text))
            {
                yield return workload.Find(port, "a port from 1 to 65535 or the name of a port of this container");
            }
        }
    }

    private static IEnumerable<Finding> Numbers(Workload workload, Field probe)
    {
        foreach (var count in Counts.Select(name => probe[name]).Where(count => count.Whole < 1))
        {
            yield return workload.Find(count, "a number above zero");
        }

        if (!probe.Path.EndsWith(".readinessProbe", StringComparison.Ordinal) && probe["successThreshold"].Whole > 1)
        {
            yield return workload.Find(probe["successThreshold"], "1, as for every probe but the readiness probe");
        }
    }
}

/// <summary>House rule: what runs on and on has all three probes.</summary>
internal static class ProbePresenceRules
{
    public static IEnumerable<Finding> Check(Chart chart) =>
        from workload in chart.Workloads
        where !workload.Ends
        from container in workload.Containers
        from name in ProbeRules.Probes
        where !container[name].Exists
        select workload.Find(container[name], "a probe: without it Kubernetes cannot tell whether the container works");
}
