using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

internal sealed record InitialSnapshotAnnotation(CustomResourceSnapshot Snapshot) : IResourceAnnotation;

/// <summary>For resources of one's own.</summary>
public static class CustomResourceExtensions
{
    /// <summary>The state in which the resource begins.</summary>
    public static IResourceBuilder<TResource> WithInitialState<TResource>(
        this IResourceBuilder<TResource> builder,
        CustomResourceSnapshot initialSnapshot)
        where TResource : IResource => builder.WithAnnotation(new InitialSnapshotAnnotation(initialSnapshot), ResourceAnnotationMutationBehavior.Replace);
}
