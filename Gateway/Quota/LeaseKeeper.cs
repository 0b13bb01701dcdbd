using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Quota;

/// <summary>
/// In the background: tells Redis that this replica lives and hears how many do, renews what is under way, and, when Redis has been away, first puts
/// back there what is under way and only then lets requests ask it again.
/// </summary>
internal sealed class LeaseKeeper(QuotaStore store, RedisQuota redis, LocalLimits local, IOptions<QuotaOptions> options, TimeProvider time) : BackgroundService
{
    private readonly string _replica = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
    private long _renewed;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // Connecting blocks, and the host waits for whatever runs before the first await.
        using var timer = new PeriodicTimer(options.Value.Heartbeat, time);
        var isShared = redis.Connect();
        do
        {
            local.Forget();
            if (isShared)
            {
                await BeatAsync();
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
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
            var places = store.UnderWay
                .SelectMany(reservation => reservation.Limits.Where(limit => limit.IsConcurrency).Select(limit => (limit, reservation.LeaseId)))
                .ToList();
            if (!await redis.RenewAsync(places))
            {
                return;
            }

            _renewed = time.GetTimestamp();
            redis.Return();
        }
    }
}
