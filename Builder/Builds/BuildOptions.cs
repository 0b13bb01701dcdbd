using Microsoft.Extensions.Options;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Builds;

/// <summary>Section <c>Builder:Builds</c>: how images are built, and where they go.</summary>
internal sealed class BuildOptions
{
    public const string Section = "Builder:Builds";

    /// <summary>One of <see cref="BuildPlaces"/>. Absent: the cluster that the Builder runs in, else its machine.</summary>
    public string? In { get; set; }

    /// <summary><c>podman</c>, <c>buildah</c>, <c>docker</c>, or the path of one; then no other is ever used. Absent: the first of them that works.</summary>
    public string? Tool { get; set; }

    /// <summary>Where images are pushed: a registry's host with what stands before their names, <c>registry.example.com/models</c>. Absent: they stay on this machine, where its containers find them.</summary>
    public string? Registry { get; set; }

    /// <summary>How many images are built at once. 1 to 32, default 1: each takes what the machine has.</summary>
    public int Parallel { get; set; } = 1;

    /// <summary>How long building and pushing one may take. Default 2 h.</summary>
    public TimeSpan Within { get; set; } = TimeSpan.FromHours(2);

    /// <summary>How often one is tried whose failure may pass (a registry is away, a disk is full). 1 to 100, default 6.</summary>
    public int Attempts { get; set; } = 6;

    /// <summary>How long it is waited after the first of these; doubling. Default 10 s.</summary>
    public TimeSpan FirstPause { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A folder of this machine for what is being built. Absent: one below the machine's folder for large temporary files.</summary>
    public string? Folder { get; set; }

    /// <summary>How much of a build's log is kept, from its end and its beginning. 1 to 1000, default 8.</summary>
    public int LogMegabytes { get; set; } = 8;

    /// <summary>How long builds and their logs are remembered; those that a deployment runs are always. Default 90 days.</summary>
    public TimeSpan Keep { get; set; } = TimeSpan.FromDays(90);

    /// <summary>Further arguments of the tool's <c>build</c>: <c>--ulimit=nofile=1024:1024</c>.</summary>
    public List<string> Arguments { get; set; } = [];

    /// <summary>Where a namespace's image of a model goes, without a tag; empty: it stays here.</summary>
    public string RepositoryOf(string @namespace, string model) => Registry is not { } registry ? "" : $"{registry.TrimEnd('/')}/{@namespace}/{RepositoryNames.Of(model)}";
}

/// <summary>Where images are built.</summary>
internal static class BuildPlaces
{
    /// <summary>With the container tool of the Builder's machine.</summary>
    public const string Machine = "machine";

    /// <summary>As Jobs of the cluster that the Builder knows.</summary>
    public const string Cluster = "cluster";
}

internal sealed class BuildOptionsValidator : IValidateOptions<BuildOptions>
{
    public ValidateOptionsResult Validate(string? name, BuildOptions options)
    {
        var faults = Faults(options).Select(fault => $"{BuildOptions.Section}:{fault}").ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> Faults(BuildOptions options)
    {
        if (options.Tool is { } tool && tool is not ("podman" or "buildah" or "docker") && !Path.IsPathRooted(tool))
        {
            yield return $"Tool is '{tool}'; expected podman, buildah, docker or the whole path of one.";
        }

        if (options.In is not (null or BuildPlaces.Machine or BuildPlaces.Cluster))
        {
            yield return $"In is '{options.In}'; expected {BuildPlaces.Machine} or {BuildPlaces.Cluster}.";
        }

        if (options.Registry is { } registry && ImageReference.Parse(registry.TrimEnd('/') + "/x") is not { Registry: not null, Tag: null, Digest: null })
        {
            yield return $"Registry is '{registry}'; expected a registry's host, with :PORT or without, and what stands before an image's name there: registry.example.com/models.";
        }

        if (options.Parallel is < 1 or > 32)
        {
            yield return $"Parallel is {options.Parallel}; expected 1 to 32.";
        }

        if (options.Within < TimeSpan.FromSeconds(1) || options.Within > TimeSpan.FromDays(7))
        {
            yield return $"Within is {options.Within}; expected a time from 1 s to 7 days.";
        }

        if (options.Attempts is < 1 or > 100)
        {
            yield return $"Attempts is {options.Attempts}; expected 1 to 100.";
        }

        if (options.FirstPause <= TimeSpan.Zero || options.FirstPause > TimeSpan.FromHours(1))
        {
            yield return $"FirstPause is {options.FirstPause}; expected a time up to 1 h.";
        }

        if (options.Folder is { } folder && !Path.IsPathRooted(folder))
        {
            yield return $"Folder is '{folder}'; expected a folder's whole path.";
        }

        if (options.LogMegabytes is < 1 or > 1_000)
        {
            yield return $"LogMegabytes is {options.LogMegabytes}; expected 1 to 1000.";
        }

        if (options.Keep < TimeSpan.FromHours(1) || options.Keep > TimeSpan.FromDays(3_650))
        {
            yield return $"Keep is {options.Keep}; expected a time from 1 h to 10 years.";
        }
    }
}
