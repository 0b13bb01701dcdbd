using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Npgsql;
using Orrery.ServiceDefaults;
using Orrery.WebConsole.Stores;

namespace Orrery.WebConsole.History;

/// <summary>Brings to the database what waits for it, and takes out of it what is too old. While the database is away, what has come waits.</summary>
internal sealed partial class HistoryWriter(
    HistoryQueue queue, HistoryTables tables, MetricStore metrics, MigrationAtStart migration, IOptions<HistoryOptions> options, TimeProvider time, ILogger<HistoryWriter> logger)
    : BackgroundService
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
        var (all, isSettled) = (spans.Count + logs.Count, false);
        try
        {
            await TryUntilDoneAsync(
                async token =>
                {
                    var written = await tables.WriteAsync(spans, logs, Oldest, token);
                    isSettled = true;
                    queue.Settle(written, all - written);
                },
                cancellationToken);
        }
        finally
        {
            if (!isSettled)
            {
                queue.Settle(0, all);
            }
        }
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
        var noted = DateTimeOffset.MinValue;
        using var timer = new PeriodicTimer(options.Value.MetricsEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var latest = metrics.Latest(noted);
            if (latest.Count > 0)
            {
                await TryUntilDoneAsync(token => tables.WriteAsync(latest, Oldest, token), stoppingToken);
                noted = latest.Max(one => one.Points[^1].Time);
            }
        }
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
                await TryUntilDoneAsync(async token => isMore = await tables.ForgetBeforeAsync(Oldest, token), stoppingToken);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private DateTimeOffset Oldest => time.GetUtcNow() - _keep;

    /// <summary>Goes on trying while the database is away; what the database refuses is not tried again.</summary>
    private async Task TryUntilDoneAsync(Func<CancellationToken, Task> act, CancellationToken cancellationToken)
    {
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

                return;
            }
            catch (PostgresException error) when (!error.IsTransient)
            {
                Log.Refused(logger, error);
                return;
            }
            catch (Exception error) when (error is NpgsqlException or SocketException or TimeoutException && !cancellationToken.IsCancellationRequested)
            {
                if (!_isAway)
                {
                    _isAway = true;
                    Log.Away(logger, error.Message);
                }

                await Task.Delay(PauseWhenAway, time, cancellationToken);
            }
        }
    }

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

        [LoggerMessage(523, LogLevel.Error, "The history's database refuses telemetry; a batch is lost", EventName = "HistoryRefused")]
        public static partial void Refused(ILogger logger, Exception error);

        [LoggerMessage(524, LogLevel.Warning, "Stopped with {Count} spans and log entries that the history's database has not got", EventName = "HistoryLeftBehind")]
        public static partial void LeftBehind(ILogger logger, long count);
    }
}
