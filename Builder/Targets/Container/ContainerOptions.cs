using System.Globalization;
using Microsoft.Extensions.Options;
using Orrery.Contracts;

namespace Orrery.Builder.Targets.Container;

/// <summary>Section <c>Builder:Container</c>: how replicas run on this machine.</summary>
internal sealed class ContainerOptions
{
    public const string Section = "Builder:Container";

    public const string Publish = "publish";
    public const string Host = "host";

    /// <summary><c>podman</c>, <c>docker</c>, or the path of one; then no other is ever used. Absent: podman where it works, else docker.</summary>
    public string? Tool { get; set; }

    /// <summary>How names of containers and volumes begin.</summary>
    public string Prefix { get; set; } = "orrery";

    /// <summary><c>publish</c>: a network of the tool's, the server's port on the loopback address at a port that the tool chooses. <c>host</c>: the machine's network, a port of its own for each.</summary>
    public string Network { get; set; } = Publish;

    /// <summary>With the network <c>host</c>: the first and the last port that servers are given.</summary>
    public int FirstPort { get; set; } = 18_000;

    public int LastPort { get; set; } = 18_999;

    /// <summary>A folder of this machine that keeps weights, one folder below it a namespace. Absent: a volume of the tool's for each namespace.</summary>
    public string? ModelsFolder { get; set; }

    /// <summary>Processes and threads that a replica may have.</summary>
    public int PidsLimit { get; set; } = 8_192;

    /// <summary>How much of a replica's log is kept.</summary>
    public int LogMegabytes { get; set; } = 50;

    /// <summary>How many times the machine's memory and cores may be promised to replicas whose deployments declare <c>resources</c>. Default 1; 0: nothing is counted.</summary>
    public double Overcommit { get; set; } = 1;

    /// <summary>How long an image may take to come.</summary>
    public TimeSpan PullWithin { get; set; } = TimeSpan.FromHours(2);

    /// <summary>Further arguments of the tool's <c>create</c>, for every replica: <c>--ulimit=memlock=-1</c>.</summary>
    public List<string> Arguments { get; set; } = [];
}

internal sealed class ContainerOptionsValidator : IValidateOptions<ContainerOptions>
{
    public ValidateOptionsResult Validate(string? name, ContainerOptions options)
    {
        var faults = Faults(options).Select(fault => $"{ContainerOptions.Section}:{fault}").ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> Faults(ContainerOptions options)
    {
        if (options.Tool is { } tool && tool is not ("podman" or "docker") && !Path.IsPathRooted(tool))
        {
            yield return $"Tool is '{tool}'; expected podman, docker or the whole path of one.";
        }

        if (!FieldRules.IsName(options.Prefix) || options.Prefix.Length > 20)
        {
            yield return $"Prefix is '{options.Prefix}'; expected 1 to 20 of a-z, 0-9 and -, starting and ending with a letter or digit.";
        }

        if (options.Network is not (ContainerOptions.Publish or ContainerOptions.Host))
        {
            yield return $"Network is '{options.Network}'; expected {ContainerOptions.Publish} or {ContainerOptions.Host}.";
        }

        if (options.FirstPort is < 1_024 or > 65_535 || options.LastPort < options.FirstPort || options.LastPort > 65_535)
        {
            yield return $"FirstPort to LastPort is {options.FirstPort} to {options.LastPort}; expected ports from 1024 to 65535, the lower one first.";
        }

        if (options.ModelsFolder is { } folder && !Path.IsPathRooted(folder))
        {
            yield return $"ModelsFolder is '{folder}'; expected a folder's whole path.";
        }

        if (options.PidsLimit is < 16 or > 4_000_000)
        {
            yield return $"PidsLimit is {options.PidsLimit}; expected 16 to 4000000.";
        }

        if (options.LogMegabytes is < 1 or > 10_000)
        {
            yield return $"LogMegabytes is {options.LogMegabytes}; expected 1 to 10000.";
        }

        if (options.Overcommit is not (0 or (>= 0.1 and <= 1_000)))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"Overcommit is {options.Overcommit}; expected 0 (nothing is counted) or 0.1 to 1000.");
        }

        if (options.PullWithin < TimeSpan.FromSeconds(1))
        {
            yield return $"PullWithin is {options.PullWithin}; expected a second or more.";
        }
    }
}
