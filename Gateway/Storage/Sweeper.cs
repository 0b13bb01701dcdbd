using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Storage;

/// <summary>Takes away what has expired, once and again. Any number of gateways may do it at once.</summary>
internal abstract class Sweeper(GatewayDatabase database, IOptions<StorageOptions> options) : BackgroundService
{
    protected abstract Task SweepOnceAsync(CancellationToken cancellationToken);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => database.RepeatAsync(options.Value.FirstLook, options.Value.SweepEvery, SweepOnceAsync, stoppingToken);
}
