using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>Whether the command line asks to write the graph out instead of running it.</summary>
internal static class PublishRequest
{
    public static DistributedApplicationExecutionContext ContextOf(IConfiguration configuration)
    {
        var publisher = configuration["Publishing:Publisher"];
        var operation = configuration["AppHost:Operation"];
        if (string.IsNullOrEmpty(publisher) && (string.IsNullOrEmpty(operation) || string.Equals(operation, "run", StringComparison.OrdinalIgnoreCase)))
        {
            return new(DistributedApplicationOperation.Run);
        }

        return string.IsNullOrEmpty(operation) || string.Equals(operation, "publish", StringComparison.OrdinalIgnoreCase)
            ? new(DistributedApplicationOperation.Publish, publisher ?? "manifest")
            : throw new DistributedApplicationException($"--operation {operation} is not known: expected run or publish.");
    }
}
