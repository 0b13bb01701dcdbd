using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orrery.Gateway.Quota;
using StackExchange.Redis;

namespace Orrery.Tests.Gateway.Quota;

/// <summary>One gateway replica's side of the limits, with a connection of its own.</summary>
internal sealed class Replica : IAsyncDisposable
{
    private readonly ConnectionMultiplexer? _redis;

    public Replica(RedisInstance? redis, QuotaOptions options, TimeProvider? time = null)
    {
        var services = new ServiceCollection();
        if (redis is not null)
        {
            _redis = ConnectionMultiplexer.Connect($"{redis.Address},abortConnect=false,connectTimeout=1000,connectRetry=1");
            services.AddSingleton<IConnectionMultiplexer>(_redis);
        }

        var wrapped = Options.Create(options);
        Local = new LocalLimits(wrapped, time ?? TimeProvider.System);
        Credits = new Credits(Local, wrapped, time ?? TimeProvider.System);
        Redis = new RedisQuota(services.BuildServiceProvider(), Credits, wrapped, time ?? TimeProvider.System, NullLogger<RedisQuota>.Instance);
        Store = new QuotaStore(Redis, Local, Credits);
        Keeper = new LeaseKeeper(Redis, Local, Credits, wrapped, time ?? TimeProvider.System, NullLogger<LeaseKeeper>.Instance);
    }

    public LocalLimits Local { get; }

    public Credits Credits { get; }

    public RedisQuota Redis { get; }

    public QuotaStore Store { get; }

    public LeaseKeeper Keeper { get; }

    /// <summary>Options for tests of what is counted, on machines that are busy: the deadline is tested elsewhere.</summary>
    public static QuotaOptions Patient => new() { RedisDeadline = TimeSpan.FromSeconds(30), Heartbeat = TimeSpan.FromMilliseconds(50) };

    public static async Task<Replica> StartAsync(RedisInstance redis, QuotaOptions? options = null)
    {
        var replica = new Replica(redis, options ?? Patient);
        await replica.Keeper.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.Holds(() => replica.Redis.IsUsable);
        return replica;
    }

    public async ValueTask DisposeAsync()
    {
        await Keeper.StopAsync(CancellationToken.None);
        Keeper.Dispose();
        _redis?.Dispose();
    }
}
