namespace Orrery.Gateway.Quota;

/// <summary>What one request, or one attempt, holds of several limits: all of them or none.</summary>
internal sealed class Reservation(Limit[] limits, long tokens)
{
    public Limit[] Limits { get; } = limits;

    /// <summary>What it holds of each of <see cref="Limits"/>.</summary>
    public Hold[] Holds { get; } = new Hold[limits.Length];

    /// <summary>Reserved of every token limit.</summary>
    public long Tokens { get; } = tokens;

    public bool HasConcurrency { get; } = Array.Exists(limits, static limit => limit.IsConcurrency);

    /// <summary>Redis has not answered this request in time, and is not asked again for it.</summary>
    public bool IsAlone { get; set; }

    /// <summary>Redis counts it: asked for it, perhaps answering later than was waited for, or for the credit that it was granted from.</summary>
    public bool IsShared { get; set; }

    /// <summary>It has ended; nothing more is taken for it.</summary>
    public bool IsOver { get; private set; }

    /// <summary>What it used in the end; <c>null</c>: nothing of it shall count.</summary>
    public long? UsedTokens { get; private set; }

    /// <summary>How long it waited for a saturated model or provider.</summary>
    public TimeSpan Waited { get; set; }

    /// <summary>Ends it, once.</summary>
    public void End(long? usedTokens) => (IsOver, UsedTokens) = (true, usedTokens);

    /// <summary>By how much what <paramref name="limit"/> counted has to change, now that so much was used.</summary>
    public long DifferenceOf(Limit limit, long? tokens) =>
        tokens is null ? -limit.CostOf(Tokens)
        : limit.Unit == LimitUnit.Tokens ? tokens.Value - Tokens
        : 0;
}

/// <summary>What a reservation holds of one limit.</summary>
internal struct Hold
{
    /// <summary>In which slice of the window it stands here.</summary>
    public long LocalSlice { get; set; }

    /// <summary>In which slice of the window it stands in Redis.</summary>
    public long SharedSlice { get; set; }

    /// <summary>What is left of the limit.</summary>
    public long Left { get; set; }

    /// <summary>In how many milliseconds the limit is whole again, if nothing more is asked.</summary>
    public long ResetMs { get; set; }

    /// <summary>What Redis was asked for beyond this reservation.</summary>
    public long Wanted { get; set; }

    /// <summary>The place of a concurrency limit.</summary>
    public Place? Place { get; set; }
}

/// <summary>Whether a reservation was granted, or which limit refuses it: of several the one that does for longest.</summary>
/// <param name="Refused"><c>null</c>: granted.</param>
/// <param name="ResetsAfter">When the same request would pass; <c>null</c>: not known, or never (<paramref name="IsTooMuch"/>).</param>
/// <param name="IsTooMuch">The request alone is more than the limit.</param>
internal readonly record struct Verdict(Limit? Refused, TimeSpan? ResetsAfter = null, bool IsTooMuch = false)
{
    public static readonly Verdict Granted = default;

    /// <param name="limit">What refuses.</param>
    /// <param name="passesMs">When the same request would pass; -1: never.</param>
    public static Verdict Of(Limit limit, long passesMs) => limit.IsConcurrency
        ? new(limit)
        : new(limit, passesMs < 0 ? null : TimeSpan.FromMilliseconds(passesMs), passesMs < 0);
}
