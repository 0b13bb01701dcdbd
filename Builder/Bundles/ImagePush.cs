using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Bundles;

/// <summary>Brings the images of one repository into a registry, with their digests: first what a manifest needs, then itself, then what refers to it, the tag at last.</summary>
/// <param name="held">Blobs that are known to be in the same registry, by the repository that has them.</param>
internal sealed class ImagePush(RegistryRepository repository, BundleFolder folder, Dictionary<string, string> held, BundleProgress progress)
{
    private readonly HashSet<string> _there = [];

    public async Task RunAsync(IReadOnlyList<NamedManifest> images, IReadOnlyList<NamedManifest> companions, CancellationToken cancellationToken)
    {
        foreach (var image in images)
        {
            progress.Say($"  {image.Reference}");
            await SendAsync(image.Manifest, cancellationToken);
        }

        foreach (var companion in companions)
        {
            progress.Say($"  {Shown(companion)}");
            await SendCompanionAsync(companion, cancellationToken);
        }

        foreach (var image in images.Where(image => image.Reference.Tag is not null))
        {
            await TagAsync(image.Reference.Tag!, image.Manifest, cancellationToken);
        }

        static string Shown(NamedManifest companion) => companion.Reference.Tag ?? $"{BundleProgress.Short(companion.Manifest.Digest)} {BundlePaths.Shown(companion.Manifest.ArtifactType ?? "")}";
    }

    private async Task SendCompanionAsync(NamedManifest companion, CancellationToken cancellationToken)
    {
        var (manifest, parts) = await ReadAsync(companion.Manifest, cancellationToken);
        if (companion.Reference.Tag is { } tag)
        {
            await SendAsync(companion.Manifest, cancellationToken);
            await new SignatureTag(repository, tag).WriteAsync(manifest, cancellationToken);
        }
        else if (parts.Subject is { } subject)
        {
            await SendPartsAsync(parts, cancellationToken);
            if (!(await repository.Referrers.ListAsync(subject.Digest, null, cancellationToken)).Any(known => known.Digest == companion.Manifest.Digest)
                || await repository.FindManifestAsync(companion.Manifest.Digest, cancellationToken) is null)
            {
                await repository.Referrers.WriteAsync(manifest, cancellationToken);
            }
        }
        else
        {
            await SendAsync(companion.Manifest, cancellationToken);
        }
    }

    private async Task SendAsync(OciDescriptor manifest, CancellationToken cancellationToken)
    {
        if (!_there.Add(manifest.Digest))
        {
            return;
        }

        var (content, parts) = await ReadAsync(manifest, cancellationToken);
        await SendPartsAsync(parts, cancellationToken);
        if (await repository.FindManifestAsync(manifest.Digest, cancellationToken) is null)
        {
            await repository.WriteManifestAsync(manifest.Digest, content, cancellationToken);
        }
    }

    private async Task SendPartsAsync(ManifestParts parts, CancellationToken cancellationToken)
    {
        foreach (var blob in parts.Blobs.Where(blob => _there.Add(blob.Digest)))
        {
            await SendBlobAsync(blob, cancellationToken);
        }

        foreach (var child in parts.Manifests)
        {
            await SendAsync(child, cancellationToken);
        }
    }

    private async Task SendBlobAsync(OciDescriptor blob, CancellationToken cancellationToken)
    {
        var sent = false;
        var source = new BlobSource(blob.Digest, blob.Size, _ =>
        {
            sent = true;
            return ValueTask.FromResult<Stream>(new WatchedFile(folder.PathOf(BundleFolder.BlobName(blob.Digest)), done => progress.Advanced(BundleProgress.Short(blob.Digest), done, blob.Size)));
        });
        await repository.WriteBlobAsync(source, held.GetValueOrDefault(blob.Digest), cancellationToken);
        held.TryAdd(blob.Digest, repository.Name.Repository);
        progress.Blob(blob.Digest, blob.Size, sent ? "sent" : "is there");
    }

    private async Task TagAsync(string tag, OciDescriptor manifest, CancellationToken cancellationToken)
    {
        var before = await repository.FindManifestAsync(tag, cancellationToken);
        if (before?.Digest == manifest.Digest)
        {
            return;
        }

        if (before is not null)
        {
            progress.Say($"  {repository.Name with { Tag = tag }} named {before.Digest} before");
        }

        await repository.WriteManifestAsync(tag, (await ReadAsync(manifest, cancellationToken)).Content, cancellationToken);
    }

    /// <summary>What was verified a moment ago is held against its digest once more.</summary>
    private async Task<(RegistryManifest Content, ManifestParts Parts)> ReadAsync(OciDescriptor manifest, CancellationToken cancellationToken) =>
        await folder.ReadManifestAsync(manifest, cancellationToken) is { } body && ManifestParts.Read(manifest.MediaType, body, out _) is { } parts
            ? (new RegistryManifest(manifest.MediaType, body), parts)
            : throw new BundleException($"{manifest.Digest} has changed since the bundle was verified", "Does something else write to the bundle? Import it again.");
}
