namespace Orrery.Contracts;

/// <summary>Where weights are kept between starts.</summary>
public static class WeightCaches
{
    /// <summary>A volume of the namespace, filled once and mounted by every replica.</summary>
    public const string SharedVolume = "shared_volume";

    /// <summary>The replica's own disk: each one fetches for itself.</summary>
    public const string None = "none";

    public static readonly IReadOnlyList<string> All = [SharedVolume, None];
}
