using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Kubernetes;

/// <summary>A resource that becomes pods.</summary>
internal sealed class ChartWorkload
{
    private const int FirstProjectPort = 8080;

    public ChartWorkload(IResource resource)
    {
        Resource = resource;
        Ports = [.. PortsOf(resource)];
    }

    public IResource Resource { get; }

    public IReadOnlyList<ChartPort> Ports { get; }

    public string Name => ChartNames.Object(Resource.Name);

    public string Key => ChartNames.Key(Resource.Name);

    public bool IsProject => Resource is ProjectResource;

    /// <summary>It keeps data that others connect to: a StatefulSet, which an operator may replace by a server elsewhere.</summary>
    public bool IsStore => Resource is IResourceWithConnectionString;

    /// <summary>It is meant to be reached from outside of the cluster.</summary>
    public bool IsExternal => Resource.Annotations.OfType<EndpointAnnotation>().Any(endpoint => endpoint.IsExternal);

    public bool ExportsTelemetry => Resource.HasAnnotationOfType<OtlpExporterAnnotation>();

    /// <summary>Whose endpoints it is given, and which.</summary>
    public Dictionary<ChartWorkload, HashSet<string>> References { get; } = [];

    /// <summary>Ports of services outside of the graph that it refers to; 0 stands for any.</summary>
    public SortedSet<int> OutsidePorts => [.. Resource.Annotations.OfType<ResourceRelationshipAnnotation>()
        .Select(relation => relation.Resource)
        .OfType<ExternalServiceResource>()
        .Select(service => service.Uri?.Port ?? 0)];

    /// <summary>What its object says of itself for people, in the annotation of that name; absent: nothing.</summary>
    public string? Description { get; set; }

    /// <summary>Secret parameters that it is given, by name.</summary>
    public SortedDictionary<string, ParameterResource> Secrets { get; } = new(StringComparer.Ordinal);

    /// <summary>The storage that it keeps.</summary>
    public List<ChartClaim> Claims { get; } = [];

    /// <summary>Variables that make sense only while another workload is part of the installation.</summary>
    public Dictionary<string, HashSet<ChartWorkload>> Conditions { get; } = new(StringComparer.Ordinal);

    /// <summary>An expression under this workload's values.</summary>
    public string Value(string path) => $".Values.workloads.{Key}.{path}";

    /// <summary>Whether it is part of the installation: a condition for Helm.</summary>
    public string Enabled => IsStore ? $"(and {Value("enabled")} (not {Value("external.host")}))" : Value("enabled");

    /// <summary>The host that others connect to.</summary>
    public string? HostExpression => IsStore ? $"{Value("external.host")} | default \"{ChartNames.Service(Name)}\"" : null;

    public ChartPort Port(string endpoint) => Ports.Single(port => port.Endpoint.Name == endpoint);

    // https without a certificate of its own shares the port of http: TLS ends at the ingress.
    private static IEnumerable<ChartPort> PortsOf(IResource resource)
    {
        var next = FirstProjectPort;
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>().Where(one => !(one.FromLaunchProfile && one.UriScheme == "https")))
        {
            int? target = endpoint.TargetPort ?? (resource is ProjectResource ? null : endpoint.Port);
            yield return target is { } known
                ? new ChartPort(endpoint, known, null)
                : new ChartPort(endpoint, next++, $".Values.parameters.{ChartNames.Key(resource.Name)}.port_{ChartNames.Key(endpoint.Name)}");
        }
    }
}

/// <summary>Storage that outlives pods.</summary>
/// <param name="Name">The claim's name.</param>
/// <param name="Value">Where its values are.</param>
/// <param name="Key">Their key.</param>
internal sealed record ChartClaim(string Name, string Value, string Key);

/// <summary>A port of a workload.</summary>
/// <param name="Endpoint">The endpoint.</param>
/// <param name="Default">The container's port, unless an operator sets another.</param>
/// <param name="Expression">Where the container's port is set; null: it is fixed.</param>
internal sealed record ChartPort(EndpointAnnotation Endpoint, int Default, string? Expression)
{
    public string Name => Endpoint.Name;

    public string Protocol => Endpoint.Protocol == System.Net.Sockets.ProtocolType.Udp ? "UDP" : "TCP";

    /// <summary>The container's port: a number or an action whose result is one.</summary>
    public string Target => Expression is null ? FormattableString.Invariant($"{Default}") : $"{{{{ {Expression} | int }}}}";

    /// <summary>The port that clients use.</summary>
    public string Public => Endpoint.Port is { } port ? FormattableString.Invariant($"{port}") : Target;
}
