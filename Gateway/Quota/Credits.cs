using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Quota;

/// <summary>
/// What this replica holds in Redis beyond its requests, so that not every request has to ask: credit of windows, bought with the requests that do ask, and
/// places that were not given up. There is some only where requests are many and the limit is far from used up; near it, every request asks.
/// </summary>
internal sealed class Credits(LocalLimits local, IOptions<QuotaOptions> options, TimeProvider time)
{
    /// <summary>Of what is left of a limit, all replicas together hold at most one part in so many without having granted it.</summary>
    private const int Parts = 8;

    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, WindowCredit> _windows = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, PlacePool> _pools = new(StringComparer.Ordinal);

    /// <summary>Those that may hold something to be told or given back.</summary>
    private readonly List<WindowCredit> _dueWindows = [];
    private readonly List<PlacePool> _duePools = [];
    private readonly long _origin = time.GetTimestamp();
    private readonly long _aheadMs = (long)options.Value.Ahead.TotalMilliseconds;
    private readonly long _leaseMs = (long)options.Value.Lease.TotalMilliseconds;
    private readonly string _replica = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
    private long _places;

    /// <summary>Of what is left, this replica may hold one part in so many.</summary>
    public int Share => Parts * local.Replicas;

    /// <summary>Milliseconds that no clock's correction moves.</summary>
    public long NowMs => (long)time.GetElapsedTime(_origin).TotalMilliseconds;

    /// <summary>Takes all of it from what is held, or nothing, and then says with each limit what is worth buying.</summary>
    public bool TryTake(Reservation reservation)
    {
        if (_aheadMs == 0)
        {
            return false;
        }

        lock (_lock)
        {
            var now = NowMs;
            var isCovered = true;
            foreach (var limit in reservation.Limits)
            {
                if (limit.IsConcurrency)
                {
                    isCovered &= PoolOf_NeedsLock(limit).HasIdle;
                }
                else
                {
                    var window = WindowOf_NeedsLock(limit);
                    var cost = limit.CostOf(reservation.Tokens);
                    window.Count(cost, now);
                    isCovered &= window.Covers(cost, now);
                }
            }

            for (var i = 0; i < reservation.Limits.Length; i++)
            {
                var limit = reservation.Limits[i];
                ref var hold = ref reservation.Holds[i];
                if (isCovered && limit.IsConcurrency)
                {
                    hold.Place = PoolOf_NeedsLock(limit).TakeIdle();
                }
                else if (isCovered)
                {
                    WindowOf_NeedsLock(limit).Take(limit.CostOf(reservation.Tokens), now, ref hold);
                }
                else if (!limit.IsConcurrency && WindowOf_NeedsLock(limit) is { IsBuying: false } window)
                {
                    hold.Wanted = window.Wanted(now);
                    window.IsBuying = hold.Wanted > 0;
                }
            }

            reservation.IsShared = isCovered;
            return isCovered;
        }
    }

    /// <summary>Places of a reservation that is granted without Redis: to be taken there when it is back.</summary>
    public void TakeAlone(Reservation reservation)
    {
        if (!reservation.HasConcurrency)
        {
            return;
        }

        lock (_lock)
        {
            var now = NowMs;
            for (var i = 0; i < reservation.Limits.Length; i++)
            {
                if (reservation.Limits[i].IsConcurrency)
                {
                    PoolOf_NeedsLock(reservation.Limits[i]).Hold(reservation.Holds[i].Place ??= NewPlace(), now);
                }
            }
        }
    }

    /// <summary>The name of a place that Redis is asked for.</summary>
    public Place NewPlace() => new($"{_replica}:{Interlocked.Increment(ref _places)}");

    /// <summary>Redis has answered the question for a reservation, in time or too late.</summary>
    /// <param name="answer">Of the operation <c>reserve</c>.</param>
    /// <returns>What Redis has to be told now that the reservation has ended meanwhile.</returns>
    public List<Correction>? Answered(Reservation reservation, long[] answer, long askedMs)
    {
        lock (_lock)
        {
            var now = NowMs;
            var isGranted = answer[0] == 0;
            for (var i = 0; i < reservation.Limits.Length; i++)
            {
                var limit = reservation.Limits[i];
                ref var hold = ref reservation.Holds[i];
                var (left, reset, slice, bought) = (answer[2 + (4 * i)], answer[3 + (4 * i)], answer[4 + (4 * i)], answer[5 + (4 * i)]);
                (hold.Left, hold.ResetMs) = (left, reset);
                if (limit.IsConcurrency)
                {
                    var pool = PoolOf_NeedsLock(limit);
                    pool.Answered(left, askedMs);
                    if (isGranted && !reservation.IsOver)
                    {
                        pool.Hold(hold.Place!, now);
                    }
                }
                else if (isGranted)
                {
                    var window = WindowOf_NeedsLock(limit);
                    window.Granted(ref hold, slice, left, reset, bought, askedMs);
                    if (bought > 0)
                    {
                        IsDue_NeedsLock(window);
                    }
                }
            }

            HasAsked_NeedsLock(reservation);
            reservation.IsShared = isGranted;
            return isGranted && reservation.IsOver ? CorrectionsOf_NeedsLock(reservation, mayKeep: false, now) : null;
        }
    }

    /// <summary>Redis has not answered: somebody else may buy.</summary>
    public void NotAnswered(Reservation reservation)
    {
        lock (_lock)
        {
            HasAsked_NeedsLock(reservation);
        }
    }

    /// <summary>Ends a reservation, once.</summary>
    /// <param name="tokens">Used; <c>null</c>: nothing of it shall count, not even the request.</param>
    /// <param name="corrections">What Redis has to be told at once.</param>
    public bool TryEnd(Reservation reservation, long? tokens, out List<Correction>? corrections)
    {
        lock (_lock)
        {
            corrections = null;
            if (reservation.IsOver)
            {
                return false;
            }

            reservation.End(tokens);
            corrections = CorrectionsOf_NeedsLock(reservation, mayKeep: reservation.IsShared, NowMs);
            return true;
        }
    }

    /// <summary>What was put off of these limits: to be told before one of them is asked for.</summary>
    public List<Correction>? OwedOf(Limit[] limits)
    {
        lock (_lock)
        {
            List<Correction>? corrections = null;
            var now = NowMs;
            foreach (var limit in limits)
            {
                if (!limit.IsConcurrency)
                {
                    WindowOf_NeedsLock(limit).Collect(ref corrections, now);
                }
            }

            return corrections;
        }
    }

    /// <summary>What was put off, what has lapsed, and what nobody needed since the last time.</summary>
    /// <param name="isAll">Everything that no request under way needs: the gateway stops.</param>
    public List<Correction>? Due(bool isAll = false)
    {
        lock (_lock)
        {
            List<Correction>? corrections = null;
            var now = NowMs;
            foreach (var window in _dueWindows)
            {
                window.Collect(ref corrections, now, isAll);
                window.IsDue = !window.IsEmpty;
            }

            foreach (var pool in _duePools)
            {
                pool.Collect(ref corrections, now, isAll);
                pool.IsDue = pool.HasIdle;
            }

            _dueWindows.RemoveAll(static window => !window.IsDue);
            _duePools.RemoveAll(static pool => !pool.IsDue);

            return corrections;
        }
    }

    /// <summary>Drops what nobody uses any more.</summary>
    public void Forget()
    {
        foreach (var (id, window) in _windows)
        {
            lock (_lock) // For each alone: no request waits for all of them.
            {
                window.IsForgotten = window.IsEmpty && NowMs - window.TouchedMs > _leaseMs && _windows.TryRemove(id, out _);
            }
        }

        foreach (var (id, pool) in _pools)
        {
            lock (_lock)
            {
                pool.IsForgotten = pool.IsEmpty && NowMs - pool.TouchedMs > _leaseMs && _pools.TryRemove(id, out _);
            }
        }
    }

    /// <summary>Every place that this replica holds.</summary>
    public List<(Limit Limit, Place Place)> Places()
    {
        lock (_lock)
        {
            return [.. _pools.Values.SelectMany(pool => pool.Held.Select(place => (pool.Limit, place)))];
        }
    }

    private List<Correction>? CorrectionsOf_NeedsLock(Reservation reservation, bool mayKeep, long now)
    {
        List<Correction>? corrections = null;
        for (var i = 0; i < reservation.Limits.Length; i++)
        {
            var limit = reservation.Limits[i];
            ref var hold = ref reservation.Holds[i];
            if (limit.IsConcurrency)
            {
                if (hold.Place is not { } place)
                {
                    continue; // It was never asked for.
                }

                var pool = PoolOf_NeedsLock(limit);
                if (pool.Release(place, mayKeep, Share, now))
                {
                    (corrections ??= []).Add(new(limit, Slice: 0, Difference: 0, place));
                }
                else if (!pool.IsDue)
                {
                    pool.IsDue = true;
                    _duePools.Add(pool);
                }
            }
            else if (reservation.IsShared && reservation.DifferenceOf(limit, reservation.UsedTokens) is var difference and not 0)
            {
                var window = WindowOf_NeedsLock(limit);
                if (window.IsOpen(now))
                {
                    window.Owe(hold.SharedSlice, difference);
                    IsDue_NeedsLock(window);
                }
                else
                {
                    (corrections ??= []).Add(new(limit, hold.SharedSlice, difference, Place: null));
                }
            }
        }

        return corrections;
    }

    private void IsDue_NeedsLock(WindowCredit window)
    {
        if (!window.IsDue)
        {
            window.IsDue = true;
            _dueWindows.Add(window);
        }
    }

    private void HasAsked_NeedsLock(Reservation reservation)
    {
        for (var i = 0; i < reservation.Limits.Length; i++)
        {
            ref var hold = ref reservation.Holds[i];
            if (hold.Wanted > 0)
            {
                hold.Wanted = 0;
                WindowOf_NeedsLock(reservation.Limits[i]).IsBuying = false;
            }
        }
    }

    private WindowCredit WindowOf_NeedsLock(Limit limit)
    {
        if (limit.Credit is { IsForgotten: false } known)
        {
            return known;
        }

        return limit.Credit = _windows.GetOrAdd(limit.Id, static (_, made) => new WindowCredit(made.Limit, Math.Max(1, made.AheadMs)), (Limit: limit, AheadMs: _aheadMs));
    }

    private PlacePool PoolOf_NeedsLock(Limit limit)
    {
        if (limit.Pool is { IsForgotten: false } known)
        {
            return known;
        }

        return limit.Pool = _pools.GetOrAdd(limit.Id, static (_, made) => new PlacePool(made.Limit, made.AheadMs), (Limit: limit, AheadMs: _aheadMs));
    }
}
