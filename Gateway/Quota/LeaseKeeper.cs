using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Quota;

/// <summary>
/// In the background: tells Redis that this replica lives and hears how many do, renews what is under way, and, when Redis has been away, first puts
/// back there what is under way and only then lets requests ask it again.
/// </summary>
internal sealed partial class LeaseKeeper(
    RedisQuota redis, LocalLimits local, Credits credits, IOptions<QuotaOptions> options, TimeProvider time, ILogger<LeaseKeeper> logger) : BackgroundService
{
    private readonly string _replica = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
    private long _renewed;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // Connecting blocks, and the host waits for whatever runs before the first await.
        using var timer = new PeriodicTimer(options.Value.Heartbeat, time);
        do
        {
            try
            {
                local.Forget();
                credits.Forget();
                if (redis.Connect())
                {
                    await BeatAsync();
                }
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                Log.Failed(logger, error); // The gateway answers on, by its share.
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>What lies here unused is given back, so that other replicas need not wait until it lapses.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (redis.IsUsable && credits.Due(isAll: true) is { } corrections)
        {
            await redis.CorrectAsync(corrections);
        }
    }

    private async Task BeatAsync()
    {
        if (await redis.BeatAsync(_replica) is not { } replicas)
        {
            return;
        }

        local.Replicas = replicas;
        var isDue = time.GetElapsedTime(_renewed) > options.Value.Lease / 3;
        if (!redis.IsUsable || isDue)
        {
            if (!await redis.RenewAsync(credits.Places()))
            {
                return;
            }

            _renewed = time.GetTimestamp();
            redis.Return();
        }

        if (credits.Due() is { } corrections)
        {
            await redis.CorrectAsync(corrections);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(603, LogLevel.Warning, "Redis cannot be asked about limits: they are kept by this replica's share", EventName = "RedisUnusable")]
        public static partial void Failed(ILogger logger, Exception error);
    }
}
