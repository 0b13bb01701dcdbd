using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Bundles;

/// <summary>An image that lies in the bundle now.</summary>
/// <param name="Companions">What refers to it, each by the name that it has in the repository: a tag of cosign's, or a digest.</param>
internal sealed record FetchedImage(BundleImage Image, NamedManifest Named, IReadOnlyList<NamedManifest> Companions);

/// <summary>A manifest by the name that it is kept under.</summary>
internal sealed record NamedManifest(ImageReference Reference, OciDescriptor Manifest);

/// <summary>Fetches one image whole: first what a manifest needs, then itself, then what refers to it, and what refers to that.</summary>
internal sealed class ImageFetch(RegistryRepository repository, BundleFolder folder, BundleBlobs blobs, BundleProgress progress)
{
    /// <summary>Where cosign keeps signatures, statements and lists of parts: tags made of the digest. Nothing refers to what lies there.</summary>
    private static readonly string[] CosignTags = [".sig", ".att", ".sbom"];

    private readonly Dictionary<string, long> _belongs = [];
    private readonly List<NamedManifest> _companions = [];

    /// <param name="platform">The one of an index that is wanted; <c>null</c>: all.</param>
    public async Task<FetchedImage> RunAsync(ImageReference image, OciPlatform? platform, CancellationToken cancellationToken)
    {
        var named = image.Digest ?? image.Tag!;
        var found = await repository.ReadManifestAsync(named, cancellationToken)
            ?? throw new BundleException($"{image.Registry} has no '{image.Repository}' {named}", "Are name and tag right, and was it deleted since?");
        var descriptor = found.Descriptor with { Digest = image.Digest ?? found.Digest };
        var (chosen, body) = platform is null ? (descriptor, found.Body) : await ChooseAsync(descriptor, found.Body, platform, cancellationToken);
        progress.Say(chosen.Digest == descriptor.Digest
            ? $"  {chosen.Digest}"
            : $"  {chosen.Digest}, the image for {BundleWish.Shown(platform!)} of the index {descriptor.Digest}, whose signatures do not speak for it");
        await CopyAsync(chosen, body, 0, hasCompanions: true, cancellationToken);
        return new FetchedImage(
            new BundleImage(image.ToString(), chosen.Digest, chosen.MediaType, _belongs.Values.Sum(), chosen.Digest == descriptor.Digest ? null : descriptor.Digest),
            new NamedManifest(image, new OciDescriptor(chosen.MediaType, chosen.Digest, chosen.Size) { Platform = chosen.Platform }), _companions);
    }

    /// <summary>A registry refuses an index whose parts are missing: of an index for several platforms the one platform's own image is taken.</summary>
    private async Task<(OciDescriptor Manifest, byte[] Body)> ChooseAsync(OciDescriptor root, byte[] body, OciPlatform platform, CancellationToken cancellationToken)
    {
        var parts = Parts(root, body);
        if (root.MediaType is not (OciTypes.Index or OciTypes.DockerIndex))
        {
            return await CheckPlatformAsync(parts, platform, cancellationToken) is { } other
                ? throw new BundleException($"{root.Digest} is for {other}, and {BundleWish.Shown(platform)} is wanted", "Leave --platform out, or name another image.")
                : (root, body);
        }

        var fit = parts.Manifests.Where(child => child.Platform is { } known && known.Os == platform.Os && known.Architecture == platform.Architecture
            && (platform.Variant is null || known.Variant == platform.Variant)).ToList();
        return fit is [var chosen, ..]
            ? (chosen, await ReadAsync(chosen, cancellationToken))
            : throw new BundleException(
                $"{root.Digest} has no image for {BundleWish.Shown(platform)}",
                $"It has {string.Join(", ", PlatformsOf(parts))}.");
    }

    /// <summary>Without those that stand for statements about the others (BuildKit's <c>unknown/unknown</c>).</summary>
    private static IEnumerable<string> PlatformsOf(ManifestParts parts) =>
        parts.Manifests.Select(child => child.Platform).OfType<OciPlatform>().Where(known => known.Os != "unknown").Select(known => BundlePaths.Shown(BundleWish.Shown(known))).Distinct();

    /// <returns>Which other platform a single image is for; <c>null</c>: this one, or it does not say.</returns>
    private async Task<string?> CheckPlatformAsync(ManifestParts parts, OciPlatform platform, CancellationToken cancellationToken)
    {
        var config = parts.Blobs[0];
        var said = config.Size > OciManifest.LongestBytes ? null : ImageConfig.Read(await repository.ReadBlobAsync(config, OciManifest.LongestBytes, cancellationToken));
        return said is { Os: { Length: > 0 } os, Architecture: { Length: > 0 } architecture } && (os != platform.Os || architecture != platform.Architecture)
            ? BundlePaths.Shown($"{os}/{architecture}")
            : null;
    }

    private async Task CopyAsync(OciDescriptor manifest, byte[] body, int depth, bool hasCompanions, CancellationToken cancellationToken)
    {
        if (!_belongs.TryAdd(manifest.Digest, manifest.Size))
        {
            return;
        }

        if (depth > ManifestParts.Deepest || _belongs.Count > ManifestParts.Most)
        {
            throw new BundleException($"{repository.Name} consists of more than {ManifestParts.Most} parts, or of lists in lists", "Is it the image that is meant?");
        }

        var parts = Parts(manifest, body);
        foreach (var blob in parts.Blobs)
        {
            await blobs.FetchAsync(repository, blob, cancellationToken);
            _belongs[blob.Digest] = blob.Size;
        }

        foreach (var child in parts.Manifests)
        {
            await CopyAsync(child, await ReadAsync(child, cancellationToken), depth + 1, hasCompanions, cancellationToken);
        }

        await blobs.WriteManifestAsync(manifest, body, cancellationToken);
        if (hasCompanions)
        {
            await CopyCompanionsAsync(manifest.Digest, depth, cancellationToken);
        }
    }

    private async Task CopyCompanionsAsync(string digest, int depth, CancellationToken cancellationToken)
    {
        foreach (var tag in CosignTags.Select(ending => OciDigest.TagOf(digest) + ending))
        {
            if (await repository.ReadManifestAsync(tag, cancellationToken) is { } found)
            {
                await AddAsync(repository.Name with { Tag = tag }, found.Descriptor, found.Body, hasCompanions: false);
            }
        }

        foreach (var referrer in await ListAsync(digest, cancellationToken))
        {
            if (await FindAsync(referrer, cancellationToken) is { } body)
            {
                await AddAsync(repository.Name with { Digest = referrer.Digest }, referrer, body, hasCompanions: true);
            }
            else
            {
                progress.Say($"  {referrer.Digest} is listed as referring to {digest}, and is not there: left out");
            }
        }

        async Task AddAsync(ImageReference name, OciDescriptor manifest, byte[] body, bool hasCompanions)
        {
            var kind = OciManifest.Read(body) is { } read ? read.ArtifactType ?? read.Config?.MediaType : null;
            progress.Say($"  {BundleProgress.Short(manifest.Digest)} refers to {BundleProgress.Short(digest)}: {BundlePaths.Shown(name.Tag ?? kind ?? manifest.MediaType)}");
            await CopyAsync(manifest, body, depth + 1, hasCompanions, cancellationToken);
            _companions.Add(new NamedManifest(name, new OciDescriptor(manifest.MediaType, manifest.Digest, manifest.Size) { ArtifactType = name.Tag is null ? kind : null }));
        }
    }

    /// <summary>A registry that answers in a way of its own has no list: signatures under cosign's tags are there all the same.</summary>
    private async Task<IReadOnlyList<OciDescriptor>> ListAsync(string digest, CancellationToken cancellationToken)
    {
        try
        {
            return await repository.Referrers.ListAsync(digest, null, cancellationToken);
        }
        catch (RemoteFailure failure) when (failure.Fault.Cause is RegistryCauses.Unsupported or RemoteCauses.UnexpectedAnswer)
        {
            progress.Say($"  What else refers to {digest} is not known: {failure.Fault.Message}");
            return [];
        }
    }

    private async Task<byte[]> ReadAsync(OciDescriptor manifest, CancellationToken cancellationToken) => await FindAsync(manifest, cancellationToken)
        ?? throw new BundleException(
            $"{repository.Name} lists {manifest.Digest}, and {repository.Name.Registry} has no such manifest", "Is it a mirror that holds one platform alone? --platform takes that one.");

    private async Task<byte[]?> FindAsync(OciDescriptor manifest, CancellationToken cancellationToken)
    {
        if (await folder.ReadManifestAsync(manifest, cancellationToken) is { } there)
        {
            return there;
        }

        var found = await repository.ReadManifestAsync(manifest.Digest, cancellationToken);
        return found is null || found.Body.Length == manifest.Size
            ? found?.Body
            : throw new BundleException($"{manifest.Digest} has {found.Body.Length} bytes, and {repository.Name} says {manifest.Size}", "The index is broken: build it anew, or take another image.");
    }

    private ManifestParts Parts(OciDescriptor manifest, byte[] body) => ManifestParts.Read(manifest.MediaType, body, out var fault)
        ?? throw new BundleException($"{manifest.Digest} of {repository.Name} is not taken: {fault}", "Name an image in OCI's or Docker's second format.");
}
