using Orrery.Builder.Builds;

namespace Orrery.Builder.Reconciling;

/// <summary>Runs the loops whenever this Builder is the one that acts.</summary>
internal sealed class ReconcileService(ILeadership leadership, ReconcileLoop deployments, BuildLoop builds) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => leadership.RunAsync(RunAsync, stoppingToken);

    /// <summary>The first that fails takes the other with it, so that nothing half works.</summary>
    private async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] loops = [deployments.RunAsync(ending.Token), builds.RunAsync(ending.Token)];
        var first = await Task.WhenAny(loops);
        await ending.CancelAsync();
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }
}
