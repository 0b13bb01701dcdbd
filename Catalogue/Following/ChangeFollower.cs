using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Npgsql;
using Orrery.ServiceDefaults;

namespace Orrery.Catalogue.Following;

/// <summary>Keeps this replica's <see cref="LiveState"/> at what the store holds: woken by NOTIFY, with a poll as the net.</summary>
/// <remarks>
/// One connection does both: it waits for notifications at most <see cref="CatalogueOptions.PollInterval"/> and then asks for the
/// revision, so a lost notification costs that long and a dead connection is noticed by the question.
/// </remarks>
internal sealed partial class ChangeFollower(
    LiveState live, NpgsqlDataSource database, MigrationAtStart migration, IOptions<CatalogueOptions> options, TimeProvider time, ILogger<ChangeFollower> logger)
    : BackgroundService, IHealthCheck
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _fault;

    /// <summary>Ends when the store has been read for the first time.</summary>
    public Task Loaded => _loaded.Task;

    /// <summary>Why the store cannot be read now; <c>null</c> while it can.</summary>
    public string? Fault => _fault;

    /// <summary>Brings the state to what is committed at this moment, so that a read on any replica sees every acknowledged write.</summary>
    /// <remarks>While the store is away the state stays what it was: nobody can write then, so it is what was last acknowledged.</remarks>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        if (_fault is not null && live.IsLoaded)
        {
            return;
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await ChangeLog.CatchUpAsync(live, connection, cancellationToken);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) =>
        Task.FromResult(!live.IsLoaded
            ? HealthCheckResult.Unhealthy(_fault ?? "the resources have not been read yet")
            : _fault is { } fault
                ? HealthCheckResult.Degraded(fault + "; snapshots and reads go on from memory, writes are refused until it answers")
                : HealthCheckResult.Healthy());

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await migration.Completed.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!migration.Completed.IsCompletedSuccessfully)
        {
            return; // The migration's own health check says why.
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(stoppingToken);
            }
            catch (Exception error) when (DatabaseAway.Is(error) && !stoppingToken.IsCancellationRequested)
            {
                if (_fault is null)
                {
                    Log.Lost(logger, error.Message);
                }

                _fault = "the database does not answer: " + error.Message;
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using (var listen = new NpgsqlCommand($"LISTEN {ChangeLog.Channel}", connection))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }

        while (true)
        {
            await ChangeLog.CatchUpAsync(live, connection, cancellationToken);
            _loaded.TrySetResult();
            if (_fault is not null)
            {
                _fault = null;
                Log.Back(logger, live.State.Revision);
            }

            await connection.WaitAsync(options.Value.PollInterval, cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2101, LogLevel.Warning, "The database does not answer ({Reason}); serving from memory and trying again", EventName = "StoreLost")]
        public static partial void Lost(ILogger logger, string reason);

        [LoggerMessage(2102, LogLevel.Information, "Following the database at revision {Revision}", EventName = "StoreBack")]
        public static partial void Back(ILogger logger, long revision);
    }
}
