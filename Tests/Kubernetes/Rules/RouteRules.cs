namespace Orrery.Tests.Kubernetes;

/// <summary>What traffic from outside is sent to, and what metrics are read from, exists and has the port.</summary>
internal static class RouteRules
{
    public static IEnumerable<Finding> Check(Chart chart) =>
    [
        .. chart.All("Ingress").SelectMany(ingress => Ingress(chart, ingress)),
        .. chart.All("HTTPRoute").SelectMany(route => HttpRoute(chart, route)),
        .. chart.All("ServiceMonitor").SelectMany(monitor => Monitor(chart, monitor)),
    ];

    private static IEnumerable<Finding> Ingress(Chart chart, Document ingress)
    {
        var spec = ingress["spec"];
        if (spec["rules"].IsEmpty && !spec["defaultBackend"].Exists)
        {
            yield return ingress.Find(spec["rules"], "rules or a defaultBackend");
        }

        var paths = spec["rules"].Items.SelectMany(rule => rule["http"]["paths"].Items).ToList();
        foreach (var path in paths.Where(path => path["pathType"].Text is not "ImplementationSpecific" && path["path"].Text?.StartsWith('/') is not true))
        {
            yield return ingress.Find(path["path"], "a path that begins with /");
        }

        foreach (var service in paths.Select(path => path["backend"]).Append(spec["defaultBackend"]).Select(backend => backend["service"]).Where(service => service.Exists))
        {
            var port = service["port"]["number"].Exists ? service["port"]["number"] : service["port"]["name"];
            foreach (var finding in Backend(chart, ingress, service["name"], port))
            {
                yield return finding;
            }
        }

        foreach (var secret in spec["tls"].Items.Select(tls => tls["secretName"]).Where(secret => secret.Exists && !chart.Exists(ingress, "Secret", secret.Text)))
        {
            yield return ReferenceRules.Missing(ingress, "Secret", secret);
        }
    }

    private static IEnumerable<Finding> HttpRoute(Chart chart, Document route)
    {
        var rules = route["spec"]["rules"].Items.ToList();
        var backends = rules.SelectMany(rule => rule["backendRefs"].Items);
        var mirrors = rules.SelectMany(rule => rule["filters"].Items.Concat(rule["backendRefs"].Items.SelectMany(backend => backend["filters"].Items))).Select(filter => filter["requestMirror"]["backendRef"]);
        return backends.Concat(mirrors)
            .Where(backend => backend.Exists && backend["kind"].Text is null or "Service" && (backend["namespace"].Text ?? chart.NamespaceOf(route)) == chart.NamespaceOf(route))
            .SelectMany(backend => Backend(chart, route, backend["name"], backend["port"]));
    }

    private static IEnumerable<Finding> Backend(Chart chart, Document document, Field name, Field port)
    {
        if (!chart.Exists(document, "Service", name.Text))
        {
            return [ReferenceRules.Missing(document, "Service", name)];
        }

        return chart.Find(document, "Service", name.Text) is { } service && !ServiceRules.HasPort(service, port) ? [document.Find(port, $"a port of {service.Id}")] : [];
    }

    private static IEnumerable<Finding> Monitor(Chart chart, Document monitor)
    {
        var selector = monitor["spec"]["selector"];
        var services = chart.All("Service").Where(service => Selector.Matches(selector, service["metadata"]["labels"].Texts)).ToList();
        if (services.Count == 0)
        {
            yield return monitor.Find(selector, "labels that a Service of this chart has");
            yield break;
        }

        foreach (var port in monitor["spec"]["endpoints"].Items.Select(endpoint => endpoint["port"]).Where(port => port.Exists))
        {
            foreach (var service in services.Where(service => !ServiceRules.HasPort(service, port)))
            {
                yield return monitor.Find(port, $"the name of a port of {service.Id}");
            }
        }
    }
}
