namespace Aspire.Hosting.ApplicationModel;

/// <summary>Says that a resource stands in a relation to another; what the dashboard draws and what the order of stopping follows.</summary>
/// <param name="resource">The other resource.</param>
/// <param name="type">One of <see cref="KnownRelationshipTypes"/> or a word of one's own.</param>
public sealed class ResourceRelationshipAnnotation(IResource resource, string type) : IResourceAnnotation
{
    /// <summary>The other resource.</summary>
    public IResource Resource { get; } = resource;

    /// <summary>The kind of relation.</summary>
    public string Type { get; } = type;
}

/// <summary>The words that the host itself uses for relations.</summary>
public static class KnownRelationshipTypes
{
    /// <summary>The other is shown above this one.</summary>
    public const string Parent = "Parent";

    /// <summary>This one is given the other's address or connection string.</summary>
    public const string Reference = "Reference";

    /// <summary>This one starts only after the other.</summary>
    public const string WaitFor = "WaitFor";
}
