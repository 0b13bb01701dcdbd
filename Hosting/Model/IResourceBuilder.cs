namespace Aspire.Hosting.ApplicationModel;

/// <summary>Adds to a resource while the graph is being written.</summary>
/// <typeparam name="T">The resource's type; covariant, so that a builder of Redis is a builder of anything with a connection string.</typeparam>
public interface IResourceBuilder<out T>
    where T : IResource
{
    /// <summary>The graph that the resource belongs to.</summary>
    IDistributedApplicationBuilder ApplicationBuilder { get; }

    /// <summary>The resource.</summary>
    T Resource { get; }

    /// <summary>Adds a new <typeparamref name="TAnnotation"/>.</summary>
    IResourceBuilder<T> WithAnnotation<TAnnotation>(ResourceAnnotationMutationBehavior behavior = ResourceAnnotationMutationBehavior.Append)
        where TAnnotation : IResourceAnnotation, new() => WithAnnotation(new TAnnotation(), behavior);

    /// <summary>Adds <paramref name="annotation"/>; with <see cref="ResourceAnnotationMutationBehavior.Replace"/> in place of those of its type.</summary>
    IResourceBuilder<T> WithAnnotation<TAnnotation>(
        TAnnotation annotation,
        ResourceAnnotationMutationBehavior behavior = ResourceAnnotationMutationBehavior.Append)
        where TAnnotation : IResourceAnnotation;
}
