namespace Orrery.Contracts;

/// <summary>How a new version takes the old one's place.</summary>
public static class RolloutStrategies
{
    /// <summary>The new one is started beside the old one, which serves until it is ready.</summary>
    public const string Rolling = "rolling";

    /// <summary>The old one ends first: no second set of GPUs is needed, and nothing serves in between.</summary>
    public const string Recreate = "recreate";

    /// <summary>The new one gets a share of the requests until it is promoted.</summary>
    public const string Canary = "canary";

    public static readonly IReadOnlyList<string> All = [Rolling, Recreate, Canary];
}
