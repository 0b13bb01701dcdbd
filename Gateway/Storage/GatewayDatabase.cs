using System.Net.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Orrery.ServiceDefaults;
using Polly;
using Polly.CircuitBreaker;

namespace Orrery.Gateway.Storage;

/// <summary>
/// The gateway's own schema, where it has a database. Nothing but stored responses and jobs needs it: while it is away, those are refused at once
/// (<see cref="StorageAwayException"/>), and everything else goes on. Until the first of them comes it is left alone, which saves the memory that its client takes.
/// </summary>
internal sealed partial class GatewayDatabase : IHealthCheck
{
    public const string ConnectionName = "orrery";

    /// <summary>Connections at once. The server's are few and everybody's: who waits for one here is served soon, who is refused one there takes the database for away.</summary>
    private const int MostConnections = 20;

    private static readonly TimeSpan Break = TimeSpan.FromSeconds(2);

    /// <summary>How long the first use waits for the schema.</summary>
    private static readonly TimeSpan Beginning = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource _used = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _connections = new(MostConnections);
    private readonly Lazy<Client> _client;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public GatewayDatabase(IServiceProvider services, IConfiguration configuration, TimeProvider time, ILogger<GatewayDatabase> logger)
    {
        (IsConfigured, _time, _logger) = (configuration.GetConnectionString(ConnectionName) is { Length: > 0 }, time, logger);
        _client = new(() => new(services, time));
    }

    public bool IsConfigured { get; }

    /// <summary>Why it cannot be used now, as far as is known; <c>null</c>: it can.</summary>
    public Refusal? Fault => FaultNow()?.ToRefusal();

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) =>
        Task.FromResult(FaultNow() is { } fault ? new HealthCheckResult(context.Registration.FailureStatus, fault.Message) : HealthCheckResult.Healthy());

    /// <summary>Does something again and again until the host stops, once the database is used; after <paramref name="patience"/> in any case, since others may have left something.</summary>
    /// <param name="act">While the database is away it may fail: the next time will do.</param>
    public async Task RepeatAsync(TimeSpan patience, TimeSpan period, Func<CancellationToken, Task> act, CancellationToken stopping)
    {
        if (!IsConfigured)
        {
            return;
        }

        try
        {
            await _used.Task.WaitAsync(patience, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            using var timer = new PeriodicTimer(period, _time);
            while (await timer.WaitForNextTickAsync(stopping))
            {
                await TryAsync(act, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    /// <exception cref="StorageAwayException">There is no database, or it does not answer.</exception>
    public async ValueTask<T> UseAsync<T>(Func<NpgsqlConnection, CancellationToken, ValueTask<T>> use, CancellationToken cancellationToken)
    {
        if (FaultNow() is { } fault)
        {
            throw fault;
        }

        await BeginAsync(cancellationToken);
        await _connections.WaitAsync(cancellationToken);
        try
        {
            return await _client.Value.Breaker.ExecuteAsync(
                async cancelled =>
                {
                    await using var connection = await _client.Value.Source.OpenConnectionAsync(cancelled);
                    return await use(connection, cancelled);
                },
                cancellationToken);
        }
        catch (BrokenCircuitException)
        {
            throw Away(null);
        }
        catch (Exception error) when (IsAway(error) && !cancellationToken.IsCancellationRequested)
        {
            Log.Away(_logger, error.Message);
            throw Away(error);
        }
        finally
        {
            _connections.Release();
        }
    }

    /// <remarks>What goes wrong once must not be the last time: a fault that came out of here would stop the host, and the next one that starts.</remarks>
    private async Task TryAsync(Func<CancellationToken, Task> act, CancellationToken cancellationToken)
    {
        try
        {
            await act(cancellationToken);
        }
        catch (StorageAwayException)
        {
            // Said already.
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            Log.RoundFailed(_logger, error);
        }
    }

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        var migration = _client.Value.Migration;
        if (_used.TrySetResult())
        {
            await migration.StartAsync(CancellationToken.None);
        }

        if (!migration.Completed.IsCompletedSuccessfully)
        {
            await migration.Completed.WaitAsync(Beginning, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            if (!migration.Completed.IsCompletedSuccessfully)
            {
                throw Away(null);
            }
        }
    }

    private StorageAwayException? FaultNow() =>
        !IsConfigured ? new($"This gateway has no database (ConnectionStrings:{ConnectionName}), so it stores nothing.")
        : _client.IsValueCreated && _client.Value.IsFailing ? Away(null)
        : null;

    private static StorageAwayException Away(Exception? error) => new("The gateway's database does not answer. Try again in a moment.", error);

    private static bool IsAway(Exception error) => error switch
    {
        PostgresException refused => refused.SqlState[..2] is "08" or "53" or "57" or "58", // Its connections, resources, operators and disks; else we asked wrongly.
        NpgsqlException or SocketException or TimeoutException => true,
        _ => false,
    };

    /// <summary>What talks to the database; made for the first use.</summary>
    private sealed class Client
    {
        private readonly CircuitBreakerStateProvider _state = new();
        private readonly TimeProvider _time;
        private long _openedAt;

        public Client(IServiceProvider services, TimeProvider time)
        {
            (_time, Source, Migration) = (time, services.GetRequiredService<ServiceDatabase>().Source, services.GetRequiredService<MigrationAtStart>());
            Breaker = new ResiliencePipelineBuilder { TimeProvider = time }
                .AddCircuitBreaker(new CircuitBreakerStrategyOptions
                {
                    ShouldHandle = outcome => ValueTask.FromResult(outcome.Outcome.Exception is { } error && IsAway(error)),
                    FailureRatio = 1,
                    MinimumThroughput = 2,
                    SamplingDuration = TimeSpan.FromSeconds(10),
                    BreakDuration = Break,
                    StateProvider = _state,
                    OnOpened = _ =>
                    {
                        Volatile.Write(ref _openedAt, time.GetTimestamp());
                        return ValueTask.CompletedTask;
                    },
                })
                .Build();
        }

        public NpgsqlDataSource Source { get; }

        public MigrationAtStart Migration { get; }

        public ResiliencePipeline Breaker { get; }

        /// <remarks>An open circuit is closed by somebody who tries, and only by that: after its break somebody must.</remarks>
        public bool IsFailing => Migration.IsFailing || (_state.CircuitState == CircuitState.Open && _time.GetElapsedTime(Volatile.Read(ref _openedAt)) < Break);
    }

    private static partial class Log
    {
        [LoggerMessage(1001, LogLevel.Warning, "The gateway's database does not answer: {Reason}", EventName = "StorageAway")]
        public static partial void Away(ILogger logger, string reason);

        [LoggerMessage(1002, LogLevel.Error, "Something that is done with the database again and again failed; it is tried again next time", EventName = "StorageRoundFailed")]
        public static partial void RoundFailed(ILogger logger, Exception error);
    }
}

/// <summary>Nothing can be stored or read back now; the message is for clients.</summary>
internal sealed class StorageAwayException(string message, Exception? inner = null) : Exception(message, inner)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    public Refusal ToRefusal() => new(StatusCodes.Status503ServiceUnavailable, RefusalTypes.Unavailable, "storage_unavailable", Message, RetryAfter: Pause);
}
