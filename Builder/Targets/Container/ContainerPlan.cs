using System.Globalization;
using Orrery.Contracts;

namespace Orrery.Builder.Targets.Container;

/// <summary>What is mounted at <see cref="RevisionTemplate.CachePath"/>, as the tool's <c>--volume</c> takes it before the colon.</summary>
internal sealed record CacheMount(string Source, bool IsFolder);

/// <summary>One container as the tool's <c>create</c> is told of it.</summary>
/// <param name="Variables">What the tool is to find in its own environment.</param>
/// <param name="Files">Variables that it must not find there, since it would obey them: the lines of a file for it.</param>
internal sealed record ContainerPlan(IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Variables, IReadOnlyList<string> Files)
{
    /// <summary>Stands in the arguments for the path of the file with <see cref="Files"/>.</summary>
    public const string FilePlace = "{file}";

    // Read by the tool itself: given to it in its environment they would change the tool.
    private static readonly string[] ToolReads =
    [
        "PATH", "HOME", "LD_", "DOCKER_", "CONTAINER", "_CONTAINERS", "XDG_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "TMPDIR", "GO", "STORAGE_", "REGISTR", "SSL_CERT", "BUILDAH_",
        "PODMAN_", "NOTIFY_SOCKET", "LISTEN_", "DBUS_",
    ];

    public static ContainerPlan Of(
        string name, RevisionTemplate template, ContainerLabels labels, ServerStart? start, CacheMount cache, IReadOnlyList<FileMount> files, IReadOnlyDictionary<string, string> secrets, FoundTool tool,
        ContainerOptions options)
    {
        List<string> arguments = ["create", "--name", name, "--restart", "no", "--pull", "never"];
        arguments.AddRange(labels.ToLabels().SelectMany(label => (string[])["--label", $"{label.Key}={label.Value}"]));
        arguments.AddRange(Network(template, labels));
        arguments.AddRange(Limits(template, labels, options));
        arguments.AddRange(["--security-opt", "no-new-privileges", "--cap-drop", "ALL"]);
        arguments.AddRange(Logs(tool, options));
        arguments.AddRange(Gpus(template, labels, tool));
        arguments.AddRange(["--volume", $"{cache.Source}:{RevisionTemplate.CachePath}{(cache.IsFolder ? ":z" : "")}"]);
        arguments.AddRange(files.SelectMany(file => (string[])["--volume", $"{file.Source}:{file.Path}:ro,z"]));
        if (tool.IsPodman)
        {
            // Else this process's own proxy, its password included, would be the server's.
            arguments.Add("--http-proxy=false");
        }

        var environment = (start?.Environment ?? template.Environment).ToDictionary();
        arguments.AddRange(environment.SelectMany(one => (string[])["--env", $"{one.Key}={one.Value}"]));
        var byFile = secrets.Where(one => ToolReads.Any(read => one.Key.StartsWith(read, StringComparison.OrdinalIgnoreCase))).ToList();
        var byName = secrets.Except(byFile).ToDictionary();
        if (byFile.FirstOrDefault(one => one.Value.AsSpan().ContainsAny('\r', '\n')) is { Key: { } many })
        {
            throw new TargetException(ReplicaReasons.Misconfigured, $"The secret of the variable {many} has several lines, and {tool.Name} cannot be given that variable so. Use a value of one line, or another name for it.", isFinal: true);
        }

        arguments.AddRange(byName.Keys.SelectMany(one => (string[])["--env", one]));
        arguments.AddRange(byFile.Count > 0 ? ["--env-file", FilePlace] : []);
        arguments.AddRange(options.Arguments);
        arguments.AddRange(Program(template, start));
        return new ContainerPlan(arguments, byName, [.. byFile.Select(one => $"{one.Key}={one.Value}")]);
    }

    private static IEnumerable<string> Network(RevisionTemplate template, ContainerLabels labels) => labels.OnHost
        ? ["--network", "host"]
        : ["--publish", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1::{template.Port}")];

    private static IEnumerable<string> Limits(RevisionTemplate template, ContainerLabels labels, ContainerOptions options)
    {
        if (labels.Memory > 0)
        {
            // As much with swap as without: a server that swaps is worse than one that ends and says why.
            var bytes = labels.Memory.ToString(CultureInfo.InvariantCulture) + "b";
            yield return "--memory=" + bytes;
            yield return "--memory-swap=" + bytes;
        }

        if (labels.Cores > 0)
        {
            yield return "--cpus=" + labels.Cores.ToString(CultureInfo.InvariantCulture);
        }

        if (template.Gpu is { Count: > 1 })
        {
            // Processes of several GPUs exchange tensors through it; 64 MB, the tools' own, end in a bus error.
            yield return "--shm-size=16g";
        }

        yield return string.Create(CultureInfo.InvariantCulture, $"--pids-limit={options.PidsLimit}");
    }

    private static IEnumerable<string> Logs(FoundTool tool, ContainerOptions options)
    {
        var driver = tool.IsPodman ? "k8s-file" : "json-file";
        return ["--log-driver", driver, "--log-opt", string.Create(CultureInfo.InvariantCulture, $"max-size={options.LogMegabytes}m"), .. tool.IsPodman ? (string[])[] : ["--log-opt", "max-file=2"]];
    }

    private static IEnumerable<string> Gpus(RevisionTemplate template, ContainerLabels labels, FoundTool tool)
    {
        if (template.Gpu is not { } gpu || labels.Gpus.Count == 0)
        {
            return [];
        }

        var kind = GpuPool.KindOf(gpu.Device);
        // Docker reads the value as CSV: without quotes of its own the comma would begin the next option.
        return tool.IsPodman || kind != GpuClassSpec.DefaultResourceName
            ? labels.Gpus.SelectMany(device => (string[])["--device", device])
            : ["--gpus", $"\"device={string.Join(',', labels.Gpus.Select(device => device[(kind.Length + 1)..]))}\""];
    }

    /// <summary>The image and what starts in it. An entrypoint is one word to both tools: what else it has, goes before the arguments.</summary>
    private static IEnumerable<string> Program(RevisionTemplate template, ServerStart? start)
    {
        var command = start?.Entrypoint ?? template.Command ?? [];
        var arguments = start?.Arguments ?? template.Arguments ?? [];
        return command.Count == 0 ? [template.Image, .. arguments] : ["--entrypoint", command[0], template.Image, .. command.Skip(1), .. arguments];
    }
}
