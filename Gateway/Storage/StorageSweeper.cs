using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Storage;

/// <summary>Takes away what has expired, a part at a time. Any number of gateways may do it at once.</summary>
internal sealed partial class StorageSweeper(GatewayDatabase database, ResponseStore responses, IOptions<StorageOptions> options, TimeProvider time, ILogger<StorageSweeper> logger) : BackgroundService
{
    private const int AtOnce = 1_000;

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
                await SweepAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            long gone, all = 0;
            do
            {
                gone = await responses.SweepAsync(AtOnce, cancellationToken);
                all += gone;
            }
            while (gone == AtOnce);
            if (all > 0)
            {
                Log.Swept(logger, all);
            }
        }
        catch (StorageAwayException)
        {
            // Said already; the next time will do.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1031, LogLevel.Information, "Took away {Count} stored responses that had expired", EventName = "StorageSwept")]
        public static partial void Swept(ILogger logger, long count);
    }
}
