using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Storage;

/// <summary>
/// Runs requests without their clients. A run is stored before it goes to an engine; its gateway holds a lease on it. Of a gateway that has died another takes its
/// runs and begins them anew, once; a gateway that is stopped waits for its own as long as it may, and leaves the rest to others at once. A run that fails, whatever with,
/// ends as failed and takes nothing else with it.
/// </summary>
internal sealed partial class RunHost(
    IServiceProvider services, RunStore store, GatewayDatabase database, IEnumerable<IRunKind> kinds, CurrentSnapshot snapshots, GatewayTelemetry telemetry,
    IOptions<StorageOptions> options, IOptions<HostOptions> host, TimeProvider time, ILogger<RunHost> logger) : BackgroundService
{
    /// <summary>A gateway dies with a run once by chance; twice, and the run may be why.</summary>
    private const int MostAttempts = 2;

    /// <summary>What is left of the time to stop in when runs are left to others.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<(string Namespace, string Id), (Run Run, Task Task)> _running = new();
    private readonly Dictionary<string, IRunKind> _kinds = kinds.ToDictionary(kind => kind.Name, StringComparer.Ordinal);
    private readonly LeaseWatch _leases = new(options.Value.Lease);
    private readonly int _most = options.Value.MaxRuns;
    private RequestPipeline? _pipeline;
    private volatile bool _isStopping;

    /// <summary>Begins a run for a client.</summary>
    /// <returns><c>null</c> once it goes to an engine; <see cref="Refusal.Answered"/> where it was refused before, as the client has been told; or why it is not begun.</returns>
    public async Task<Refusal?> BeginAsync(Exchange exchange, Run run)
    {
        if (_running.Count >= _most)
        {
            run.Dispose();
            return new Refusal(
                StatusCodes.Status503ServiceUnavailable, RefusalTypes.Unavailable, "too_many_runs",
                $"This gateway runs {_most} requests in the background already (Gateway:Storage:MaxRuns). Try again in a moment.", RetryAfter: Pause);
        }

        var begun = run.Begun;
        Start(run);
        if (await begun is not { } refused)
        {
            return null;
        }

        var response = exchange.Http.Response;
        response.StatusCode = refused.Status;
        foreach (var header in refused.Headers)
        {
            response.Headers[header.Key] = header.Value;
        }

        await response.BodyWriter.WriteAsync(refused.Body, exchange.ClientLeft);
        return Refusal.Answered;
    }

    /// <summary>One that runs here.</summary>
    public Run? Find(string @namespace, string id) => _running.TryGetValue((@namespace, id), out var running) ? running.Run : null;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        var patience = host.Value.ShutdownTimeout > Farewell ? host.Value.ShutdownTimeout - Farewell : TimeSpan.Zero;
        await Task.WhenAll(_running.Values.Select(running => running.Task)).WaitAsync(patience, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
        if (_running.IsEmpty)
        {
            return;
        }

        Log.Left(logger, _running.Count);
        foreach (var (run, _) in _running.Values)
        {
            run.Cancel();
        }

        try
        {
            await store.LeaveAsync(CancellationToken.None);
        }
        catch (StorageAwayException)
        {
            // Their leases end by themselves.
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => database.RepeatAsync(options.Value.FirstLook, options.Value.Lease / 3, BeatAsync, stoppingToken);

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        await RenewAsync(cancellationToken);
        var now = await store.NowAsync(cancellationToken);
        await TakeOverAsync(_leases.Hear(now) ? now : null, cancellationToken);
    }

    /// <summary>What is not ours any more was cancelled, deleted or taken over elsewhere.</summary>
    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        var held = _running.Where(running => running.Value.Run.IsStored).Select(running => running.Key).ToList(); // Before the question: what is stored after it was not asked about.
        if (held.Count == 0)
        {
            return;
        }

        var ours = await store.RenewAsync(cancellationToken);
        foreach (var key in held)
        {
            if (!ours.Contains(key) && _running.TryGetValue(key, out var lost))
            {
                lost.Run.Cancel();
            }
        }
    }

    /// <param name="judgedAt">As of <see cref="RunStore.TakeAsync"/>.</param>
    private async Task TakeOverAsync(DateTimeOffset? judgedAt, CancellationToken cancellationToken)
    {
        while (!_isStopping && snapshots.Value is not null && _running.Count < _most && await store.TakeAsync(_kinds, judgedAt, cancellationToken) is { } run)
        {
            Log.TakenOver(logger, run.Kind.Name, run.Id);
            Start(run);
        }
    }

    private void Start(Run run)
    {
        using (ExecutionContext.SuppressFlow())
        {
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _running[(run.Namespace, run.Id)] = (run, Task.Run(async () =>
            {
                await gate.Task;
                await RunAsync(run);
            }));
            gate.SetResult();
        }
    }

    private async Task RunAsync(Run run)
    {
        try
        {
            await AnswerAsync(run);
        }
        catch (Exception error)
        {
            Log.Failed(logger, run.Kind.Name, run.Id, error);
            await FailAsync(run);
        }
        finally
        {
            _running.TryRemove((run.Namespace, run.Id), out _);
            run.HasBegun(Failed()); // Whoever still waits for it: it never has.
            run.HasChanged();
            run.Dispose();
        }
    }

    private async Task AnswerAsync(Run run)
    {
        if (run.Attempt > 1 && !await MayBeginAgainAsync(run))
        {
            await EndAsync(run, Lost());
            return;
        }

        using var context = new RunContext(run, "/v1/" + (run.Kind.Protocol?.Path ?? run.Kind.Operation.Path));
        using var span = telemetry.StartRun(run);
        context.Http.TraceIdentifier = run.Headers.TryGetValue(Contracts.OrreryHeaders.RequestId, out var id) ? id : run.Id;
        _pipeline ??= services.GetRequiredService<RequestPipeline>();
        await _pipeline.AnswerAsync(context.Http, run.Kind.Operation, run.Kind.Protocol, run);
        var answer = await context.CompleteAsync();
        if (run.IsStored)
        {
            await EndAsync(run, answer);
        }
        else
        {
            run.HasBegun(answer);
        }
    }

    private async Task<bool> MayBeginAgainAsync(Run run)
    {
        var may = false;
        await UntilStoredAsync(run, async () => may = run.Attempt <= MostAttempts && await run.Kind.MayBeginAgainAsync(run, CancellationToken.None));
        return may;
    }

    /// <summary>Ends a run that the gateway failed on. What its kind cannot note is left as it is, but the run goes: taken again it would fail again.</summary>
    private async Task FailAsync(Run run)
    {
        if (!run.IsStored)
        {
            return;
        }

        try
        {
            await EndAsync(run, Failed());
        }
        catch (Exception error)
        {
            Log.Failed(logger, run.Kind.Name, run.Id, error);
            await UntilStoredAsync(run, async () => await store.EndAsync(run, CancellationToken.None));
        }
    }

    /// <summary>Notes what came of it.</summary>
    private Task EndAsync(Run run, RunAnswer answer) => UntilStoredAsync(run, async () =>
    {
        await run.Kind.EndAsync(run, answer, CancellationToken.None);
        await store.EndAsync(run, CancellationToken.None);
    });

    /// <summary>Does something with the database however long it is away; unless this gateway is told to go meanwhile.</summary>
    private async Task UntilStoredAsync(Run run, Func<Task> act)
    {
        while (!run.Cancelled.IsCancellationRequested)
        {
            try
            {
                await act();
                return;
            }
            catch (StorageAwayException)
            {
                await Task.Delay(Pause, time, run.Cancelled).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>A run is stored with all that its kind notes of it, and then goes to an engine; one that was taken over is stored already.</summary>
    public async ValueTask<Refusal?> AdmitAsync(Exchange exchange)
    {
        var run = exchange.Run!;
        try
        {
            if (run.Attempt == 1)
            {
                await store.BeginAsync(run, exchange, exchange.ClientLeft);
            }
        }
        catch (StorageAwayException away)
        {
            return away.ToRefusal();
        }

        run.HasBegun(refused: null);
        return null;
    }

    private static RunAnswer Lost() => new(
        StatusCodes.Status503ServiceUnavailable, new HeaderDictionary(),
        """{"error":{"message":"The gateway that ran this was stopped in the middle of it. Send it again.","type":"server_error","param":null,"code":"run_lost"}}"""u8.ToArray(), IsWhole: false);

    private static RunAnswer Failed() => new(
        StatusCodes.Status500InternalServerError, new HeaderDictionary { ["Content-Type"] = "application/json" },
        """{"error":{"message":"The gateway failed on this request. Its log says more.","type":"server_error","param":null,"code":"internal_error"}}"""u8.ToArray(), IsWhole: false);

    private static partial class Log
    {
        [LoggerMessage(1021, LogLevel.Information, "Took over {Kind} {Id}: the gateway that ran it is gone", EventName = "RunTakenOver")]
        public static partial void TakenOver(ILogger logger, string kind, string id);

        [LoggerMessage(1022, LogLevel.Warning, "Leaves {Count} background requests to other gateways: there was no time to end them", EventName = "RunsLeft")]
        public static partial void Left(ILogger logger, int count);

        [LoggerMessage(1023, LogLevel.Error, "{Kind} {Id} failed in the gateway", EventName = "RunFailed")]
        public static partial void Failed(ILogger logger, string kind, string id, Exception error);
    }
}
