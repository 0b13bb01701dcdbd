using System.Diagnostics.CodeAnalysis;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A resource that is started with environment variables.</summary>
public interface IResourceWithEnvironment : IResource;

/// <summary>A resource that is started with command-line arguments.</summary>
public interface IResourceWithArgs : IResource;

/// <summary>A resource that listens on ports.</summary>
public interface IResourceWithEndpoints : IResource;

/// <summary>A resource whose start can wait for another resource.</summary>
public interface IResourceWithWaitSupport : IResource;

/// <summary>A resource that can be probed where it is published to.</summary>
[Experimental("ASPIREPROBES001")]
public interface IResourceWithProbes : IResource;

/// <summary>A resource that runs somewhere: a project, a container, an executable.</summary>
public interface IComputeResource : IResource;

/// <summary>A place that the graph is published to, as a cluster: a publisher writes for it, and no manifest lists it.</summary>
public interface IComputeEnvironmentResource : IResource;

/// <summary>A resource that lives inside another one, as a database lives in its server.</summary>
public interface IResourceWithParent : IResource
{
    /// <summary>The resource this one lives in.</summary>
    IResource Parent { get; }
}

/// <summary>A resource that lives inside a <typeparamref name="T"/>.</summary>
public interface IResourceWithParent<out T> : IResourceWithParent
    where T : IResource
{
    /// <summary>The resource this one lives in.</summary>
    new T Parent { get; }

    IResource IResourceWithParent.Parent => Parent;
}
