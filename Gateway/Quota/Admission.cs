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
    public async ValueTask<Verdict> AdmitAsync(Exchange exchange, Reservation reservation, bool mayWait)
    {
        var saturable = SaturableOf(reservation);
        if (saturable is null)
        {
            return Finish(reservation, await store.TryReserveAsync(reservation));
        }

        var queue = _queues.GetOrAdd(saturable.Id, static (_, most) => new AdmissionQueue(most), _maxWaiting);
        var verdict = new Verdict(saturable);
        if (queue.Length == 0)
        {
            verdict = await store.TryReserveAsync(reservation);
        }

        if (verdict.Refused == saturable && mayWait)
        {
            verdict = await WaitAsync(exchange, reservation, queue, saturable);
        }

        return Finish(reservation, verdict);
    }

    /// <summary>The request or attempt is over, and whoever is first in line may try.</summary>
    public void End(Reservation reservation, long? tokens)
    {
        store.End(reservation, tokens);
        if (SaturableOf(reservation) is { } saturable && _queues.TryGetValue(saturable.Id, out var queue))
        {
            queue.Freed();
        }
    }

    private async ValueTask<Verdict> WaitAsync(Exchange exchange, Reservation reservation, AdmissionQueue queue, Limit saturable)
    {
        var key = exchange.Caller.Key;
        if (_maxWait == TimeSpan.Zero || queue.TryEnter(key.Name, key.Priority ?? 1) is not { } waiter)
        {
            return new Verdict(saturable);
        }

        var began = time.GetTimestamp();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(exchange.ClientLeft);
        end.CancelAfter(_maxWait);
        try
        {
            await waiter.Turn.Task.WaitAsync(end.Token);
            while (true)
            {
                var verdict = await store.TryReserveAsync(reservation);
                if (verdict.Refused != saturable)
                {
                    return verdict;
                }

                await queue.FreedAsync(Glance, end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            if (exchange.ClientLeft.IsCancellationRequested)
            {
                store.Abandon(reservation);
                throw new OperationCanceledException(exchange.ClientLeft);
            }

            return new Verdict(saturable);
        }
        finally
        {
            queue.Leave(waiter);
            reservation.Waited = time.GetElapsedTime(began);
            telemetry.Waited(saturable, reservation.Waited);
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

    /// <summary>A caller's own concurrency is the caller's business; that of a model or provider is shared, and waited for.</summary>
    private static Limit? SaturableOf(Reservation reservation)
    {
        if (!reservation.HasConcurrency)
        {
            return null;
        }

        foreach (var limit in reservation.Limits)
        {
            if (limit is { IsConcurrency: true, Scope: LimitScope.Model or LimitScope.Provider })
            {
                return limit;
            }
        }

        return null;
    }
}
