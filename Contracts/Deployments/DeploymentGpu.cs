using System.Globalization;

namespace Orrery.Contracts;

/// <summary>The GPUs of one replica.</summary>
public sealed record DeploymentGpu
{
    /// <summary>The name of a GpuClass; the cheapest that fits where absent.</summary>
    public string? Type { get; init; }

    /// <summary>How many a replica has; the fewest that fit where absent, 0: none.</summary>
    public int? Count { get; init; }

    internal void Validate(FieldErrors errors)
    {
        if (Type is not null)
        {
            errors.RequireName("spec.gpu.type", Type);
        }

        if (Count is < 0 or > ModelDeploymentSpec.MostGpus)
        {
            errors.Add("spec.gpu.count", Count.Value.ToString(CultureInfo.InvariantCulture), $"0 to {ModelDeploymentSpec.MostGpus} GPUs a replica");
        }

        if (Type is not null && Count == 0)
        {
            errors.Add("spec.gpu.count", "0", "1 or more with a type; without one, 0 means that it runs on the CPU");
        }
    }
}
