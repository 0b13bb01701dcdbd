using StackExchange.Redis;

namespace Orrery.Gateway.Quota;

/// <summary>What one request, or one attempt, holds of several limits: all of them or none.</summary>
internal sealed class Reservation(Limit[] limits, long tokens)
{
    private readonly Lock _lock = new();
    private bool _isOver;

    public Limit[] Limits { get; } = limits;

    /// <summary>Reserved of every token limit.</summary>
    public long Tokens { get; } = tokens;

    /// <summary>In which slice of each window it stands, here and in Redis.</summary>
    public long[] LocalSlices { get; } = new long[limits.Length];

    public long[] RedisSlices { get; private set; } = [];

    /// <summary>What is left of each limit, and in how many milliseconds it is whole again.</summary>
    public long[] Left { get; } = new long[limits.Length];

    public long[] ResetMs { get; } = new long[limits.Length];

    /// <summary>Who holds the places of the concurrency limits, in Redis' words.</summary>
    public RedisValue LeaseId { get; } = Guid.CreateVersion7().ToString("N");

    public bool HasConcurrency { get; } = Array.Exists(limits, limit => limit.IsConcurrency);

    /// <summary>Redis has not answered this request in time, and is not asked again for it.</summary>
    public bool IsAlone { get; set; }

    /// <summary>How long it waited for a saturated model or provider.</summary>
    public TimeSpan Waited { get; set; }

    public bool IsInRedis => RedisSlices.Length > 0;

    /// <summary>Redis has taken it, perhaps later than it was waited for; <c>false</c> when nobody wants it any more.</summary>
    public bool Adopt(long[] slices)
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return false;
            }

            RedisSlices = slices;
            return true;
        }
    }

    /// <summary>What it used in the end; <c>null</c>: nothing of it shall count.</summary>
    public long? UsedTokens { get; private set; }

    /// <summary>Redis took what is already over: it is settled there at once.</summary>
    public void AdoptAfterEnd(long[] slices) => RedisSlices = slices;

    /// <summary>Ends it, once.</summary>
    public bool TryEnd(long? usedTokens)
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return false;
            }

            (_isOver, UsedTokens) = (true, usedTokens);
            return true;
        }
    }
}

/// <summary>Whether a reservation was granted, or which limit refused it.</summary>
/// <param name="Refused"><c>null</c>: granted.</param>
/// <param name="ResetsAfter">When the same request would pass; <c>null</c>: not known, or never (<paramref name="IsTooMuch"/>).</param>
/// <param name="IsTooMuch">The request alone is more than the limit.</param>
internal readonly record struct Verdict(Limit? Refused, TimeSpan? ResetsAfter = null, bool IsTooMuch = false)
{
    public static readonly Verdict Granted = default;

    public static Verdict Of(Limit limit, long resetMs) => limit.IsConcurrency
        ? new(limit)
        : new(limit, resetMs < 0 ? null : TimeSpan.FromMilliseconds(resetMs), resetMs < 0);
}
