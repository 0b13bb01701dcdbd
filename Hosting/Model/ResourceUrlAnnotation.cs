namespace Aspire.Hosting.ApplicationModel;

/// <summary>An address that is shown with a resource.</summary>
public sealed class ResourceUrlAnnotation : IResourceAnnotation
{
    /// <summary>The address; a path alone is taken relative to <see cref="Endpoint"/>.</summary>
    public required string Url { get; set; }

    /// <summary>What is shown in its place.</summary>
    public string? DisplayText { get; set; }

    /// <summary>The endpoint that the address belongs to, if any.</summary>
    public EndpointReference? Endpoint { get; init; }
}

/// <summary>An address known only once the graph runs.</summary>
internal sealed record DeferredUrlAnnotation(ReferenceExpression Url, string? DisplayText) : IResourceAnnotation;
