namespace Orrery.Contracts;

/// <summary>What a GPU is here: how pods and containers ask for it, how much memory it has, what it costs. Its name is what a deployment writes in <c>gpu.type</c>.</summary>
/// <remarks>Of the installation: declared in the namespace <c>default</c>, used from every namespace.</remarks>
public sealed record GpuClassSpec
{
    /// <summary>Which of the known GPUs it is (<c>GET /gpus</c>): <c>h100-80</c>. The resource's name where absent.</summary>
    public string? Gpu { get; init; }

    /// <summary>Memory of one, where the GPU is not a known one, or only a part of one is given.</summary>
    public ByteSize? Memory { get; init; }

    /// <summary>What pods ask for: <c>nvidia.com/gpu</c> where absent, <c>nvidia.com/mig-3g.40gb</c>, <c>nvidia.com/gpu.shared</c>, <c>amd.com/gpu</c>.</summary>
    public string? ResourceName { get; init; }

    /// <summary>How containers on this machine are given it (a CDI device, or what <c>--gpus</c> takes after <c>device=</c>); <c>nvidia.com/gpu=all</c> where absent.</summary>
    public string? Device { get; init; }

    /// <summary>Labels of the nodes that have it: <c>nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3</c>.</summary>
    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }

    /// <summary>What such nodes keep others away with, and these pods not.</summary>
    public IReadOnlyList<Toleration>? Tolerations { get; init; }

    /// <summary>The runtime class that pods with it need: <c>nvidia</c>.</summary>
    public string? RuntimeClass { get; init; }

    /// <summary>In USD, of one GPU.</summary>
    public double? PricePerHour { get; init; }

    /// <summary>Whether the nodes may be taken away at any time; then a deployment has to ask for it by name.</summary>
    public bool? Spot { get; init; }

    /// <summary>Whether nodes with it are made when pods ask for them (a cluster's autoscaler), so that none has to be there.</summary>
    public bool? Provisioned { get; init; }

    /// <summary>How many of it the simulated target has; no other target reads it.</summary>
    public int? Simulated { get; init; }

    public const string DefaultResourceName = "nvidia.com/gpu";

    public string EffectiveResourceName => ResourceName ?? DefaultResourceName;

    public void Validate(FieldErrors errors)
    {
        if (Memory is { Bytes: < 100_000_000 })
        {
            errors.Add("spec.memory", $"{Memory}", "the memory of one GPU, such as 80GB");
        }

        if (ResourceName is not null && !KubernetesNames.IsQualified(ResourceName))
        {
            errors.Add("spec.resourceName", ResourceName, "a resource's name with its domain, such as nvidia.com/gpu");
        }

        if (PricePerHour is { } price && !(price is >= 0 and < 1e6))
        {
            errors.Add("spec.pricePerHour", $"{price}", "USD an hour, 0 or more");
        }

        if (Simulated is < 0 or > 1_000_000)
        {
            errors.Add("spec.simulated", $"{Simulated}", "a number of GPUs from 0 to 1000000");
        }

        Placement.Validate(errors, "spec", NodeSelector, Tolerations, RuntimeClass);
    }
}

/// <summary>As in Kubernetes: which taint of a node is put up with.</summary>
public sealed record Toleration
{
    /// <summary>The taint's key; absent with the operator <c>Exists</c>: every taint.</summary>
    public string? Key { get; init; }

    /// <summary><c>Exists</c> or <c>Equal</c>, which it is where absent.</summary>
    public string? Operator { get; init; }

    public string? Value { get; init; }

    /// <summary><c>NoSchedule</c>, <c>PreferNoSchedule</c> or <c>NoExecute</c>; absent: every effect.</summary>
    public string? Effect { get; init; }

    public static readonly IReadOnlyList<string> Operators = ["Exists", "Equal"];

    public static readonly IReadOnlyList<string> Effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

    internal void Validate(FieldErrors errors, string path)
    {
        if (Operator is not null)
        {
            errors.RequireOneOf($"{path}.operator", Operator, Operators);
        }

        if (Effect is not null)
        {
            errors.RequireOneOf($"{path}.effect", Effect, Effects);
        }

        if (Key is null && Operator != "Exists")
        {
            errors.Add($"{path}.key", null, "a taint's key, or operator: Exists for every taint");
        }
        else if (Key is not null && !KubernetesNames.IsQualified(Key))
        {
            errors.Add($"{path}.key", Key, "a taint's key such as nvidia.com/gpu");
        }

        if (Value is not null && Operator == "Exists")
        {
            errors.Add($"{path}.value", Value, "no value with operator: Exists");
        }
    }
}

/// <summary>Rules for what says on which nodes pods run.</summary>
internal static class Placement
{
    public static void Validate(
        FieldErrors errors, string path, IReadOnlyDictionary<string, string>? nodeSelector, IReadOnlyList<Toleration>? tolerations, string? runtimeClass)
    {
        foreach (var (key, value) in nodeSelector ?? new Dictionary<string, string>())
        {
            if (!KubernetesNames.IsQualified(key) || !KubernetesNames.IsLabelValue(value))
            {
                errors.Add($"{path}.nodeSelector", $"{key}: {value}", "a node's label and its value, such as nvidia.com/gpu.product: NVIDIA-L4");
            }
        }

        for (var i = 0; i < tolerations?.Count; i++)
        {
            tolerations[i].Validate(errors, $"{path}.tolerations[{i}]");
        }

        if (runtimeClass is not null && !FieldRules.IsName(runtimeClass))
        {
            errors.Add($"{path}.runtimeClass", runtimeClass, FieldRules.NameExpectation);
        }
    }
}
