namespace Orrery.Builder.Reconciling;

/// <summary>Runs the loop for as long as the service lives.</summary>
internal sealed class ReconcileService(ReconcileLoop loop) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => loop.RunAsync(stoppingToken);
}
