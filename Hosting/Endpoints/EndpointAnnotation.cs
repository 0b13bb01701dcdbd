using System.Net.Sockets;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>An address on which a resource listens.</summary>
public sealed class EndpointAnnotation : IResourceAnnotation
{
    /// <summary>An endpoint; what is null is derived: scheme from protocol, name and transport from scheme.</summary>
    public EndpointAnnotation(
        ProtocolType protocol,
        string? uriScheme = null,
        string? transport = null,
        string? name = null,
        int? port = null,
        int? targetPort = null,
        bool? isExternal = null,
        bool? isProxied = null)
    {
        Protocol = protocol;
        UriScheme = uriScheme ?? (protocol == ProtocolType.Udp ? "udp" : "tcp");
        Transport = transport ?? (UriScheme is "http" or "https" ? "http" : protocol == ProtocolType.Udp ? "udp" : "tcp");
        Name = name ?? UriScheme;
        EndpointName.Check(Name);
        Port = PortNumber.Check(port, nameof(port));
        TargetPort = PortNumber.Check(targetPort, nameof(targetPort));
        IsExternal = isExternal ?? false;
        IsExplicitlyProxied = isProxied;
    }

    /// <summary>Tcp or Udp.</summary>
    public ProtocolType Protocol { get; set; }

    /// <summary>The port that clients use; null: a free one is chosen when the graph starts.</summary>
    public int? Port { get; set; }

    /// <summary>The port that the program itself listens on; null: the one the host tells it.</summary>
    public int? TargetPort { get; set; }

    /// <summary>The port that clients use on a developer's machine, by the launch profile, published or not.</summary>
    internal int? LocalPort { get; set; }

    /// <summary>The scheme of its URLs.</summary>
    public string UriScheme { get; set; }

    /// <summary>The interface that the program listens on. Default <c>localhost</c>.</summary>
    public string TargetHost { get; set; } = "localhost";

    /// <summary>http, http2 or tcp; what a publisher writes.</summary>
    public string Transport { get; set; }

    /// <summary>Unique in its resource.</summary>
    public string Name { get; set; }

    /// <summary>Whether it is published to the outside.</summary>
    public bool IsExternal { get; set; }

    /// <summary>Whether a proxy may stand in front of it. Default true; the bundled host puts one there only where one is needed.</summary>
    public bool IsProxied
    {
        get => IsExplicitlyProxied ?? true;
        set => IsExplicitlyProxied = value;
    }

    /// <summary>What the AppHost said of <see cref="IsProxied"/>; null: nothing.</summary>
    public bool? IsExplicitlyProxied { get; set; }

    /// <summary>Whether clients speak TLS to it.</summary>
    public bool TlsEnabled { get; set; }

    /// <summary>Whether a reference to the whole resource leaves this endpoint out.</summary>
    public bool ExcludeReferenceEndpoint { get; set; }

    /// <summary>Where it is while the graph runs; null before its start.</summary>
    public AllocatedEndpoint? AllocatedEndpoint { get; set; }

    /// <summary>Made by the host from a launch profile: not injected into containers' images when published.</summary>
    internal bool FromLaunchProfile { get; set; }
}

/// <summary>Where an endpoint is while the graph runs.</summary>
/// <param name="endpoint">The endpoint.</param>
/// <param name="address">The host that clients connect to.</param>
/// <param name="port">The port that clients connect to.</param>
/// <param name="targetPortExpression">The port that the program listens on, when it is another one.</param>
public class AllocatedEndpoint(EndpointAnnotation endpoint, string address, int port, string? targetPortExpression = null)
{
    /// <summary>The endpoint.</summary>
    public EndpointAnnotation Endpoint { get; } = endpoint;

    /// <summary>The host that clients connect to.</summary>
    public string Address { get; } = address;

    /// <summary>The port that clients connect to.</summary>
    public int Port { get; } = port;

    /// <summary>The port that the program listens on, when it is another one.</summary>
    public string? TargetPortExpression { get; } = targetPortExpression;

    /// <summary>The scheme of its URL.</summary>
    public string UriScheme => Endpoint.UriScheme;

    /// <summary><c>address:port</c>.</summary>
    public string EndPointString => $"{Address}:{Port}";

    /// <summary><c>scheme://address:port</c>.</summary>
    public string UriString => $"{UriScheme}://{EndPointString}";
}
