using System.Collections.Concurrent;

namespace Orrery.Gateway.Quota;

/// <summary>Reserves, settles and gives back: in Redis while it answers, by this replica's share while it does not.</summary>
internal sealed class QuotaStore(RedisQuota redis, LocalLimits local)
{
    private readonly ConcurrentDictionary<Reservation, bool> _underWay = new();

    /// <summary>Reservations that hold a place of some concurrency limit.</summary>
    public ICollection<Reservation> UnderWay => _underWay.Keys;

    public async ValueTask<Verdict> TryReserveAsync(Reservation reservation)
    {
        reservation.IsAlone |= !redis.IsUsable;
        var verdict = local.TryTake(reservation, reservation.IsAlone);
        if (verdict.Refused is not null)
        {
            return verdict;
        }

        if (!reservation.IsAlone)
        {
            if (await redis.ReserveAsync(reservation) is { } shared)
            {
                verdict = shared;
            }
            else
            {
                reservation.IsAlone = true;
                verdict = local.Confirm(reservation);
            }

            if (verdict.Refused is not null)
            {
                local.GiveBack(reservation);
                return verdict;
            }
        }

        if (reservation.HasConcurrency)
        {
            _underWay[reservation] = true;
        }

        return verdict;
    }

    /// <summary>The request or attempt is over.</summary>
    /// <param name="tokens">Used; <c>null</c>: nothing of it shall count, not even the request.</param>
    public void End(Reservation reservation, long? tokens)
    {
        if (!reservation.TryEnd(tokens))
        {
            return;
        }

        if (tokens is { } used)
        {
            local.Settle(reservation, used);
        }
        else
        {
            local.GiveBack(reservation);
        }

        _underWay.TryRemove(reservation, out _);
        redis.Settle(reservation, tokens);
    }

    /// <summary>The request was refused and will not try again; Redis may have taken it all the same, too late to be heard.</summary>
    public void Abandon(Reservation reservation)
    {
        if (reservation.TryEnd(usedTokens: null) && reservation.IsAlone)
        {
            redis.Settle(reservation, tokens: null);
        }
    }
}
