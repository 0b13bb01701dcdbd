using System.Globalization;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A part of an endpoint.</summary>
public enum EndpointProperty
{
    /// <summary><c>scheme://host:port</c>.</summary>
    Url,

    /// <summary>The host that clients connect to.</summary>
    Host,

    /// <summary>The host as an IPv4 address.</summary>
    IPV4Host,

    /// <summary>The port that clients connect to.</summary>
    Port,

    /// <summary>The scheme.</summary>
    Scheme,

    /// <summary>The port that the program listens on.</summary>
    TargetPort,

    /// <summary><c>host:port</c>.</summary>
    HostAndPort,

    /// <summary><c>True</c> or <c>False</c>.</summary>
    TlsEnabled,
}

/// <summary>One part of an endpoint, known once the graph has started.</summary>
public class EndpointReferenceExpression(EndpointReference endpointReference, EndpointProperty property) : IExpressionValue, IValueWithReferences
{
    /// <summary>The endpoint.</summary>
    public EndpointReference Endpoint { get; } = endpointReference;

    /// <summary>The part.</summary>
    public EndpointProperty Property { get; } = property;

    /// <inheritdoc/>
    public string ValueExpression => Property switch
    {
        EndpointProperty.Url => Binding("url"),
        EndpointProperty.Host or EndpointProperty.IPV4Host => Binding("host"),
        EndpointProperty.Port => Binding("port"),
        EndpointProperty.Scheme => Binding("scheme"),
        EndpointProperty.TargetPort => Binding("targetPort"),
        EndpointProperty.HostAndPort => $"{Binding("host")}:{Binding("port")}",
        EndpointProperty.TlsEnabled => Binding("tlsEnabled"),
        _ => throw new InvalidOperationException($"An endpoint has no property '{Property}'."),
    };

    IEnumerable<object> IValueWithReferences.References => [Endpoint];

    /// <inheritdoc/>
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => GetValueAsync(new ValueProviderContext(), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default)
    {
        var (host, port) = Address(context);
        var value = Property switch
        {
            EndpointProperty.Url => $"{Endpoint.Scheme}://{host}:{port()}",
            EndpointProperty.Host => host,
            EndpointProperty.IPV4Host => host == "localhost" ? "127.0.0.1" : host,
            EndpointProperty.Port => port(),
            EndpointProperty.Scheme => Endpoint.Scheme,
            EndpointProperty.TargetPort => TargetPort(context),
            EndpointProperty.HostAndPort => $"{host}:{port()}",
            EndpointProperty.TlsEnabled => Endpoint.TlsEnabled ? bool.TrueString : bool.FalseString,
            _ => throw new InvalidOperationException($"An endpoint has no property '{Property}'."),
        };
        return ValueTask.FromResult<string?>(value);
    }

    // A container is in a network of its own: it meets other containers by name and target port, and this machine by the runtime's name for it.
    private (string Host, Func<string> Port) Address(ValueProviderContext context)
    {
        if (!ContainerNetwork.Holds(context.Caller))
        {
            return (Endpoint.IsAllocated ? Endpoint.Host : Endpoint.EndpointAnnotation.TargetHost, () => Text(Endpoint.Port));
        }

        return ContainerNetwork.Holds(Endpoint.Resource)
            ? (Endpoint.Resource.Name, () => Text(Endpoint.TargetPort ?? Endpoint.Port))
            : (context.HostName, () => Text(Endpoint.Port));
    }

    private string? TargetPort(ValueProviderContext context)
    {
        var own = ReferenceEquals(context.Caller, Endpoint.Resource) ? context.Ports?.TargetOf(Endpoint.EndpointAnnotation) : null;
        return Text(own ?? Endpoint.TargetPort ?? Endpoint.Port);
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    // A manifest compares with regard to case, a reference does not.
    private string Binding(string part) => $"{{{Endpoint.Resource.Name}.bindings.{(Endpoint.Exists ? Endpoint.EndpointAnnotation.Name : Endpoint.EndpointName)}.{part}}}";
}
