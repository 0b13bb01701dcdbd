using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Orrery.Contracts;

namespace Orrery.Builder.Targets.Container;

/// <summary>One GPU of this machine, or one slice of it.</summary>
/// <param name="Kind">What stands before its name in a device: <c>nvidia.com/gpu</c>.</param>
/// <param name="Device">Its name to the container tool: <c>0</c>, a slice <c>0:1</c>.</param>
/// <param name="Resource">What a GpuClass calls it: the kind, or <c>nvidia.com/mig-3g.40gb</c>.</param>
internal sealed record MachineGpu(string Kind, string Device, string Resource, string? Product = null)
{
    /// <summary>As CDI writes it: <c>nvidia.com/gpu=0</c>.</summary>
    public string Name => $"{Kind}={Device}";
}

/// <summary>The GPUs of this machine: what there is, and which are given to a replica.</summary>
internal sealed partial class GpuPool(TimeProvider time, string nvidiaSmi = "nvidia-smi", params IReadOnlyList<string> cdiFolders)
{
    public static readonly IReadOnlyList<string> CdiFolders = ["/etc/cdi", "/var/run/cdi"];

    // A driver asked too often costs the GPUs time; cards do not come and go.
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _lock = new(1);
    private IReadOnlyList<MachineGpu>? _known;
    private long _at;

    public async Task<IReadOnlyList<MachineGpu>> AllAsync(CancellationToken cancellationToken)
    {
        await _lock.WaitAsync(cancellationToken);
        try
        {
            if (_known is null || time.GetElapsedTime(_at) > Lasts)
            {
                var asked = ParseList(await NvidiaAsync(cancellationToken));
                // The driver knows slices and products; the files know devices of every maker.
                _known = [.. asked, .. Declared().Where(gpu => asked.Count == 0 || gpu.Kind != GpuClassSpec.DefaultResourceName)];
                _at = time.GetTimestamp();
            }

            return _known;
        }
        finally
        {
            _lock.Release();
        }
    }

    /// <summary>Chooses as many as <paramref name="gpu"/> asks for among those that nobody has, the first ones first.</summary>
    /// <returns><c>null</c> where they do not suffice.</returns>
    public static IReadOnlyList<MachineGpu>? Choose(TemplateGpu gpu, IReadOnlyList<MachineGpu> all, IReadOnlySet<string> taken)
    {
        var chosen = Eligible(gpu, all).Where(one => !taken.Contains(one.Name)).Take(gpu.Count).ToList();
        return chosen.Count == gpu.Count ? chosen : null;
    }

    /// <summary>Those that belong to a class: of its resource, and named in its device unless that says <c>all</c>.</summary>
    public static IReadOnlyList<MachineGpu> Eligible(TemplateGpu gpu, IReadOnlyList<MachineGpu> all)
    {
        var kind = KindOf(gpu.Device);
        var names = NamesOf(gpu.Device);
        var sliced = all.Where(one => one.Resource == gpu.ResourceName && one.Resource != one.Kind).ToList();
        return [.. (sliced.Count > 0 ? sliced : all.Where(one => one.Kind == kind && one.Resource == one.Kind)).Where(one => names is null || names.Contains(one.Device))];
    }

    /// <summary><c>nvidia.com/gpu=0,1</c> → <c>nvidia.com/gpu</c>; what docker takes after <c>device=</c> is NVIDIA's.</summary>
    public static string KindOf(string device) => device.Contains('=') ? device[..device.IndexOf('=')] : GpuClassSpec.DefaultResourceName;

    /// <returns><c>null</c>: all of them.</returns>
    private static HashSet<string>? NamesOf(string device)
    {
        var names = device.Split(',').Select(part => part[(part.IndexOf('=') + 1)..].Trim()).Where(part => part.Length > 0).ToHashSet();
        return names.Contains("all") || names.Count == 0 ? null : names;
    }

    /// <summary>Reads <c>nvidia-smi -L</c>.</summary>
    internal static IReadOnlyList<MachineGpu> ParseList(string text)
    {
        var found = new List<MachineGpu>();
        foreach (var line in text.Split('\n'))
        {
            if (Card.Match(line) is { Success: true } card)
            {
                found.Add(new MachineGpu(GpuClassSpec.DefaultResourceName, card.Groups["index"].Value, GpuClassSpec.DefaultResourceName, card.Groups["name"].Value));
            }
            else if (Slice.Match(line) is { Success: true } slice && found.Count > 0)
            {
                // A card that is cut into slices is given to nobody as a whole.
                var parent = found[^1].Device.Split(':')[0];
                var product = found[^1].Product;
                found.RemoveAll(gpu => gpu.Device == parent);
                found.Add(new MachineGpu(
                    GpuClassSpec.DefaultResourceName, $"{parent}:{slice.Groups["index"].Value}", $"nvidia.com/mig-{slice.Groups["profile"].Value}", product));
            }
        }

        return found;
    }

    /// <summary>Devices of the specifications that container tools read (CNCF's CDI), in JSON or YAML as the makers' tools write it.</summary>
    internal static IReadOnlyList<MachineGpu> ParseCdi(string text)
    {
        var (kind, names) = text.AsSpan().TrimStart().StartsWith('{') ? FromJson(text) : FromYaml(text);
        // The same cards once more by their serial numbers, and once for all of them.
        var plain = names.Where(name => name != "all" && !name.StartsWith("GPU-", StringComparison.Ordinal) && !name.StartsWith("MIG-", StringComparison.Ordinal)).ToList();
        return kind is null || !kind.EndsWith("gpu", StringComparison.OrdinalIgnoreCase) ? [] : [.. plain.Distinct().Select(name => new MachineGpu(kind, name, kind))];
    }

    private static (string? Kind, IReadOnlyList<string> Names) FromJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return (document.RootElement.GetProperty("kind").GetString(), [.. document.RootElement.GetProperty("devices").EnumerateArray().Select(device => device.GetProperty("name").GetString()!)]);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return (null, []);
        }
    }

    private static (string? Kind, IReadOnlyList<string> Names) FromYaml(string text) =>
        (CdiKind.Match(text) is { Success: true } kind ? kind.Groups[1].Value : null, [.. CdiName.Matches(text).Select(name => name.Groups[1].Value)]);

    private IEnumerable<MachineGpu> Declared() => (cdiFolders.Count > 0 ? cdiFolders : CdiFolders)
        .Where(Directory.Exists)
        .SelectMany(folder => Directory.GetFiles(folder).Where(file => Path.GetExtension(file) is ".json" or ".yaml" or ".yml").Order(StringComparer.Ordinal))
        .SelectMany(file => ParseCdi(Text(file)))
        .DistinctBy(gpu => (gpu.Kind, gpu.Device));

    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>Nothing where there is no driver, or where it hangs, as it does with a card that has fallen off its bus.</summary>
    private async Task<string> NvidiaAsync(CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20), time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            using var process = Process.Start(new ProcessStartInfo(nvidiaSmi, ["-L"]) { RedirectStandardOutput = true, RedirectStandardError = true });
            var errors = process!.StandardError.ReadToEndAsync(limit.Token);
            var text = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await errors;
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0 ? text : "";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "";
        }
    }

    [GeneratedRegex(@"^GPU (?<index>\d+): (?<name>.+?) \(UUID: ")]
    private static partial Regex Card { get; }

    [GeneratedRegex(@"^\s+MIG (?<profile>\S+)\s+Device\s+(?<index>\d+): ")]
    private static partial Regex Slice { get; }

    [GeneratedRegex(@"^kind:\s*[""']?([^\s""']+)", RegexOptions.Multiline)]
    private static partial Regex CdiKind { get; }

    // Only devices have a 'name' in what the makers' tools write; a device's nodes have a 'path'.
    [GeneratedRegex(@"^\s*(?:-\s+)?name:\s*[""']?([^\s""']+)", RegexOptions.Multiline)]
    private static partial Regex CdiName { get; }
}
