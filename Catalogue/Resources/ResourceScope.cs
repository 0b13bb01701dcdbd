using Orrery.Contracts;

namespace Orrery.Catalogue.Resources;

/// <summary>A kind's resources: of one namespace, or, without one, of all.</summary>
internal sealed record ResourceScope(ResourceKind Kind, string? Namespace)
{
    public IEnumerable<StoredResource> In(CatalogueState state) =>
        (Namespace is null ? state.All : state.Namespace(Namespace).Values).Where(resource => resource.Kind == Kind);

    /// <summary>Where a resource stands in a list of pages.</summary>
    public string CursorOf(StoredResource resource) => Namespace is null ? $"{resource.Metadata.Namespace}/{resource.Metadata.Name}" : resource.Metadata.Name;
}
