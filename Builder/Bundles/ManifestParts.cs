using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Bundles;

/// <summary>What has to be there so that a manifest is whole.</summary>
/// <param name="Manifests">Of an index.</param>
/// <param name="Blobs">Configuration and layers, each once.</param>
/// <param name="Subject">What it refers to; <c>null</c>: nothing.</param>
internal sealed record ManifestParts(IReadOnlyList<OciDescriptor> Manifests, IReadOnlyList<OciDescriptor> Blobs, OciDescriptor? Subject)
{
    /// <summary>Indexes in indexes, and what refers to what refers to them: more than anybody has.</summary>
    public const int Deepest = 8;

    /// <summary>Of one image, with all that refers to it.</summary>
    public const int Most = 16_384;

    /// <param name="mediaType">What it is said to be.</param>
    /// <param name="fault">What is wrong, as a sentence's end.</param>
    public static ManifestParts? Read(string mediaType, ReadOnlySpan<byte> body, out string? fault)
    {
        var manifest = OciManifest.Read(body);
        var isIndex = mediaType is OciTypes.Index or OciTypes.DockerIndex;
        fault = manifest is null ? "it is no manifest"
            : !isIndex && mediaType is not (OciTypes.Manifest or OciTypes.DockerManifest) ? $"its type '{BundlePaths.Shown(mediaType)}' is no image's"
            : manifest.MediaType is { } own && own != mediaType ? $"it says of itself that it is '{BundlePaths.Shown(own)}', and is named as '{mediaType}'"
            : isIndex && (manifest.Layers is not null || manifest.Config is not null) ? "it is an index with layers" // One document, two meanings (CVE-2021-41190).
            : !isIndex && (manifest.Manifests is not null || manifest.Config is null) ? "it is an image with a list, or without a configuration"
            : null;
        return fault is null
            ? new ManifestParts(
                manifest!.Manifests ?? [], [.. new[] { manifest.Config }.OfType<OciDescriptor>().Concat(manifest.Layers ?? []).DistinctBy(part => (part.Digest, part.Size))], manifest.Subject)
            : null;
    }
}
