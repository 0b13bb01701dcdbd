using System.Text.Json.Serialization;
using Orrery.Contracts;

namespace Orrery.Builder;

/// <summary>What every replica of a revision runs, with nothing left to decide. Stored with the revision; the same content is the same revision.</summary>
internal sealed record RevisionTemplate
{
    /// <summary>The model's public id; the server is told to answer to it.</summary>
    public required string ModelId { get; init; }

    public required string ModelType { get; init; }

    /// <summary>Tokens of prompt and answer in one request; absent: not known.</summary>
    public int? Context { get; init; }

    /// <summary>How the gateway talks to it. One of <see cref="Engines.All"/>.</summary>
    public required string Engine { get; init; }

    /// <summary>Ids of adapters that are served beside the model.</summary>
    public IReadOnlyList<string> Adapters { get; init; } = [];

    /// <summary>What is run: <c>registry/name@sha256:…</c>, or what the container tool knows it by.</summary>
    public required string Image { get; init; }

    /// <summary>As it was declared, where what is run is written otherwise: a tag, in place of the digest that it was.</summary>
    public string? DeclaredImage { get; init; }

    /// <summary>What people know the image by.</summary>
    [JsonIgnore]
    public string ShownImage => DeclaredImage ?? Image;

    /// <summary><c>sha256:…</c>; absent only where the target cannot tell.</summary>
    public string? Digest { get; init; }

    /// <summary>The Secret of the namespace that the image is pulled with, where the target hands one on; absent: none.</summary>
    public string? PullSecret { get; init; }

    /// <summary>The commit that <see cref="Arguments"/> name, or why they name none; absent where the server fetches nothing by revision.</summary>
    public DeploymentPin? Pin { get; init; }

    /// <summary>Instead of the image's entrypoint.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Instead of the image's own; absent: those of the image.</summary>
    public IReadOnlyList<string>? Arguments { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<SecretVariable> Secrets { get; init; } = [];

    public int Port { get; init; } = 8000;

    /// <summary>Asked with GET; 200 is ready.</summary>
    public string HealthPath { get; init; } = "/health";

    /// <summary>Cores, memory and disk of a replica.</summary>
    public ModelResources Resources { get; init; } = new();

    /// <summary>What of <see cref="Resources"/> was declared; absent: nothing. The rest is reckoned, and limits without promising.</summary>
    public ModelResources? Requests { get; init; }

    public TemplateGpu? Gpu { get; init; }

    public IReadOnlyDictionary<string, string> NodeSelector { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<Toleration> Tolerations { get; init; } = [];

    public string? RuntimeClass { get; init; }

    /// <summary>One of <see cref="WeightCaches.All"/>: what is mounted at <see cref="CachePath"/>.</summary>
    public string Cache { get; init; } = WeightCaches.None;

    public required TemplateProbes Probes { get; init; }

    /// <summary>How long a replica that leaves may finish what it has begun.</summary>
    public required TimeSpan Drain { get; init; }

    public string? TrustZone { get; init; }

    /// <summary>Where every image of the catalogue keeps its weights.</summary>
    public const string CachePath = "/models";
}

/// <summary>A variable whose value is in a Secret and stands in no revision.</summary>
/// <param name="Fingerprint">Changes with the value, and tells nothing of it.</param>
internal sealed record SecretVariable(string Name, string Secret, string Key, string Fingerprint);

/// <summary>The GPUs of one replica.</summary>
/// <param name="Class">The GpuClass.</param>
/// <param name="ResourceName">What pods ask for.</param>
/// <param name="Device">What containers are given.</param>
internal sealed record TemplateGpu(string Class, string ResourceName, string Device, int Count, ByteSize? Memory)
{
    /// <summary>In words.</summary>
    [JsonIgnore]
    public string Counted => Count == 1 ? "1 GPU" : $"{Count} GPUs";
}

/// <param name="StartWithin">From the container's start until it must have answered.</param>
/// <param name="Failures">One after the other, after which a replica that served counts as unready; see <see cref="ProbeSpec.Failures"/>.</param>
internal sealed record TemplateProbes(TimeSpan StartWithin, TimeSpan Interval, TimeSpan Timeout, int Failures);
