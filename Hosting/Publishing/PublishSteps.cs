using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.Publishing;

/// <summary>Something that the graph can be written out as.</summary>
internal interface IPublishStep
{
    /// <summary>As <c>--step</c> names it.</summary>
    string Name { get; }

    /// <summary>Writes the graph to <paramref name="outputPath"/>, or where it goes when nobody says.</summary>
    /// <returns>What was written, in one line.</returns>
    /// <exception cref="DistributedApplicationException">The graph cannot be written so; the message lists everything that is wrong.</exception>
    Task<string> RunAsync(DistributedApplicationModel model, string? outputPath, CancellationToken cancellationToken);
}

/// <summary>Publish mode: one step writes the graph out, nothing is started.</summary>
internal static class PublishSteps
{
    public static async Task RunAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var configuration = services.GetRequiredService<IConfiguration>();
        var wanted = StepOf(configuration);
        var steps = services.GetServices<IPublishStep>().ToDictionary(step => step.Name, StringComparer.Ordinal);
        if (!steps.TryGetValue(wanted, out var step))
        {
            throw new DistributedApplicationException($"--step {wanted} is not known to the bundled host: expected {string.Join(" or ", steps.Keys.Order(StringComparer.Ordinal))}.");
        }

        var model = services.GetRequiredService<DistributedApplicationModel>();
        await services.GetRequiredService<IDistributedApplicationEventing>().PublishAsync(new BeforeStartEvent(services, model), cancellationToken);
        try
        {
            Console.WriteLine(await step.RunAsync(model, configuration["Pipeline:OutputPath"], cancellationToken));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DistributedApplicationException($"The output cannot be written: {error.Message} Choose another place with --output-path.", error);
        }
    }

    // --publisher manifest alone is enough; --operation publish alone means the chart.
    private static string StepOf(IConfiguration configuration)
    {
        if (configuration["Pipeline:Step"] is { Length: > 0 } step)
        {
            return step;
        }

        return configuration["Publishing:Publisher"] switch
        {
            "manifest" => "publish-manifest",
            null or "" or "default" => "publish",
            var other => throw new DistributedApplicationException($"--publisher {other} is not known to the bundled host: expected manifest."),
        };
    }
}
