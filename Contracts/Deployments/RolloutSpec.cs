namespace Orrery.Contracts;

/// <summary>How a new version takes the old one's place.</summary>
public sealed record RolloutSpec
{
    /// <summary>One of <see cref="RolloutStrategies.All"/>; <c>rolling</c> where absent.</summary>
    public string? Strategy { get; init; }

    /// <summary>With <c>canary</c>: the new version's share of the requests in percent until it is promoted.</summary>
    public int? Weight { get; init; }

    /// <summary>With <c>canary</c>: how long the new version must have been serving before it takes over by itself. Absent: it waits to be promoted.</summary>
    public Duration? PromoteAfter { get; init; }

    /// <summary>How long a new version may take to be ready before the old one comes back. Follows from the weights' size where absent.</summary>
    public Duration? ReadyWithin { get; init; }

    /// <summary>How long a replica that leaves may finish what it has begun. Default 30s.</summary>
    public Duration? Drain { get; init; }

    /// <summary>How many revisions are kept to go back to. Default 10.</summary>
    public int? History { get; init; }

    public static readonly TimeSpan DefaultDrain = TimeSpan.FromSeconds(30);

    public const int DefaultHistory = 10;

    internal void Validate(FieldErrors errors)
    {
        if (Strategy is not null)
        {
            errors.RequireOneOf("spec.rollout.strategy", Strategy, RolloutStrategies.All);
        }

        if (Weight is not null && Strategy != RolloutStrategies.Canary)
        {
            errors.Add("spec.rollout.weight", $"{Weight}", "no weight without strategy: canary");
        }
        else if (Weight is < 1 or > 99)
        {
            errors.Add("spec.rollout.weight", $"{Weight}", "1 to 99 percent");
        }

        if (PromoteAfter is not null && Strategy != RolloutStrategies.Canary)
        {
            errors.Add("spec.rollout.promoteAfter", $"{PromoteAfter}", "no promoteAfter without strategy: canary");
        }

        RequireWithin(errors, "spec.rollout.readyWithin", ReadyWithin, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        RequireWithin(errors, "spec.rollout.drain", Drain, TimeSpan.Zero, TimeSpan.FromHours(1));
        if (History is < 1 or > 100)
        {
            errors.Add("spec.rollout.history", $"{History}", "1 to 100 revisions");
        }
    }

    private static void RequireWithin(FieldErrors errors, string path, Duration? value, TimeSpan least, TimeSpan most)
    {
        if (value is { } duration && (duration.Value < least || duration.Value > most))
        {
            errors.Add(path, $"{duration}", $"{new Duration(least)} to {new Duration(most)}");
        }
    }
}
