using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Quota;

/// <summary>Reserves what a request or an attempt needs; where only a model's or provider's concurrency stands against it, it waits in line for that.</summary>
internal sealed class Admission(QuotaStore store, QuotaTelemetry telemetry, IOptions<QuotaOptions> options, TimeProvider time)
{
    /// <summary>How often the first in line looks whether another replica has made a place free.</summary>
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, AdmissionQueue> _queues = telemetry.Queues;
    private readonly int _maxWaiting = options.Value.MaxWaiting;
    private readonly TimeSpan _maxWait = options.Value.MaxWait;

    /// <param name="mayWait">Whether there is nothing better to do than to wait.</param>
    public ValueTask<Verdict> AdmitAsync(Exchange exchange, Reservation reservation, bool mayWait)
    {
        var asked = Line(reservation) is { } line ? new(new Verdict(line)) : store.TryReserveAsync(reservation);
        return asked is { IsCompletedSuccessfully: true, Result: { Refused: null } verdict } ? new(verdict) : FinishAsync(exchange, reservation, mayWait, asked);
    }

    private async ValueTask<Verdict> FinishAsync(Exchange exchange, Reservation reservation, bool mayWait, ValueTask<Verdict> asked)
    {
        var verdict = await asked;
        if (mayWait && IsWaitedFor(verdict.Refused))
        {
            verdict = await WaitAsync(exchange, reservation, verdict.Refused!);
        }

        return Finish(reservation, verdict);
    }

    /// <summary>The request or attempt is over, and whoever is first in line may try.</summary>
    public void End(Reservation reservation, long? tokens)
    {
        store.End(reservation, tokens);
        if (!reservation.HasConcurrency)
        {
            return;
        }

        foreach (var limit in reservation.Limits)
        {
            if (IsWaitedFor(limit) && QueueOf(limit) is { Length: > 0 } queue)
            {
                queue.Freed();
            }
        }
    }

    private async ValueTask<Verdict> WaitAsync(Exchange exchange, Reservation reservation, Limit saturated)
    {
        if (_maxWait == TimeSpan.Zero)
        {
            return new Verdict(saturated);
        }

        var began = time.GetTimestamp();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(exchange.ClientLeft);
        end.CancelAfter(_maxWait);
        var verdict = new Verdict(saturated);
        try
        {
            // When the one place has come another may be missing: then it goes on in the line for that.
            while (IsWaitedFor(verdict.Refused))
            {
                if (await StandInLineAsync(exchange, reservation, verdict.Refused!, end.Token) is not { } next)
                {
                    break; // As many wait as may.
                }

                verdict = next;
            }

            return verdict;
        }
        catch (OperationCanceledException)
        {
            if (exchange.ClientLeft.IsCancellationRequested)
            {
                store.Abandon(reservation);
                throw new OperationCanceledException(exchange.ClientLeft);
            }

            return verdict;
        }
        finally
        {
            reservation.Waited = time.GetElapsedTime(began);
            telemetry.Waited(saturated, reservation.Waited);
        }
    }

    /// <returns><c>null</c>: the line is as long as it may be.</returns>
    private async ValueTask<Verdict?> StandInLineAsync(Exchange exchange, Reservation reservation, Limit saturated, CancellationToken end)
    {
        var queue = QueueOf(saturated);
        var key = exchange.Caller.Key;
        if (queue.TryEnter(key.Name, key.Priority ?? 1) is not { } waiter)
        {
            return null;
        }

        try
        {
            await waiter.Turn.Task.WaitAsync(end);
            while (true)
            {
                var verdict = await store.TryReserveAsync(reservation);
                if (verdict.Refused != saturated)
                {
                    return verdict;
                }

                await queue.FreedAsync(Glance, end);
            }
        }
        finally
        {
            queue.Leave(waiter);
        }
    }

    private Verdict Finish(Reservation reservation, Verdict verdict)
    {
        if (verdict.Refused is { } refused)
        {
            store.Abandon(reservation);
            telemetry.Refused(refused);
        }

        return verdict;
    }

    /// <summary>Of what is asked for, that for which others wait already: nobody goes past them.</summary>
    private Limit? Line(Reservation reservation)
    {
        if (!reservation.HasConcurrency)
        {
            return null;
        }

        foreach (var limit in reservation.Limits)
        {
            if (IsWaitedFor(limit) && QueueOf(limit).Length > 0)
            {
                return limit;
            }
        }

        return null;
    }

    private AdmissionQueue QueueOf(Limit limit) => limit.Queue ??= _queues.GetOrAdd(limit.Id, static (_, most) => new AdmissionQueue(most), _maxWaiting);

    /// <summary>A caller's own concurrency is the caller's business; that of a model or provider is shared, and waited for.</summary>
    private static bool IsWaitedFor(Limit? limit) => limit is { IsConcurrency: true, Scope: LimitScope.Model or LimitScope.Provider };
}
