using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Publishing;

/// <summary>The ports that a manifest says: given ones, and from 8000 up where a tool could not choose one itself.</summary>
internal sealed class ManifestPorts
{
    private readonly HashSet<int> _used = [];
    private int _next = 8000;

    /// <summary>Port (where clients connect, if that must be said) and target port (where the program listens, if that is known) of each endpoint.</summary>
    public List<(EndpointAnnotation Endpoint, int? Port, int? TargetPort)> Of(IResource resource, IEnumerable<EndpointAnnotation> endpoints)
    {
        var schemes = new HashSet<string>(StringComparer.Ordinal);
        var ports = new List<(EndpointAnnotation, int?, int?)>();
        foreach (var endpoint in endpoints)
        {
            var isWeb = endpoint.UriScheme is "http" or "https";

            // The first http and https port of a project is for the deployment tool to choose; the project is told.
            var isChosenByTool = resource is ProjectResource && isWeb && schemes.Add(endpoint.UriScheme);
            var target = endpoint.TargetPort ?? (resource is ContainerResource ? endpoint.Port : null) ?? (isChosenByTool ? null : Free());
            Use(endpoint.Port);
            Use(target);
            ports.Add((endpoint, endpoint.Port, target));
        }

        return ports;
    }

    private int Free()
    {
        while (_used.Contains(_next))
        {
            _next++;
        }

        return _next;
    }

    private void Use(int? port)
    {
        if (port is { } used)
        {
            _used.Add(used);
        }
    }
}
