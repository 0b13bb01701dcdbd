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
        var request = services.GetRequiredService<PublishRequest>();
        if (request.Fault is { } fault)
        {
            throw new DistributedApplicationException(fault);
        }

        var steps = services.GetServices<IPublishStep>().ToDictionary(step => step.Name, StringComparer.Ordinal);
        if (!steps.TryGetValue(request.Step, out var step))
        {
            throw new DistributedApplicationException(
                $"--step {request.Step} is not known to the bundled host: expected {string.Join(" or ", steps.Keys.Order(StringComparer.Ordinal))}.");
        }

        var model = services.GetRequiredService<DistributedApplicationModel>();
        await services.GetRequiredService<IDistributedApplicationEventing>().PublishAsync(new BeforeStartEvent(services, model), cancellationToken);
        var outputPath = services.GetRequiredService<IConfiguration>()[PublishRequest.OutputPathKey];
        try
        {
            Console.WriteLine(await step.RunAsync(model, string.IsNullOrWhiteSpace(outputPath) ? null : outputPath, cancellationToken));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DistributedApplicationException($"The output cannot be written: {error.Message} Choose another place with --output-path.", error);
        }
    }
}
