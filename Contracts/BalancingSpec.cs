namespace Orrery.Contracts;

/// <summary>Which of a provider's servers takes a request.</summary>
public sealed record BalancingSpec
{
    private static readonly TimeSpan LongestSlowStart = TimeSpan.FromHours(1);

    /// <summary>One of <see cref="BalancingStrategies.All"/>. Default least_in_flight.</summary>
    public string? Strategy { get; init; }

    /// <summary>
    /// The request header that names a session: requests of one session go to one server as long as it can take them.
    /// Default with the strategy session: X-Orrery-Session; else none.
    /// </summary>
    public string? SessionHeader { get; init; }

    /// <summary>How long a server that is new or came back takes to reach its full share. Default 0s: at once.</summary>
    public Duration? SlowStart { get; init; }

    internal void Validate(FieldErrors errors)
    {
        if (Strategy is not null)
        {
            errors.RequireOneOf("spec.balancing.strategy", Strategy, BalancingStrategies.All);
        }

        if (SessionHeader is not null && !IsHeaderName(SessionHeader))
        {
            errors.Add("spec.balancing.sessionHeader", SessionHeader, "a header's name: 1 to 64 letters, digits and '-'");
        }
        else if (SessionHeader is not null && Credentials.Contains(SessionHeader, StringComparer.OrdinalIgnoreCase))
        {
            errors.Add("spec.balancing.sessionHeader", SessionHeader, "a header that names a session and is no credential", "Let clients send X-Orrery-Session.");
        }

        if (SlowStart is { } window && window.Value > LongestSlowStart)
        {
            errors.Add("spec.balancing.slowStart", $"{window}", "0s to 1h");
        }
    }

    private static readonly string[] Credentials = ["Authorization", "Cookie", "X-Api-Key", "Api-Key"];

    private static bool IsHeaderName(string name) => name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}

/// <summary>The rules by which a server is chosen.</summary>
public static class BalancingStrategies
{
    /// <summary>In turn, each as often as its weight says.</summary>
    public const string WeightedRoundRobin = "weighted_round_robin";

    /// <summary>Of two drawn by weight the one with fewer requests in flight for its weight.</summary>
    public const string LeastInFlight = "least_in_flight";

    /// <summary>Of two drawn by weight the one that answers sooner, what waits there counted in.</summary>
    public const string Latency = "latency";

    /// <summary>A session's requests stay with one server; those without a session go where fewest are in flight.</summary>
    public const string Session = "session";

    public static readonly IReadOnlyList<string> All = [WeightedRoundRobin, LeastInFlight, Latency, Session];
}
