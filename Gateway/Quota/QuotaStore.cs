namespace Orrery.Gateway.Quota;

/// <summary>Reserves, settles and gives back: from what this replica holds in advance, else in Redis while it answers, else by this replica's share.</summary>
internal sealed class QuotaStore(RedisQuota redis, LocalLimits local, Credits credits)
{
    public ValueTask<Verdict> TryReserveAsync(Reservation reservation)
    {
        reservation.IsAlone |= !redis.IsUsable;
        var verdict = local.TryTake(reservation, reservation.IsAlone);
        if (verdict.Refused is not null)
        {
            return new(verdict);
        }

        if (reservation.IsAlone)
        {
            credits.TakeAlone(reservation);
            return new(verdict);
        }

        return credits.TryTake(reservation) ? new(verdict) : AskAsync(reservation);
    }

    /// <summary>The request or attempt is over.</summary>
    /// <param name="tokens">Used; <c>null</c>: nothing of it shall count, not even the request.</param>
    public void End(Reservation reservation, long? tokens)
    {
        if (!credits.TryEnd(reservation, tokens, out var corrections))
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

        redis.Settle(corrections);
    }

    /// <summary>The request was refused and will not try again; Redis may have taken it all the same, too late to be heard.</summary>
    public void Abandon(Reservation reservation)
    {
        if (credits.TryEnd(reservation, tokens: null, out var corrections) && reservation.IsAlone)
        {
            redis.Settle(corrections);
        }
    }

    private async ValueTask<Verdict> AskAsync(Reservation reservation)
    {
        redis.Settle(credits.OwedOf(reservation.Limits));
        if (await redis.ReserveAsync(reservation) is not { } verdict)
        {
            reservation.IsAlone = true;
            verdict = local.Confirm(reservation);
            if (verdict.Refused is null)
            {
                credits.TakeAlone(reservation);
            }
        }

        if (verdict.Refused is not null)
        {
            local.GiveBack(reservation);
        }

        return verdict;
    }
}
