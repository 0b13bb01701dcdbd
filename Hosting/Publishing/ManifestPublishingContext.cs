using System.Diagnostics.CodeAnalysis;
using System.Globalization;
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
    private readonly ManifestPorts _ports = new();
    private ManifestReferences? _references;

    /// <summary>What is done with the graph.</summary>
    public DistributedApplicationExecutionContext ExecutionContext { get; } = executionContext;

    /// <summary>The file that is written.</summary>
    public string ManifestPath { get; } = manifestPath;

    /// <summary>Writes the file.</summary>
    public Utf8JsonWriter Writer { get; } = writer;

    /// <summary>Fires when publishing is given up.</summary>
    public CancellationToken CancellationToken { get; } = cancellationToken;

    /// <summary>What the entries written so far refer to.</summary>
    internal ManifestReferences References => _references ??= new(this);

    /// <summary>Whose entry is being written.</summary>
    internal IResource? Current { get; set; }

    /// <summary>Where mistakes of the graph are collected; null: the first one is thrown.</summary>
    internal List<string>? Mistakes { get; set; }

    /// <summary>The path as it is seen from the manifest's folder, with <c>/</c> between its parts.</summary>
    [return: NotNullIfNotNull(nameof(path))]
    public string? GetManifestRelativePath(string? path) => path is null
        ? null
        : Path.GetRelativePath(Path.GetDirectoryName(Path.GetFullPath(ManifestPath))!, path.Replace('\\', '/')).Replace('\\', '/');

    /// <summary>Sees to it that whatever <paramref name="value"/> refers to is in the manifest as well.</summary>
    public void TryAddDependentResources(object? value) => References.Add(value);

    /// <summary>Writes <c>bindings</c>: where the resource listens.</summary>
    public void WriteBindings(IResource resource)
    {
        if (!resource.TryGetEndpoints(out var endpoints))
        {
            return;
        }

        Writer.WriteStartObject("bindings");
        foreach (var (endpoint, port, targetPort) in _ports.Of(resource, endpoints))
        {
            CheckTransport(resource, endpoint);
            Writer.WriteStartObject(endpoint.Name);
            Writer.WriteString("scheme", endpoint.UriScheme);
            Writer.WriteString("protocol", endpoint.Protocol.ToString().ToLowerInvariant());
            Writer.WriteString("transport", endpoint.Transport);
            WriteNumber("port", port == targetPort ? null : port);
            WriteNumber("targetPort", targetPort);
            if (endpoint.IsExternal)
            {
                Writer.WriteBoolean("external", true);
            }

            Writer.WriteEndObject();
        }

        Writer.WriteEndObject();
    }

    /// <summary>Writes <c>args</c>.</summary>
    public async Task WriteCommandLineArgumentsAsync(IResource resource)
    {
        var arguments = await GatherAsync(resource, "arguments", () =>
            ResolvedConfiguration.ArgumentsAsync(resource, ExecutionContext, NullLogger.Instance, CancellationToken)) ?? [];
        if (arguments.Count == 0)
        {
            return;
        }

        Writer.WriteStartArray("args");
        for (var i = 0; i < arguments.Count; i++)
        {
            if (TextOf(arguments[i], resource, string.Create(CultureInfo.InvariantCulture, $"Argument {i + 1}")) is { } text)
            {
                Writer.WriteStringValue(text);
            }
        }

        Writer.WriteEndArray();
    }

    /// <summary>Writes <c>env</c>: environment variables.</summary>
    public async Task WriteEnvironmentVariablesAsync(IResource resource)
    {
        var variables = await GatherAsync(resource, "environment variables", () =>
            ResolvedConfiguration.VariablesAsync(resource, ExecutionContext, NullLogger.Instance, CancellationToken)) ?? [];
        if (variables.Count == 0)
        {
            return;
        }

        Writer.WriteStartObject("env");
        foreach (var (name, value) in variables)
        {
            if (TextOf(value, resource, $"Environment variable {name}") is { } text)
            {
                Writer.WriteString(name, text);
            }
        }

        Writer.WriteEndObject();
    }

    /// <summary>Writes <c>connectionString</c> where the resource has one.</summary>
    public void WriteConnectionString(IResource resource)
    {
        if (resource is IResourceWithConnectionString { ConnectionStringExpression: { } connectionString })
        {
            TryAddDependentResources(connectionString);
            Writer.WriteString("connectionString", connectionString.ValueExpression);
        }
    }

    /// <summary>Writes the whole entry of a container.</summary>
    public async Task WriteContainerAsync(ContainerResource container)
    {
        if (!container.TryGetContainerImageName(out var image))
        {
            Report($"Container '{container.Name}' has no image: call WithImage.");
        }

        Writer.WriteString("type", "container.v0");
        WriteConnectionString(container);
        Writer.WriteString("image", image);
        if (container.Entrypoint is not null)
        {
            Writer.WriteString("entrypoint", container.Entrypoint);
        }

        await WriteCommandLineArgumentsAsync(container);
        ManifestMounts.Write(this, container);
        await WriteEnvironmentVariablesAsync(container);
        WriteBindings(container);
    }

    /// <summary>Takes note of a mistake in the graph.</summary>
    /// <exception cref="DistributedApplicationException">Nobody collects them.</exception>
    internal void Report(string mistake, Exception? cause = null)
    {
        if (Mistakes is null)
        {
            throw new DistributedApplicationException(mistake, cause!);
        }

        if (!Mistakes.Contains(mistake))
        {
            Mistakes.Add(mistake);
        }
    }

    // What the AppHost's own callbacks throw is a mistake of the graph like any other.
    private async Task<T?> GatherAsync<T>(IResource resource, string what, Func<Task<T>> gather)
        where T : class
    {
        try
        {
            return await gather();
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            Report($"The {what} of resource '{resource.Name}' cannot be found out: {error.Message}", error);
            return null;
        }
    }

    private string? TextOf(object? value, IResource resource, string what)
    {
        var provider = value is IResourceBuilder<IResource> builder ? builder.Resource : value;
        if (provider is IValueProvider and not IManifestExpressionProvider)
        {
            Report($"{what} of resource '{resource.Name}' is a {provider.GetType().Name}, which has no placeholder: expected an IManifestExpressionProvider.");
            return null;
        }

        TryAddDependentResources(provider);
        return provider switch
        {
            string text => text,
            IManifestExpressionProvider expression => expression.ValueExpression,
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => provider?.ToString(),
        };
    }

    private void CheckTransport(IResource resource, EndpointAnnotation endpoint)
    {
        if (endpoint.Transport is not ("http" or "http2" or "tcp"))
        {
            Report($"Endpoint '{endpoint.Name}' of resource '{resource.Name}' has the transport '{endpoint.Transport}', which a manifest does not know: "
                + "set its Transport to http, http2 or tcp.");
        }
    }

    private void WriteNumber(string name, int? number)
    {
        if (number is { } value)
        {
            Writer.WriteNumber(name, value);
        }
    }
}
