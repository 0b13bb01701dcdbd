using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Storage;

/// <summary>Takes away what has expired, once and again. Any number of gateways may do it at once.</summary>
internal abstract class Sweeper(GatewayDatabase database, IOptions<StorageOptions> options, TimeProvider time) : BackgroundService
{
    protected abstract Task SweepOnceAsync(CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!database.IsConfigured)
        {
            return;
        }

        using var timer = new PeriodicTimer(options.Value.SweepEvery, time);
        try
        {
            await database.WaitForUseAsync(options.Value.FirstLook, stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            await SweepOnceAsync(cancellationToken);
        }
        catch (StorageAwayException)
        {
            // Said already; the next time will do.
        }
    }
}
