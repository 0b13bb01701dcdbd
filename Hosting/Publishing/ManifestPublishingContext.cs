using System.Text.Json;

namespace Aspire.Hosting.Publishing;

/// <summary>Where a resource writes its part of the manifest.</summary>
/// <remarks>The bundled host writes no manifest yet; this is what a <see cref="ApplicationModel.ParameterDefault"/> needs to say how it is made.</remarks>
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
}
