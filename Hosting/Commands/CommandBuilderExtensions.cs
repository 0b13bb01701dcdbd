using System.Runtime.CompilerServices;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static partial class ResourceBuilderExtensions
{
    /// <summary>Adds a command, or replaces the one of this name.</summary>
    [OverloadResolutionPriority(1)]
    public static IResourceBuilder<T> WithCommand<T>(
        this IResourceBuilder<T> builder,
        string name,
        string displayName,
        Func<ExecuteCommandContext, Task<ExecuteCommandResult>> executeCommand,
        CommandOptions? commandOptions = null)
        where T : IResource
    {
        foreach (var former in builder.Resource.Annotations.OfType<ResourceCommandAnnotation>().Where(one => one.Name == name).ToList())
        {
            builder.Resource.Annotations.Remove(former);
        }

        var updateState = commandOptions?.UpdateState ?? (_ => ResourceCommandState.Enabled);
        return builder.WithAnnotation(new ResourceCommandAnnotation(name, displayName, updateState, executeCommand));
    }
}
