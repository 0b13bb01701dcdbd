using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>What the command line asks for: to run the graph, or to write it out by a step.</summary>
/// <param name="Operation">Run or publish.</param>
/// <param name="PublisherName">Who publishes; empty when the graph runs.</param>
/// <param name="Step">The step that writes the graph; empty when it runs.</param>
/// <param name="Fault">What is wrong with the request; null: nothing.</param>
internal sealed record PublishRequest(DistributedApplicationOperation Operation, string PublisherName, string Step, string? Fault)
{
    public const string ManifestStep = "publish-manifest";
    public const string ChartStep = "publish";
    public const string StepKey = "Pipeline:Step";
    public const string OutputPathKey = "Pipeline:OutputPath";

    private const string ManifestPublisher = "manifest";
    private const string DefaultPublisher = "default";

    /// <summary>A wrong request counts as publishing, so that nothing starts; <see cref="Fault"/> is reported when the application does.</summary>
    public static PublishRequest Of(IConfiguration configuration)
    {
        var publisher = Text(configuration, "Publishing:Publisher")?.ToLowerInvariant();
        var operation = Text(configuration, "AppHost:Operation")?.ToLowerInvariant();
        var step = Text(configuration, StepKey);
        return (operation, publisher, step) switch
        {
            (null or "run", null, null) => new(DistributedApplicationOperation.Run, "", "", null),
            (not (null or "run" or "publish"), _, _) => Wrong($"--operation {operation} is not known: expected run or publish."),
            (_, not (null or ManifestPublisher or DefaultPublisher), _) =>
                Wrong($"--publisher {publisher} is not known: expected manifest, or --operation publish without --publisher for a Helm chart."),
            ("run", not null, _) => Wrong($"--operation run and --publisher {publisher} exclude each other: leave one of them out."),
            (null or "run", null, not null) => Wrong($"--step {step} is a step of publishing: add --operation publish."),
            (_, ManifestPublisher, _) => new(DistributedApplicationOperation.Publish, publisher, step ?? ManifestStep, null),
            _ => new(DistributedApplicationOperation.Publish, publisher ?? ManifestPublisher, step ?? ChartStep, null),
        };
    }

    private static PublishRequest Wrong(string fault) => new(DistributedApplicationOperation.Publish, ManifestPublisher, "", fault);

    private static string? Text(IConfiguration configuration, string key) => configuration[key] is { Length: > 0 } text ? text : null;
}
