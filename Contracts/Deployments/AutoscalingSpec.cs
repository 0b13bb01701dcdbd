using System.Globalization;

namespace Orrery.Contracts;

/// <summary>Between how many replicas, and by what.</summary>
public sealed record AutoscalingSpec
{
    /// <summary>One of <see cref="Metrics"/>.</summary>
    public string? Metric { get; init; }

    /// <summary>What of the metric one replica is to have.</summary>
    public double? Target { get; init; }

    public int? MinReplicas { get; init; }

    public int? MaxReplicas { get; init; }

    /// <summary>How long nobody has asked before no replica is kept; it wins over <see cref="MinReplicas"/>.</summary>
    public Duration? ScaleToZeroAfter { get; init; }

    public static readonly IReadOnlyList<string> Metrics = ["rps", "in_flight", "queue", "kv_cache"];

    internal void Validate(FieldErrors errors)
    {
        if (Metric is not null)
        {
            errors.RequireOneOf("spec.autoscaling.metric", Metric, Metrics);
        }

        if (MinReplicas is < 0 or > ModelDeploymentSpec.MostReplicas)
        {
            errors.Add("spec.autoscaling.minReplicas", $"{MinReplicas}", $"0 to {ModelDeploymentSpec.MostReplicas}");
        }

        if (MaxReplicas is < 1 or > ModelDeploymentSpec.MostReplicas || MaxReplicas < MinReplicas)
        {
            errors.Add("spec.autoscaling.maxReplicas", $"{MaxReplicas}", $"minReplicas to {ModelDeploymentSpec.MostReplicas}");
        }

        if (Target is { } target && !(target is > 0 and < 1e9))
        {
            errors.Add("spec.autoscaling.target", target.ToString(CultureInfo.InvariantCulture), "a number above 0");
        }
    }
}
