using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Does to resources what their commands say.</summary>
public class ResourceCommandService
{
    private readonly IServiceProvider _services;

    internal ResourceCommandService(IServiceProvider services) => _services = services;

    /// <summary>Calls a command on every copy of a resource.</summary>
    public async Task<ExecuteCommandResult> ExecuteCommandAsync(IResource resource, string commandName, CancellationToken cancellationToken = default)
    {
        foreach (var instance in InstanceNames.Of(resource))
        {
            var result = await ExecuteAsync(resource, instance, commandName, cancellationToken);
            if (!result.Success)
            {
                return result;
            }
        }

        return CommandResults.Success();
    }

    /// <summary>Calls a command on one copy of a resource (<c>gateway-2</c>), or on all of them by the resource's name.</summary>
    public Task<ExecuteCommandResult> ExecuteCommandAsync(string resourceId, string commandName, CancellationToken cancellationToken = default)
    {
        var model = _services.GetRequiredService<DistributedApplicationModel>();
        if (model.Resources.TryGetByName(resourceId, out var resource))
        {
            return ExecuteCommandAsync(resource, commandName, cancellationToken);
        }

        var owner = model.Resources.FirstOrDefault(one => InstanceNames.Of(one).Contains(resourceId, StringComparer.OrdinalIgnoreCase));
        return owner is null
            ? Task.FromResult(CommandResults.Failure($"There is no resource '{resourceId}'."))
            : ExecuteAsync(owner, resourceId, commandName, cancellationToken);
    }

    private async Task<ExecuteCommandResult> ExecuteAsync(IResource resource, string instance, string commandName, CancellationToken cancellationToken)
    {
        var command = resource.Annotations.OfType<ResourceCommandAnnotation>().FirstOrDefault(one => Is(one.Name, commandName));
        if (command is null)
        {
            return CommandResults.Failure($"Resource '{resource.Name}' has no command '{commandName}'.");
        }

        var logger = _services.GetRequiredService<ResourceLoggerService>().GetLogger(instance);
        try
        {
            return await command.ExecuteCommand(new ExecuteCommandContext
            {
                Services = _services,
                ResourceName = instance,
                CancellationToken = cancellationToken,
                Logger = logger,
            });
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return CommandResults.Canceled();
        }
        catch (DistributedApplicationException error)
        {
            return CommandResults.Failure(error.Message);
        }
    }

    // "start" is what people write for "resource-start".
    private static bool Is(string name, string called) =>
        string.Equals(name, called, StringComparison.OrdinalIgnoreCase) || string.Equals(name, "resource-" + called, StringComparison.OrdinalIgnoreCase);
}
