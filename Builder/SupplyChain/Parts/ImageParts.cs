using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.SupplyChain.Parts;

/// <summary>What an image says that it consists of.</summary>
/// <param name="Files">Those that are left when all layers lie upon each other.</param>
/// <param name="NotRead">Sentences without their dots.</param>
internal sealed record ImageParts(IReadOnlyList<FileFacts> Files, IReadOnlyList<string> NotRead)
{
    /// <param name="layers">From the lowest up, with their digests.</param>
    public static ImageParts Of(IReadOnlyList<(string Digest, LayerFacts Facts)> layers)
    {
        var files = new SortedDictionary<string, FileFacts>(StringComparer.Ordinal);
        foreach (var (_, layer) in layers)
        {
            var (removed, emptied) = (layer.Removed.ToHashSet(StringComparer.Ordinal), layer.Emptied.ToHashSet(StringComparer.Ordinal));
            foreach (var hidden in files.Keys.Where(path => removed.Contains(path) || Folders(path).Any(folder => removed.Contains(folder) || emptied.Contains(folder))).ToList())
            {
                files.Remove(hidden);
            }

            foreach (var file in layer.Files)
            {
                files[file.Path] = file;
            }
        }

        return new ImageParts(
            [.. files.Values],
            [
                .. layers.Where(layer => layer.Facts.NotRead is not null).Select(layer => $"the layer {layer.Digest}: {layer.Facts.NotRead}"),
                .. files.Values.Where(file => file.NotRead is not null).Select(file => $"/{file.Path} {file.NotRead}"),
            ]);
    }

    /// <summary>All that it lies in, the root as <c>""</c>.</summary>
    private static IEnumerable<string> Folders(string path)
    {
        for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
        {
            yield return path[..slash];
        }

        yield return "";
    }
}

/// <summary>Reads the parts of an image from its layers in the registry, those that nobody has read yet.</summary>
internal sealed class ImagePartsReader(RegistryRepository repository, ILayerFactsStore store, LayerLimits limits)
{
    private const int MostLayers = 1024;

    /// <summary>The parts of the image of this digest.</summary>
    /// <param name="digest">Of a manifest, or of an index that has one for <paramref name="platform"/>.</param>
    /// <param name="platform">Such as <c>linux/amd64</c>; asked for where an index has several.</param>
    /// <exception cref="ServiceDefaults.Egress.RemoteFailure">The registry does not give it.</exception>
    /// <exception cref="SupplyChainException">It is no image that has layers.</exception>
    public async Task<ImageParts> ReadAsync(string digest, string platform, CancellationToken cancellationToken)
    {
        var layers = (await FindManifestAsync(digest, platform, cancellationToken)).Layers ?? [];
        if (layers.Count > MostLayers)
        {
            throw new SupplyChainException($"the image {digest} has {layers.Count} layers, and {MostLayers} are the most", "Is it an image?");
        }

        var read = new List<(string, LayerFacts)>();
        foreach (var layer in layers)
        {
            read.Add((layer.Digest, await ReadLayerAsync(layer, cancellationToken)));
        }

        return ImageParts.Of(read);
    }

    private async Task<LayerFacts> ReadLayerAsync(OciDescriptor layer, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(layer.Digest, cancellationToken) is { Version: LayerFacts.CurrentVersion } known)
        {
            return known;
        }

        var facts = await repository.ReadBlobAsync(layer, content => LayerReader.ReadAsync(content, layer.MediaType, limits, cancellationToken), cancellationToken);
        await store.KeepAsync(layer.Digest, facts, cancellationToken);
        return facts;
    }

    private async Task<OciManifest> FindManifestAsync(string digest, string platform, CancellationToken cancellationToken)
    {
        var manifest = await ReadManifestAsync(digest, cancellationToken);
        if (manifest.Manifests is not { } listed)
        {
            return manifest;
        }

        // Builders list statements of origin beside images, for a platform that is none.
        var images = listed.Where(one => one.Platform is null || one.Platform.Architecture != "unknown").ToList();
        var chosen = images.Count == 1 ? images[0] : images.FirstOrDefault(one => one.Platform is { } built && $"{built.Os}/{built.Architecture}" == platform);
        return chosen is not null && await ReadManifestAsync(chosen.Digest, cancellationToken) is { Manifests: null } found
            ? found
            : throw new SupplyChainException($"the index {digest} of '{repository.Name}' lists no image for {platform}", "Build it for this platform, or name another.");
    }

    private async Task<OciManifest> ReadManifestAsync(string digest, CancellationToken cancellationToken) =>
        await repository.ReadManifestAsync(digest, cancellationToken) is { } found && OciManifest.Read(found.Body) is { } manifest
            ? manifest
            : throw new SupplyChainException($"there is no image {digest} in '{repository.Name}'", "Was it pushed there, and was it deleted since?");
}
