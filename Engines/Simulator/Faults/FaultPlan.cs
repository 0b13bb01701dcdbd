using System.Globalization;
using Orrery.Contracts;

namespace Orrery.Simulator.Faults;

/// <summary>What a fault does to an answer that has so many tokens behind it.</summary>
internal enum FaultAction
{
    None,
    Stall,
    Cut,
    Malform,
    Fail,
}

/// <summary>What is to go wrong with one request. Written as <c>stall-after=5;no-usage</c>.</summary>
internal sealed record FaultPlan
{
    public const string Known = "status=CODE, retry-after=SECONDS, stall, stall-after=TOKENS, cut-after=TOKENS, malformed-after=TOKENS, error-after=TOKENS, "
        + "slow-start=DURATION, no-usage";

    public static readonly FaultPlan None = new();

    private const int MostTokens = 1_000_000;

    /// <summary>Answer with this status at once.</summary>
    public int? Status { get; init; }

    /// <summary>Seconds in <c>Retry-After</c>; with <see cref="Status"/> only.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Take the request and never answer.</summary>
    public bool Stall { get; init; }

    /// <summary>Wait before the engine sees the request.</summary>
    public TimeSpan SlowStart { get; init; }

    /// <summary>Leave usage out of the answer.</summary>
    public bool NoUsage { get; init; }

    public int? StallAfter { get; init; }

    public int? CutAfter { get; init; }

    public int? MalformedAfter { get; init; }

    public int? ErrorAfter { get; init; }

    /// <summary>Reads <c>name</c> and <c>name=value</c>, parted by <c>;</c>.</summary>
    /// <returns>The plan, or a message that names what is wrong and what is known.</returns>
    public static (FaultPlan Plan, string? Error) Parse(string text)
    {
        var plan = None;
        foreach (var part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = equals < 0 ? (part, "") : (part[..equals].TrimEnd(), part[(equals + 1)..].TrimStart());
            var (next, error) = plan.With(name, value);
            if (error is not null)
            {
                return (None, error);
            }

            plan = next;
        }

        return (plan, null);
    }

    /// <summary>What happens before token number <paramref name="tokens"/> (from 0) is written.</summary>
    public FaultAction Before(int tokens) =>
        tokens == StallAfter ? FaultAction.Stall
        : tokens == CutAfter ? FaultAction.Cut
        : tokens == ErrorAfter ? FaultAction.Fail
        : tokens == MalformedAfter ? FaultAction.Malform
        : FaultAction.None;

    private (FaultPlan Plan, string? Error) With(string name, string value)
    {
        int number;
        switch (name)
        {
            case "stall" when value.Length == 0:
                return (this with { Stall = true }, null);
            case "no-usage" when value.Length == 0:
                return (this with { NoUsage = true }, null);
            case "stall" or "no-usage":
                return (this, $"The fault '{name}' takes no value, got '{value}'.");
            case "slow-start":
                return Duration.TryParse(value, out var delay)
                    ? (this with { SlowStart = delay }, null)
                    : (this, $"The fault 'slow-start' has the value '{value}'; expected {Duration.Expectation}.");
            case "status":
                return IsNumber(value, 200, 599, out number) ? (this with { Status = number }, null) : Wrong(name, value, 200, 599);
            case "retry-after":
                return IsNumber(value, 0, 86_400, out number) ? (this with { RetryAfter = number }, null) : Wrong(name, value, 0, 86_400);
            case "stall-after":
                return IsTokens(value, out number) ? (this with { StallAfter = number }, null) : Wrong(name, value, 0, MostTokens);
            case "cut-after":
                return IsTokens(value, out number) ? (this with { CutAfter = number }, null) : Wrong(name, value, 0, MostTokens);
            case "malformed-after":
                return IsTokens(value, out number) ? (this with { MalformedAfter = number }, null) : Wrong(name, value, 0, MostTokens);
            case "error-after":
                return IsTokens(value, out number) ? (this with { ErrorAfter = number }, null) : Wrong(name, value, 0, MostTokens);
            default:
                return (this, $"Unknown fault '{name}'. Known: {Known}; several are parted by ';'.");
        }
    }

    private static bool IsTokens(string value, out int number) => IsNumber(value, 0, MostTokens, out number);

    private static bool IsNumber(string value, int min, int max, out int number) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= min && number <= max;

    private (FaultPlan Plan, string? Error) Wrong(string name, string value, int min, int max) =>
        (this, $"The fault '{name}' has the value '{value}'; expected a whole number from {min} to {max}.");
}
