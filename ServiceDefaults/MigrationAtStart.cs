using System.Net.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Orrery.ServiceDefaults;

/// <summary>
/// Migrates when the service starts and goes on trying while the database is away, so that neither the order of start nor an
/// outage decides whether the service comes up. Until then it is unready and says why.
/// </summary>
public sealed partial class MigrationAtStart(Migrator migrator, TimeProvider time, ILogger<MigrationAtStart> logger) : BackgroundService, IHealthCheck
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string _state = "the schema has not been checked yet";
    private volatile bool _hasFailed;

    /// <summary>Ends when the schema is that of this release; fails with <see cref="MigrationException"/> when it cannot be.</summary>
    public Task Completed => _done.Task;

    /// <summary>The last try failed.</summary>
    public bool IsFailing => _hasFailed && !_done.Task.IsCompletedSuccessfully;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) =>
        Task.FromResult(_done.Task.IsCompletedSuccessfully ? HealthCheckResult.Healthy() : new HealthCheckResult(context.Registration.FailureStatus, _state));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!_done.Task.IsCompleted)
        {
            try
            {
                await migrator.MigrateAsync(stoppingToken);
                _done.SetResult();
            }
            catch (MigrationException error)
            {
                (_state, _hasFailed) = (error.Message, true);
                _done.SetException(error);
                Log.Impossible(logger, error);
            }
            catch (Exception error) when (error is NpgsqlException or SocketException or TimeoutException && !stoppingToken.IsCancellationRequested)
            {
                (_state, _hasFailed) = ("the database does not answer: " + error.Message, true);
                Log.Waiting(logger, error.Message);
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(111, LogLevel.Warning, "The database does not answer yet ({Reason}); trying again", EventName = "DatabaseAway")]
        public static partial void Waiting(ILogger logger, string reason);

        [LoggerMessage(112, LogLevel.Error, "The database cannot be migrated; the service stays unready", EventName = "MigrationImpossible")]
        public static partial void Impossible(ILogger logger, Exception error);
    }
}
