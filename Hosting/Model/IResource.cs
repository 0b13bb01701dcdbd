namespace Aspire.Hosting.ApplicationModel;

/// <summary>A part of the application graph: something with a name that is unique in it, described by annotations.</summary>
public interface IResource
{
    /// <summary>Unique in the graph without regard to case; letters, digits and single hyphens, at most 64 characters.</summary>
    string Name { get; }

    /// <summary>Everything the graph says of this resource: endpoints, environment, waits, mounts.</summary>
    ResourceAnnotationCollection Annotations { get; }
}

/// <summary>A fact about a resource, told apart by its type.</summary>
public interface IResourceAnnotation;

/// <summary>The base of every resource.</summary>
public abstract class Resource : IResource
{
    /// <param name="name">See <see cref="IResource.Name"/>.</param>
    /// <exception cref="ArgumentException">The name has another shape.</exception>
    protected Resource(string name)
    {
        ResourceName.Check(name);
        Name = name;
    }

    /// <inheritdoc/>
    public virtual string Name { get; }

    /// <inheritdoc/>
    public virtual ResourceAnnotationCollection Annotations { get; } = [];

    /// <inheritdoc/>
    public override string ToString() => $"{GetType().Name} \"{Name}\"";
}
