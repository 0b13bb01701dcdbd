namespace Orrery.Builder.Reconciling;

/// <summary>Runs the loop whenever this Builder is the one that acts.</summary>
internal sealed class ReconcileService(ILeadership leadership, ReconcileLoop loop) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => leadership.RunAsync(loop.RunAsync, stoppingToken);
}
