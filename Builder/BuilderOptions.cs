using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Orrery.Contracts;

namespace Orrery.Builder;

/// <summary>The configuration section <c>Builder</c>.</summary>
public sealed class BuilderOptions
{
    public const string Section = "Builder";

    /// <summary>Where a deployment goes that names no target: one of <see cref="DeploymentTargets.All"/>. Default <c>container</c>, in a cluster <c>kubernetes</c>.</summary>
    public string? Target { get; set; }

    /// <summary>Tells what this installation runs from what another runs on the same machine. Follows from the internal key where absent.</summary>
    public string? Installation { get; set; }

    /// <summary>How many deployments are looked at side by side. 1 to 64, default 8.</summary>
    [Range(1, 64)]
    public int Workers { get; set; } = 8;

    /// <summary>How long one that takes over waits before it acts, so that the one before has noticed. 0 s to 1 min, default 2 s; less than that only where there is never more than one.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan Settling { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long events are kept. 1 h to 10 years, default 30 days.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan KeepEvents { get; set; } = TimeSpan.FromDays(30);
}

[OptionsValidator]
internal sealed partial class BuilderOptionsRanges : IValidateOptions<BuilderOptions>;

internal sealed class BuilderOptionsRules : IValidateOptions<BuilderOptions>
{
    public ValidateOptionsResult Validate(string? name, BuilderOptions options) =>
        options.Target is { } target && !DeploymentTargets.All.Contains(target)
            ? ValidateOptionsResult.Fail($"Builder:Target is '{target}'; expected one of {string.Join(", ", DeploymentTargets.All)} (environment: Builder__Target).")
            : ValidateOptionsResult.Success;
}
