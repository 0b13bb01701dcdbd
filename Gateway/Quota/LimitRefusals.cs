using System.Globalization;

namespace Orrery.Gateway.Quota;

/// <summary>What a caller is told when a limit refuses: whose limit, how much, per what, and when to come again.</summary>
internal static class LimitRefusals
{
    public const string Code = "rate_limit_exceeded";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    public static Refusal Of(in Verdict verdict, long tokens)
    {
        var limit = verdict.Refused!;
        if (limit is { IsConcurrency: true, Scope: LimitScope.Model or LimitScope.Provider })
        {
            return new Refusal(
                StatusCodes.Status503ServiceUnavailable, RefusalTypes.Unavailable, "saturated",
                $"The {limit.ScopeName} '{limit.Name}' is saturated: it takes {limit}, and no place became free in time. Please try again in 1s.", RetryAfter: Soon);
        }

        var again = limit.IsConcurrency ? Soon : verdict.ResetsAfter;
        return new Refusal(StatusCodes.Status429TooManyRequests, RefusalTypes.RateLimit, Code, MessageOf(verdict, limit, tokens, again), RetryAfter: again);
    }

    private static string MessageOf(in Verdict verdict, Limit limit, long tokens, TimeSpan? again)
    {
        var whose = limit.Scope switch
        {
            LimitScope.Key => $"the access key '{limit.Name}'",
            LimitScope.Team => $"the team '{limit.Name}'",
            LimitScope.ProviderExternal => $"the provider '{limit.Name}', all external callers together",
            _ => $"the {limit.ScopeName} '{limit.Name}', all callers together",
        };
        var reached = $"Rate limit reached for {whose}: {limit}";
        var asked = limit.Unit == LimitUnit.Tokens ? string.Create(CultureInfo.InvariantCulture, $"; this request may need {tokens}") : "";
        return verdict.IsTooMuch
            ? $"{reached}{asked}. It would never pass: send a shorter prompt or a smaller max_tokens."
            : $"{reached}{asked}. Please try again in {RateLimitHeaders.Duration((long)Math.Ceiling((again ?? Soon).TotalMilliseconds))}.";
    }
}
