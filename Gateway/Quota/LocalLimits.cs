using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Quota;

/// <summary>
/// What this replica has granted itself, counted always and decisive while Redis is away: then each replica grants its share of a limit. A window in
/// which something was granted alone is held against both afterwards, so that Redis, which knows nothing of it, starts no burst.
/// </summary>
internal sealed class LocalLimits(IOptions<QuotaOptions> options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, LocalCount> _counts = new(StringComparer.Ordinal);
    private readonly long _origin = time.GetTimestamp();
    private readonly long _leaseMs = (long)options.Value.Lease.TotalMilliseconds;
    private readonly int _leastReplicas = options.Value.LeastReplicas;
    private long _aloneMs = long.MinValue / 2;
    private int _seen = 1;

    /// <summary>Gateways seen lately, this one among them.</summary>
    public int Replicas
    {
        get => Math.Max(_leastReplicas, Volatile.Read(ref _seen));
        set => Volatile.Write(ref _seen, value);
    }

    /// <summary>Limits of which something is remembered.</summary>
    public int Count => _counts.Count;

    private Instant Now => new(1_000_000_000_000 + (long)time.GetElapsedTime(_origin).TotalMilliseconds, time);

    /// <summary>Takes all or none. While Redis answers, nothing is refused here but what was granted alone a short while ago.</summary>
    public Verdict TryTake(Reservation reservation, bool isAlone)
    {
        lock (_lock)
        {
            var now = Now;
            var verdict = Check_NeedsLock(reservation, isAlone, taken: 0, now);
            if (verdict.Refused is not null)
            {
                return verdict;
            }

            for (var i = 0; i < reservation.Limits.Length; i++)
            {
                var limit = reservation.Limits[i];
                var count = Of(limit);
                var slice = reservation.Holds[i].LocalSlice = count.SliceOf(now.Of(count));
                count.Add(now.Of(count), slice, limit.CostOf(reservation.Tokens));
            }

            _aloneMs = isAlone ? now.Steady : _aloneMs;
            return verdict;
        }
    }

    /// <summary>Redis did not answer: what was already taken here must be within the share.</summary>
    public Verdict Confirm(Reservation reservation)
    {
        lock (_lock)
        {
            var now = Now;
            var verdict = Check_NeedsLock(reservation, isAlone: true, taken: 1, now);
            _aloneMs = verdict.Refused is null ? now.Steady : _aloneMs;
            return verdict;
        }
    }

    /// <summary>Everything is given back.</summary>
    public void GiveBack(Reservation reservation)
    {
        lock (_lock)
        {
            var now = Now;
            for (var i = 0; i < reservation.Limits.Length; i++)
            {
                var limit = reservation.Limits[i];
                var count = Of(limit);
                count.Add(now.Of(count), reservation.Holds[i].LocalSlice, -limit.CostOf(reservation.Tokens));
            }
        }
    }

    /// <summary>The request is over: its place is free, and its tokens are what they were.</summary>
    public void Settle(Reservation reservation, long tokens)
    {
        lock (_lock)
        {
            var now = Now;
            for (var i = 0; i < reservation.Limits.Length; i++)
            {
                var limit = reservation.Limits[i];
                var difference = limit.Unit switch
                {
                    LimitUnit.Concurrency => -1,
                    LimitUnit.Tokens => tokens - reservation.Tokens,
                    _ => 0,
                };
                if (difference != 0)
                {
                    var count = Of(limit);
                    count.Add(now.Of(count), reservation.Holds[i].LocalSlice, difference);
                }
            }
        }
    }

    /// <summary>Drops what no window needs any more.</summary>
    public void Forget()
    {
        foreach (var (id, count) in _counts)
        {
            lock (_lock) // For each alone: no request waits for all of them.
            {
                var now = Now.Of(count);
                count.Forget(now);
                if (count.Total == 0 && now - count.TouchedMs > _leaseMs)
                {
                    count.IsForgotten = true;
                    _counts.TryRemove(id, out _);
                }
            }
        }
    }

    private Verdict Check_NeedsLock(Reservation reservation, bool isAlone, int taken, in Instant instant)
    {
        if (!IsAnyDecisive(reservation, isAlone, instant))
        {
            return Verdict.Granted; // Redis says whether it passes, and what is left.
        }

        var (refused, longest) = (-1, 0L);
        for (var i = 0; i < reservation.Limits.Length; i++)
        {
            var limit = reservation.Limits[i];
            var count = Of(limit);
            var now = instant.Of(count);
            count.Forget(now);
            var cost = limit.CostOf(reservation.Tokens);
            var share = Math.Max(1, limit.Count / Replicas);
            var before = count.Total - (taken * cost);
            ref var hold = ref reservation.Holds[i];
            hold.Left = Math.Max(0, share - before - cost);
            hold.ResetMs = count.EndOf(count.SliceOf(now), now);
            if (cost > limit.Count || (IsDecisive(limit, isAlone, instant) && !Fits(limit, before, cost, share)))
            {
                var passesMs = cost > limit.Count ? long.MaxValue : count.LeavesAfter(now, Math.Min(before, before + cost - share));
                (refused, longest) = refused < 0 || passesMs > longest ? (i, passesMs) : (refused, longest);
            }
        }

        if (refused < 0)
        {
            return Verdict.Granted;
        }

        ShowUntaken_NeedsLock(reservation, taken, instant);
        return Verdict.Of(reservation.Limits[refused], longest == long.MaxValue ? -1 : longest);
    }

    /// <summary>Of a request that is refused nothing is taken: what is left is what was left before.</summary>
    private void ShowUntaken_NeedsLock(Reservation reservation, int taken, in Instant instant)
    {
        for (var i = 0; i < reservation.Limits.Length; i++)
        {
            var limit = reservation.Limits[i];
            var count = Of(limit);
            ref var hold = ref reservation.Holds[i];
            var own = taken * limit.CostOf(reservation.Tokens);
            hold.Left = Math.Max(0, Math.Max(1, limit.Count / Replicas) - (count.Total - own));
            hold.ResetMs = count.EmptiesAfter(instant.Of(count), hold.LocalSlice, own);
        }
    }

    private bool IsAnyDecisive(Reservation reservation, bool isAlone, in Instant now)
    {
        foreach (var limit in reservation.Limits)
        {
            if (IsDecisive(limit, isAlone, now))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsDecisive(Limit limit, bool isAlone, in Instant now) =>
        isAlone || now.Steady - _aloneMs < (limit.IsConcurrency ? _leaseMs : limit.IsCalendar ? now.Utc % limit.PerMs : limit.PerMs + (limit.PerMs / Limit.Slices));

    /// <summary>A request larger than the share passes when nothing else is in the window: else it never would.</summary>
    private static bool Fits(Limit limit, long before, long cost, long share) => before + cost <= share || (before == 0 && cost <= limit.Count);

    private LocalCount Of(Limit limit)
    {
        if (limit.Local is not { IsForgotten: false } count)
        {
            limit.Local = count = _counts.GetOrAdd(limit.Id, static (_, own) => new LocalCount(own.PerMs, own.IsCalendar), limit);
        }

        return count;
    }

    /// <param name="Steady">Milliseconds that no clock's correction moves. Starts far from zero, so that slices are never negative.</param>
    /// <param name="Time">Tells the calendar's time to whom it matters.</param>
    private readonly record struct Instant(long Steady, TimeProvider Time)
    {
        /// <summary>Milliseconds of the calendar.</summary>
        public long Utc => Time.GetUtcNow().ToUnixTimeMilliseconds();

        public long Of(LocalCount count) => count.IsCalendar ? Utc : Steady;
    }
}
