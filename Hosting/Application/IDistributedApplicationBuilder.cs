using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>The graph while it is being written.</summary>
public interface IDistributedApplicationBuilder
{
    /// <summary>The AppHost's configuration: appsettings, environment, command line.</summary>
    ConfigurationManager Configuration { get; }

    /// <summary>The folder that relative paths are taken from.</summary>
    string AppHostDirectory { get; }

    /// <summary>The AppHost's assembly, if known.</summary>
    Assembly? AppHostAssembly { get; }

    /// <summary>Development, Production…</summary>
    IHostEnvironment Environment { get; }

    /// <summary>The services of the host itself.</summary>
    IServiceCollection Services { get; }

    /// <summary>The events of the graph's life.</summary>
    IDistributedApplicationEventing Eventing { get; }

    /// <summary>Run or publish.</summary>
    DistributedApplicationExecutionContext ExecutionContext { get; }

    /// <summary>The resources so far.</summary>
    IResourceCollection Resources { get; }

    /// <summary>Adds a resource.</summary>
    /// <exception cref="DistributedApplicationException">There is one of this name already.</exception>
    IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource;

    /// <summary>A builder of a resource without adding it.</summary>
    IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource;

    /// <summary>The application, ready to start.</summary>
    DistributedApplication Build();
}

/// <summary>Finds resources that are in the graph already.</summary>
public static class DistributedApplicationBuilderExtensions
{
    /// <summary>A builder of the resource called <paramref name="name"/>.</summary>
    /// <exception cref="InvalidOperationException">There is none of this name and type.</exception>
    public static IResourceBuilder<T> CreateResourceBuilder<T>(this IDistributedApplicationBuilder builder, string name)
        where T : IResource => builder.TryCreateResourceBuilder<T>(name, out var found)
        ? found
        : throw new InvalidOperationException($"The graph has no {typeof(T).Name} called '{name}'.");

    /// <summary>A builder of the resource called <paramref name="name"/>; false when there is none of this name and type.</summary>
    public static bool TryCreateResourceBuilder<T>(
        this IDistributedApplicationBuilder builder,
        string name,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IResourceBuilder<T>? resourceBuilder)
        where T : IResource
    {
        resourceBuilder = builder.Resources.TryGetByName(name, out var resource) && resource is T found ? builder.CreateResourceBuilder(found) : null;
        return resourceBuilder is not null;
    }
}
