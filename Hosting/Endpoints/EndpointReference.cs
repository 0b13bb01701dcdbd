namespace Aspire.Hosting.ApplicationModel;

/// <summary>An endpoint of a resource, by name; what it stands for is known once the graph has started.</summary>
public sealed class EndpointReference : IExpressionValue, IValueWithReferences
{
    private EndpointAnnotation? _endpoint;

    /// <summary>The given endpoint of <paramref name="owner"/>.</summary>
    public EndpointReference(IResourceWithEndpoints owner, EndpointAnnotation endpoint)
        : this(owner, endpoint.Name) => _endpoint = endpoint;

    /// <summary>The endpoint of <paramref name="owner"/> called <paramref name="endpointName"/>, which need not exist yet.</summary>
    public EndpointReference(IResourceWithEndpoints owner, string endpointName)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentException.ThrowIfNullOrEmpty(endpointName);
        Resource = owner;
        EndpointName = endpointName;
    }

    /// <summary>Whose endpoint.</summary>
    public IResourceWithEndpoints Resource { get; }

    /// <summary>Its name, compared without regard to case.</summary>
    public string EndpointName { get; }

    /// <summary>What to say when the endpoint does not exist, instead of the usual words.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>Whether the resource has such an endpoint.</summary>
    public bool Exists => Find() is not null;

    /// <summary>Whether its port is known.</summary>
    public bool IsAllocated => Find()?.AllocatedEndpoint is not null;

    /// <summary>Whether its scheme is http.</summary>
    public bool IsHttp => string.Equals(EndpointAnnotation.UriScheme, "http", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether its scheme is https.</summary>
    public bool IsHttps => string.Equals(EndpointAnnotation.UriScheme, "https", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it is called http or https: service discovery then goes by the scheme.</summary>
    public bool IsHttpSchemeNamedEndpoint =>
        string.Equals(EndpointName, "http", StringComparison.OrdinalIgnoreCase) || string.Equals(EndpointName, "https", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a reference to the whole resource leaves this endpoint out.</summary>
    public bool ExcludeReferenceEndpoint => EndpointAnnotation.ExcludeReferenceEndpoint;

    /// <summary>Whether clients speak TLS to it.</summary>
    public bool TlsEnabled => Find()?.TlsEnabled ?? false;

    /// <summary>The endpoint.</summary>
    /// <exception cref="InvalidOperationException">The resource has no such endpoint.</exception>
    public EndpointAnnotation EndpointAnnotation => Find() ?? throw new InvalidOperationException(
        ErrorMessage ?? $"Resource '{Resource.Name}' has no endpoint called '{EndpointName}'. It has: {Known()}.");

    /// <summary>The scheme of its URL.</summary>
    public string Scheme => EndpointAnnotation.UriScheme;

    /// <summary>The port that the program listens on, if the AppHost fixed it.</summary>
    public int? TargetPort => EndpointAnnotation.TargetPort;

    /// <summary>The host that clients connect to.</summary>
    /// <exception cref="InvalidOperationException">The graph has not started.</exception>
    public string Host => Allocated.Address;

    /// <summary>The port that clients connect to.</summary>
    /// <exception cref="InvalidOperationException">The graph has not started.</exception>
    public int Port => Allocated.Port;

    /// <summary>The URL that clients use.</summary>
    /// <exception cref="InvalidOperationException">The graph has not started.</exception>
    public string Url => Allocated.UriString;

    string IManifestExpressionProvider.ValueExpression => Property(EndpointProperty.Url).ValueExpression;

    IEnumerable<object> IValueWithReferences.References => [Resource];

    private AllocatedEndpoint Allocated => EndpointAnnotation.AllocatedEndpoint ?? throw new InvalidOperationException(
        $"Endpoint '{EndpointName}' of resource '{Resource.Name}' has no port yet: read it after the graph has started, or pass the reference itself on.");

    /// <summary>One part of the endpoint.</summary>
    public EndpointReferenceExpression Property(EndpointProperty property) => new(this, property);

    /// <summary>One of two texts, by whether clients speak TLS to the endpoint.</summary>
    public ReferenceExpression GetTlsValue(ReferenceExpression enabledValue, ReferenceExpression disabledValue) =>
        ReferenceExpression.CreateConditional(Property(EndpointProperty.TlsEnabled), bool.TrueString, enabledValue, disabledValue);

    /// <summary>The URL that clients use.</summary>
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) =>
        Property(EndpointProperty.Url).GetValueAsync(cancellationToken);

    /// <summary>The URL that the caller uses.</summary>
    public ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default) =>
        Property(EndpointProperty.Url).GetValueAsync(context, cancellationToken);

    private EndpointAnnotation? Find() => _endpoint ??= Resource.Annotations.OfType<EndpointAnnotation>()
        .FirstOrDefault(one => string.Equals(one.Name, EndpointName, StringComparison.OrdinalIgnoreCase));

    private string Known()
    {
        var names = Resource.Annotations.OfType<EndpointAnnotation>().Select(one => one.Name).ToArray();
        return names.Length == 0 ? "none" : string.Join(", ", names);
    }
}
