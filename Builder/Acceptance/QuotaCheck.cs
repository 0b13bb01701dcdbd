using System.Globalization;
using Orrery.Builder.Targets;
using Orrery.Contracts;

namespace Orrery.Builder.Acceptance;

/// <summary>Whether a namespace's quota leaves room for what is to be created.</summary>
internal static class QuotaCheck
{
    /// <param name="replicas">How many come on top of those that run.</param>
    public static IEnumerable<DeploymentFault> Faults(IReadOnlyList<QuotaLimit> quotas, GpuChoice? choice, ModelResources resources, int replicas)
    {
        foreach (var quota in quotas)
        {
            if (Needed(quota.Resource, choice, resources) is { } each && quota.Used + (each * replicas) > quota.Hard)
            {
                yield return new DeploymentFault(DeploymentReasons.QuotaExceeded, string.Create(
                    CultureInfo.InvariantCulture,
                    $"The quota '{quota.Quota}' leaves {Math.Max(0, quota.Hard - quota.Used):0.##} of {quota.Hard:0.##} {quota.Resource}, and {replicas} x {each:0.##} are needed. Raise it, or ask for less."));
            }
        }
    }

    private static decimal? Needed(string resource, GpuChoice? choice, ModelResources resources) => resource switch
    {
        "pods" => 1,
        "requests.cpu" or "cpu" or "limits.cpu" => Cores(resources.Cpu),
        "requests.memory" or "memory" or "limits.memory" => resources.Memory?.Bytes,
        _ when choice?.Spec is { } gpu && resource == "requests." + gpu.EffectiveResourceName => choice.Count,
        _ => null,
    };

    private static decimal? Cores(string? cpu) => cpu is null ? null
        : cpu.EndsWith('m') ? decimal.Parse(cpu[..^1], CultureInfo.InvariantCulture) / 1000
        : decimal.Parse(cpu, CultureInfo.InvariantCulture);
}
