using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Publishing;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Kubernetes;

/// <summary>Writes a Helm chart for each cluster of the graph.</summary>
internal sealed class ChartStep(DistributedApplicationExecutionContext execution, ILogger<ChartStep> logger) : IPublishStep
{
    private const string DefaultOutput = "aspire-output";

    public string Name => "publish";

    public async Task<string> RunAsync(DistributedApplicationModel model, string? outputPath, CancellationToken cancellationToken)
    {
        var environments = model.Resources.OfType<KubernetesEnvironmentResource>().ToList();
        if (environments.Count == 0)
        {
            throw new DistributedApplicationException("The graph has no Kubernetes environment to be published to: call AddKubernetesEnvironment in the AppHost.");
        }

        var output = Path.GetFullPath(outputPath ?? DefaultOutput);
        var written = new List<string>();
        foreach (var environment in environments)
        {
            // Several clusters get a folder each.
            var folder = environments.Count == 1 ? output : Path.Combine(output, environment.Name);
            var files = await new ChartWriter(environment, execution, DefaultName(), logger).WriteAsync(model.Resources, cancellationToken);
            ChartFolder.Write(folder, files);
            written.Add(FormattableString.Invariant($"Wrote the Helm chart to {folder} ({files.Count} files)."));
        }

        return string.Join('\n', written);
    }

    private static string DefaultName() =>
        (System.Reflection.Assembly.GetEntryAssembly()?.GetName().Name ?? "app").ToLowerInvariant().Replace('.', '-').Replace('_', '-');
}

/// <summary>The folder of a chart on disk.</summary>
internal static class ChartFolder
{
    private const string Draft = ".draft";

    /// <summary>Replaces the chart at <paramref name="path"/> whole: templates of an earlier one that are no longer written would still be installed.</summary>
    /// <exception cref="DistributedApplicationException">There is something else, which is left alone.</exception>
    public static void Write(string path, IReadOnlyList<ChartFile> files)
    {
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any() && !File.Exists(Path.Combine(path, "Chart.yaml")))
        {
            throw new DistributedApplicationException($"{path} holds something that is no Helm chart, and stays as it is: choose an empty folder with --output-path.");
        }

        if (File.Exists(path))
        {
            throw new DistributedApplicationException($"{path} is a file, and stays as it is: choose a folder with --output-path.");
        }

        var draft = path.TrimEnd(Path.DirectorySeparatorChar) + Draft;
        if (Directory.Exists(draft))
        {
            Directory.Delete(draft, recursive: true);
        }

        try
        {
            foreach (var file in files)
            {
                var target = Path.Combine(draft, file.Path);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.WriteAllText(target, file.Text);
            }

            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }

            Directory.Move(draft, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (Directory.Exists(draft))
            {
                Directory.Delete(draft, recursive: true);
            }

            throw new DistributedApplicationException($"{path} cannot be written: {error.Message}", error);
        }
    }
}
