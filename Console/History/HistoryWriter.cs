using System.Net.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Npgsql;
using Orrery.ServiceDefaults;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.History;

/// <summary>Brings to the database what waits for it, and takes out of it what is too old. While the database is away, what has come waits.</summary>
internal sealed partial class HistoryWriter(
    HistoryQueue queue, HistoryTables tables, MetricStore metrics, MigrationAtStart migration, IOptions<HistoryOptions> options, TimeProvider time, ILogger<HistoryWriter> logger)
    : BackgroundService, IHealthCheck
{
    private const int Batch = 5_000;

    /// <summary>What comes within it goes together.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan PauseWhenAway = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CleanEvery = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan PatienceAtTheEnd = TimeSpan.FromSeconds(3);
    private readonly TimeSpan _keep = options.Value.KeepFor ?? throw new InvalidOperationException("The history is off.");
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private volatile bool _isAway;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await migration.Completed.WaitAsync(stoppingToken);
        }
        catch (MigrationException)
        {
            return; // Said already, and the health check goes on saying it.
        }

        await Task.WhenAll(WriteAsync(stoppingToken), NoteMetricsAsync(stoppingToken), CleanAsync(stoppingToken));
    }

    private async Task WriteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await queue.ArrivalAsync(stoppingToken);
                await Task.Delay(Gathering, time, stoppingToken);
                await WriteBatchAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await WriteRestAsync();
        }
    }

    private async Task WriteBatchAsync(CancellationToken cancellationToken)
    {
        var (spans, logs) = queue.Take(Batch);
        await WriteAsync(spans, logs, cancellationToken);
    }

    /// <summary>What the database refuses is tried in halves, so that one item it cannot hold takes no other with it.</summary>
    private async Task WriteAsync(List<Span> spans, List<LogRecord> logs, CancellationToken cancellationToken)
    {
        var (all, written) = (spans.Count + logs.Count, 0);
        try
        {
            if (await TryUntilDoneAsync(async token => written = await tables.WriteAsync(spans, logs, Oldest, token), isLast: all == 1, cancellationToken) || all < 2)
            {
                queue.Settle(written, all - written);
                return;
            }
        }
        catch (OperationCanceledException)
        {
            queue.Settle(0, all);
            throw;
        }

        await WriteAsync(spans[..(spans.Count / 2)], logs[..(logs.Count / 2)], cancellationToken);
        await WriteAsync(spans[(spans.Count / 2)..], logs[(logs.Count / 2)..], cancellationToken);
    }

    private async Task WriteRestAsync()
    {
        using var patience = new CancellationTokenSource(PatienceAtTheEnd, time);
        try
        {
            while (queue.Counts.Waiting > 0 && !_isAway)
            {
                await WriteBatchAsync(patience.Token);
            }
        }
        catch (OperationCanceledException)
        {
            Log.LeftBehind(logger, queue.Counts.Waiting);
        }
    }

    private async Task NoteMetricsAsync(CancellationToken stoppingToken)
    {
        var noted = 0L;
        using var timer = new PeriodicTimer(options.Value.MetricsEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var (latest, version) = metrics.Latest(noted);
            if (latest.Count > 0)
            {
                await WriteAsync(latest, stoppingToken);
            }

            noted = version;
        }
    }

    private async Task WriteAsync(IReadOnlyList<Series> latest, CancellationToken cancellationToken)
    {
        if (await TryUntilDoneAsync(token => tables.WriteAsync(latest, Oldest, token), isLast: latest.Count == 1, cancellationToken) || latest.Count < 2)
        {
            return;
        }

        await WriteAsync([.. latest.Take(latest.Count / 2)], cancellationToken);
        await WriteAsync([.. latest.Skip(latest.Count / 2)], cancellationToken);
    }

    private async Task CleanAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(CleanEvery, time);
        do
        {
            var isMore = true;
            while (isMore)
            {
                isMore = false;
                await TryUntilDoneAsync(async token => isMore = await tables.ForgetBeforeAsync(Oldest, token), isLast: true, stoppingToken);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private DateTimeOffset Oldest => time.GetUtcNow() - _keep;

    /// <summary>Goes on trying while the database is away, or may not be written to for now; what it refuses is not tried again.</summary>
    /// <param name="act">What to do.</param>
    /// <param name="isLast">There is no smaller part to try: a refusal is a loss, and said.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>It is done.</returns>
    private async Task<bool> TryUntilDoneAsync(Func<CancellationToken, Task> act, bool isLast, CancellationToken cancellationToken)
    {
        var hasLostDays = false;
        while (true)
        {
            try
            {
                await OneAtATimeAsync(act, cancellationToken);
                if (_isAway)
                {
                    _isAway = false;
                    Log.Back(logger);
                }

                return true;
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.CheckViolation && !hasLostDays)
            {
                hasLostDays = true; // A day's partition is gone.
                tables.ForgetDays();
            }
            catch (Exception error) when (IsAway(error) && !cancellationToken.IsCancellationRequested)
            {
                if (!_isAway)
                {
                    _isAway = true;
                    Log.Away(logger, error.Message);
                }

                await Task.Delay(PauseWhenAway, time, cancellationToken);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                if (isLast)
                {
                    Log.Refused(logger, error);
                }

                return false;
            }
        }
    }

    private static bool IsAway(Exception error) => error switch
    {
        PostgresException refusal => refusal.IsTransient || refusal.SqlState == PostgresErrorCodes.ReadOnlySqlTransaction,
        _ => error is NpgsqlException or SocketException or TimeoutException,
    };

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) =>
        Task.FromResult(_isAway ? HealthCheckResult.Degraded("the history's database does not answer, or may not be written to") : HealthCheckResult.Healthy());

    private async Task OneAtATimeAsync(Func<CancellationToken, Task> act, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            await act(cancellationToken);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public override void Dispose()
    {
        _oneAtATime.Dispose();
        base.Dispose();
    }

    private static partial class Log
    {
        [LoggerMessage(521, LogLevel.Warning, "The history's database does not answer ({Reason}); what comes waits, up to Console:History:MaxWaiting", EventName = "HistoryAway")]
        public static partial void Away(ILogger logger, string reason);

        [LoggerMessage(522, LogLevel.Information, "The history's database answers again", EventName = "HistoryBack")]
        public static partial void Back(ILogger logger);

        [LoggerMessage(523, LogLevel.Error, "The history's database refuses an item; it is lost", EventName = "HistoryRefused")]
        public static partial void Refused(ILogger logger, Exception error);

        [LoggerMessage(524, LogLevel.Warning, "Stopped with {Count} spans and log entries that the history's database has not got", EventName = "HistoryLeftBehind")]
        public static partial void LeftBehind(ILogger logger, long count);
    }
}
