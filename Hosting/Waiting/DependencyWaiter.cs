using System.Globalization;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Waits until the dependencies of a resource are where it wants them.</summary>
internal sealed class DependencyWaiter(ResourceNotificationService notifications, ResourceLoggerService loggers)
{
    public async Task UntilReadyAsync(IResource resource, CancellationToken cancellationToken)
    {
        await Task.WhenAll(WaitsOf(resource).Select(wait => UntilAsync(resource, wait, cancellationToken)));
    }

    public async Task<ResourceEvent> UntilHealthyAsync(string name, WaitBehavior behavior, CancellationToken cancellationToken)
    {
        var found = await AllCopiesAsync(name, IsReady, snapshot => Refuse(name, snapshot, behavior), cancellationToken);
        foreach (var copy in found)
        {
            await copy.Snapshot.Ready!.WaitAsync(cancellationToken);
        }

        return found[0];
    }

    private static IEnumerable<WaitAnnotation> WaitsOf(IResource resource)
    {
        foreach (var wait in resource.Annotations.OfType<WaitAnnotation>())
        {
            yield return wait;

            // A database is not there before its server is.
            if (wait.WaitType != WaitType.WaitForCompletion && wait.Resource is IResourceWithParent { Parent: var parent })
            {
                yield return new WaitAnnotation(parent, wait.WaitType) { WaitBehavior = wait.WaitBehavior };
            }
        }
    }

    private async Task UntilAsync(IResource resource, WaitAnnotation wait, CancellationToken cancellationToken)
    {
        var behavior = wait.WaitBehavior ?? notifications.DefaultWaitBehavior;
        var name = wait.Resource.Name;
        switch (wait.WaitType)
        {
            case WaitType.WaitUntilStarted:
                Say($"Waiting for '{name}' to run.");
                await AllCopiesAsync(name, one => one.State?.Text == KnownResourceStates.Running, one => Refuse(name, one, behavior), cancellationToken);
                break;
            case WaitType.WaitUntilHealthy:
                Say($"Waiting for '{name}' to be healthy.");
                await UntilHealthyAsync(name, behavior, cancellationToken);
                break;
            default:
                Say($"Waiting for '{name}' to end.");
                var ended = await AllCopiesAsync(name, IsOver, _ => null, cancellationToken);
                Expect(wait, ended);
                break;
        }

        Say($"'{name}' is ready.");

        void Say(string line) => loggers.Add(resource.Name, line, isError: false);
    }

    private async Task<ResourceEvent[]> AllCopiesAsync(
        string name,
        Func<CustomResourceSnapshot, bool> wanted,
        Func<CustomResourceSnapshot, DistributedApplicationException?> refuse,
        CancellationToken cancellationToken)
    {
        var seen = new Dictionary<string, ResourceEvent>(StringComparer.OrdinalIgnoreCase);
        await notifications.WaitForResourceAsync(
            name,
            change =>
            {
                if (refuse(change.Snapshot) is { } refusal)
                {
                    throw refusal;
                }

                seen[change.ResourceId] = change;
                return InstanceNames.Of(change.Resource).All(id => seen.TryGetValue(id, out var copy) && wanted(copy.Snapshot));
            },
            cancellationToken);
        return [.. seen.Values];
    }

    private static bool IsReady(CustomResourceSnapshot snapshot) =>
        snapshot is { HealthStatus: Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy, Ready: not null };

    private static bool IsOver(CustomResourceSnapshot snapshot) => snapshot.State is { } state && KnownResourceStates.TerminalStates.Contains(state.Text);

    private static DistributedApplicationException? Refuse(string name, CustomResourceSnapshot snapshot, WaitBehavior behavior)
    {
        var gone = IsOver(snapshot) || snapshot.State?.Text == KnownResourceStates.RuntimeUnhealthy;
        return gone && behavior == WaitBehavior.StopOnResourceUnavailable
            ? new DistributedApplicationException($"Gave up waiting for '{name}': it is {snapshot.State!.Text}{WithCode(snapshot.ExitCode)}. Its log says why.")
            : null;
    }

    private static void Expect(WaitAnnotation wait, ResourceEvent[] ended)
    {
        foreach (var one in ended)
        {
            if (one.Snapshot.State!.Text == KnownResourceStates.FailedToStart || (one.Snapshot.ExitCode ?? 0) != wait.ExitCode)
            {
                throw new DistributedApplicationException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{one.ResourceId}' is {one.Snapshot.State.Text}{WithCode(one.Snapshot.ExitCode)}, but it was to end with exit code {wait.ExitCode}. Its log says why."));
            }
        }
    }

    private static string WithCode(int? exitCode) => exitCode is null ? "" : string.Create(CultureInfo.InvariantCulture, $" with exit code {exitCode}");
}
