using System.Collections.Frozen;
using System.Text.Json.Serialization;
using Orrery.Catalogue.Documents;
using Orrery.Contracts;

namespace Orrery.Catalogue.Sizing;

/// <summary>A GPU, or the part of one that a replica sees: a MIG slice, a shared GPU.</summary>
/// <param name="Name">For people: <c>NVIDIA L4</c>.</param>
/// <param name="Memory">As CUDA gives it to programs, a little less than the driver shows.</param>
/// <param name="Capability">CUDA compute capability, such as <c>8.9</c>: it decides which kinds of weights are computed with.</param>
/// <param name="Of">The whole GPU that it is a part of.</param>
/// <param name="Nvlink">Whether several in one machine speak to each other past the PCI bus.</param>
internal sealed record Gpu(string Name, ByteSize Memory, string Capability, string? Of = null, bool Nvlink = false)
{
    /// <summary>How configurations name it: <c>l4</c>.</summary>
    [JsonIgnore]
    public string Id { get; init; } = "";

    /// <summary><c>9.0</c> → 90.</summary>
    [JsonIgnore]
    public int CapabilityNumber => int.Parse(Capability.Replace(".", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A part does not speak to other parts at the speed that splitting a model needs.</summary>
    [JsonIgnore]
    public bool IsPart => Of is not null;
}

/// <summary>A machine that can be rented.</summary>
/// <param name="Price">USD an hour, on demand; <c>null</c>: not for sale so.</param>
internal sealed record Instance(int Cpus, ByteSize Memory, string? Gpu = null, int Count = 0, double? Price = null, string? Arch = null)
{
    [JsonIgnore]
    public string Id { get; init; } = "";
}

internal sealed record InstanceFile(string Region, string Date, IReadOnlyDictionary<string, Instance> Types);

/// <summary>The GPUs and the instance types that are known.</summary>
internal static class Hardware
{
    private static readonly Lazy<FrozenDictionary<string, Gpu>> AllGpus = new(() => EmbeddedYaml.Read("Sizing/gpus.yaml", SizingJson.Default.IReadOnlyDictionaryStringGpu)
        .ToFrozenDictionary(pair => pair.Key, pair => pair.Value with { Id = pair.Key }));

    private static readonly Lazy<InstanceFile> File = new(() => EmbeddedYaml.Read("Sizing/instances.yaml", SizingJson.Default.InstanceFile));

    private static readonly Lazy<IReadOnlyList<Instance>> AllInstances = new(() => [.. File.Value.Types.Select(pair => pair.Value with { Id = pair.Key })]);

    public static IReadOnlyDictionary<string, Gpu> Gpus => AllGpus.Value;

    public static IReadOnlyList<Instance> Instances => AllInstances.Value;

    /// <summary>Of what the prices are: <c>us-east-1 on 2026-07-20</c>.</summary>
    public static string Prices => $"{File.Value.Region} on {File.Value.Date}";

    public static Instance? FindInstance(string id) => Instances.FirstOrDefault(instance => instance.Id == id);
}

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(IReadOnlyDictionary<string, Gpu>))]
[JsonSerializable(typeof(InstanceFile))]
internal sealed partial class SizingJson : JsonSerializerContext;
