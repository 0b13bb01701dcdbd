using System.Text.Json;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Publishing;

/// <summary>Writes the graph as Aspire's manifest.</summary>
internal sealed class ManifestStep(DistributedApplicationExecutionContext execution) : IPublishStep
{
    private const string FileName = "aspire-manifest.json";

    public string Name => PublishRequest.ManifestStep;

    public async Task<string> RunAsync(DistributedApplicationModel model, string? outputPath, CancellationToken cancellationToken)
    {
        var path = PathOf(outputPath ?? throw new DistributedApplicationException(
            $"The step {Name} needs --output-path: a file that ends in .json, or a folder, which then holds {FileName}."));
        using var text = new MemoryStream();
        await using var json = new Utf8JsonWriter(text, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        var manifest = new ManifestWriter(new ManifestPublishingContext(execution, path, json, cancellationToken));
        var resources = await manifest.WriteAsync(model);
        await json.FlushAsync(cancellationToken);
        text.WriteByte((byte)'\n');
        Replace(path, text.ToArray());
        return FormattableString.Invariant($"Wrote {Path.GetFileName(path)} ({resources} resources)");
    }

    private static string PathOf(string outputPath)
    {
        var path = Path.GetFullPath(outputPath);
        return path.EndsWith(".json", StringComparison.Ordinal) ? path : Path.Combine(path, FileName);
    }

    /// <summary>Whole or not at all: whoever reads the file meanwhile finds the former one.</summary>
    private static void Replace(string path, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var draft = $"{path}.{Path.GetRandomFileName()}";
        try
        {
            File.WriteAllBytes(draft, content);
            File.Move(draft, path, overwrite: true);
        }
        finally
        {
            File.Delete(draft);
        }
    }
}
