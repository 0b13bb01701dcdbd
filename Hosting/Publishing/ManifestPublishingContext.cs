using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aspire.Hosting.Publishing;

/// <summary>Where a resource writes its part of the manifest.</summary>
/// <param name="executionContext">What is done with the graph.</param>
/// <param name="manifestPath">The file that is written; paths in it are relative to its folder.</param>
/// <param name="writer">Writes the file.</param>
/// <param name="cancellationToken">Fires when publishing is given up.</param>
public sealed class ManifestPublishingContext(
    DistributedApplicationExecutionContext executionContext, string manifestPath, Utf8JsonWriter writer, CancellationToken cancellationToken = default)
{
    /// <summary>What is done with the graph.</summary>
    public DistributedApplicationExecutionContext ExecutionContext { get; } = executionContext;

    /// <summary>The file that is written.</summary>
    public string ManifestPath { get; } = manifestPath;

    /// <summary>Writes the file.</summary>
    public Utf8JsonWriter Writer { get; } = writer;

    /// <summary>Fires when publishing is given up.</summary>
    public CancellationToken CancellationToken { get; } = cancellationToken;

    internal ManifestReferences References { get; } = new();

    /// <summary>A path relative to the manifest's folder, with slashes.</summary>
    [return: NotNullIfNotNull(nameof(path))]
    public string? GetManifestRelativePath(string? path) => path is null
        ? null
        : Path.GetRelativePath(Path.GetDirectoryName(Path.GetFullPath(ManifestPath))!, path).Replace('\\', '/');

    /// <summary>Notes what a value is made of: what is not in the graph itself gets an entry of its own.</summary>
    public void TryAddDependentResources(object? value) => References.Add(value);

    /// <summary>Writes the connection string of a resource that has one.</summary>
    public void WriteConnectionString(IResource resource)
    {
        if (resource is IResourceWithConnectionString connection)
        {
            TryAddDependentResources(connection.ConnectionStringExpression);
            Writer.WriteString("connectionString", connection.ConnectionStringExpression.ValueExpression);
        }
    }

    /// <summary>Writes where a resource listens.</summary>
    public void WriteBindings(IResource resource)
    {
        if (!resource.TryGetEndpoints(out var endpoints))
        {
            return;
        }

        Writer.WriteStartObject("bindings");
        foreach (var endpoint in endpoints)
        {
            // A project listens where it is told; a container says itself.
            var target = endpoint.TargetPort ?? (resource is ProjectResource ? null : endpoint.Port);
            Writer.WriteStartObject(endpoint.Name);
            Writer.WriteString("scheme", endpoint.UriScheme);
            Writer.WriteString("protocol", endpoint.Protocol == System.Net.Sockets.ProtocolType.Udp ? "udp" : "tcp");
            Writer.WriteString("transport", endpoint.Transport);
            WriteNumber("port", endpoint.Port == target ? null : endpoint.Port);
            WriteNumber("targetPort", target);
            if (endpoint.IsExternal)
            {
                Writer.WriteBoolean("external", true);
            }

            Writer.WriteEndObject();
        }

        Writer.WriteEndObject();

        void WriteNumber(string name, int? number)
        {
            if (number is { } value)
            {
                Writer.WriteNumber(name, value);
            }
        }
    }

    /// <summary>Writes a resource's variables.</summary>
    public async Task WriteEnvironmentVariablesAsync(IResource resource)
    {
        var variables = await ResolvedConfiguration.VariablesAsync(resource, ExecutionContext, NullLogger.Instance, CancellationToken);
        if (variables.Count == 0)
        {
            return;
        }

        Writer.WriteStartObject("env");
        foreach (var (name, value) in variables)
        {
            Writer.WriteString(name, References.ExpressionOf(resource, $"variable {name}", value));
        }

        Writer.WriteEndObject();
    }

    /// <summary>Writes a resource's arguments.</summary>
    public async Task WriteCommandLineArgumentsAsync(IResource resource)
    {
        var arguments = await ResolvedConfiguration.ArgumentsAsync(resource, ExecutionContext, NullLogger.Instance, CancellationToken);
        if (arguments.Count == 0)
        {
            return;
        }

        Writer.WriteStartArray("args");
        for (var i = 0; i < arguments.Count; i++)
        {
            Writer.WriteStringValue(References.ExpressionOf(resource, FormattableString.Invariant($"argument {i + 1}"), arguments[i]));
        }

        Writer.WriteEndArray();
    }

    /// <summary>Writes all that a manifest says of a container.</summary>
    /// <exception cref="DistributedApplicationException">It has no image.</exception>
    public async Task WriteContainerAsync(ContainerResource container)
    {
        if (!container.TryGetContainerImageName(out var image))
        {
            throw new DistributedApplicationException($"Container '{container.Name}' has no image: call WithImage.");
        }

        Writer.WriteString("type", "container.v0");
        WriteConnectionString(container);
        Writer.WriteString("image", image);
        if (container.Entrypoint is not null)
        {
            Writer.WriteString("entrypoint", container.Entrypoint);
        }

        await WriteCommandLineArgumentsAsync(container);
        WriteMounts(container, "bindMounts", ContainerMountType.BindMount, "source", GetManifestRelativePath);
        WriteMounts(container, "volumes", ContainerMountType.Volume, "name", name => name);
        await WriteEnvironmentVariablesAsync(container);
        WriteBindings(container);
    }

    private void WriteMounts(ContainerResource container, string property, ContainerMountType type, string sourceName, Func<string?, string?> sourceOf)
    {
        var mounts = container.Annotations.OfType<ContainerMountAnnotation>().Where(mount => mount.Type == type).ToList();
        if (mounts.Count == 0)
        {
            return;
        }

        Writer.WriteStartArray(property);
        foreach (var mount in mounts)
        {
            Writer.WriteStartObject();
            if (sourceOf(mount.Source) is { } source)
            {
                Writer.WriteString(sourceName, source);
            }

            Writer.WriteString("target", mount.Target);
            Writer.WriteBoolean("readOnly", mount.IsReadOnly);
            Writer.WriteEndObject();
        }

        Writer.WriteEndArray();
    }
}
