using Orrery.ServiceDefaults.Egress;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Bundles;

/// <summary>Makes a bundle. Checksums are taken away first and come last: a directory without them is not finished.</summary>
internal sealed class BundleExport(BundleWorld world, RegistryCredentials? credentials)
{
    /// <summary>OCI's name for what a manifest of a layout is called.</summary>
    public const string NameAnnotation = "org.opencontainers.image.ref.name";

    private readonly BundleProgress _progress = world.Progress;

    /// <returns>The digest of the checksums, by which the whole bundle can be known.</returns>
    public async Task<string> RunAsync(BundleFolder folder, BundleWish wish, CancellationToken cancellationToken)
    {
        folder.Open();
        File.Delete(folder.PathOf(BundleFolder.SumsFile));
        await folder.WriteAsync(BundleFolder.LayoutFile, BundleFolder.Layout, cancellationToken);
        var blobs = new BundleBlobs(folder, _progress);
        var fetched = new List<FetchedImage>();
        foreach (var image in wish.Images)
        {
            _progress.Say($"[{fetched.Count + 1}/{wish.Images.Count}] {image}");
            fetched.Add(await FetchAsync(image, wish.Platform, folder, blobs, cancellationToken));
        }

        await CopyFilesAsync(folder, wish.Files, cancellationToken);
        await DescribeAsync(folder, wish, fetched, cancellationToken);
        Sweep(folder, [.. blobs.Whole.Keys.Select(BundleFolder.BlobName), .. wish.Files.Select(file => file.Name), BundleFolder.LayoutFile, BundleFolder.AboutFile, BundleFolder.IndexFile]);
        return await SumAsync(folder, cancellationToken);
    }

    private async Task<FetchedImage> FetchAsync(ImageReference image, OciPlatform? platform, BundleFolder folder, BundleBlobs blobs, CancellationToken cancellationToken)
    {
        try
        {
            var repository = await world.Registries.OpenAsync(image, credentials, RegistryAccess.Pull, cancellationToken);
            return await new ImageFetch(repository, folder, blobs, _progress).RunAsync(image, platform, cancellationToken);
        }
        catch (RemoteFailure failure)
        {
            throw BundleException.Of(failure, image.ToString());
        }
    }

    private static async Task CopyFilesAsync(BundleFolder folder, IReadOnlyList<BundleFile> files, CancellationToken cancellationToken)
    {
        foreach (var file in files)
        {
            if (new FileInfo(file.Source).Length == 0)
            {
                await folder.WriteAsync(file.Name, [], cancellationToken); // Not opened: it may be a pipe.
                continue;
            }

            await using var source = new FileStream(file.Source, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.Asynchronous);
            await folder.WriteAsync(file.Name, target => source.CopyToAsync(target, cancellationToken));
        }
    }

    private async Task DescribeAsync(BundleFolder folder, BundleWish wish, List<FetchedImage> fetched, CancellationToken cancellationToken)
    {
        var about = new BundleDocument(
            BundleDocument.CurrentFormat, world.Time.GetUtcNow(), [.. fetched.Select(one => one.Image)],
            [.. wish.Files.Select(file => file.Name).Where(name => name.StartsWith(BundleFolder.Entries + '/', StringComparison.Ordinal))],
            [.. wish.Files.Select(file => file.Name).Where(name => name.StartsWith(BundleFolder.Charts + '/', StringComparison.Ordinal))],
            wish.Platform is null ? null : BundleWish.Shown(wish.Platform));
        var index = new OciManifest
        {
            MediaType = OciTypes.Index,
            Manifests = [.. fetched.SelectMany(one => one.Companions.Prepend(one.Named)).DistinctBy(named => named.Reference).Select(named => named.Manifest with
            {
                Annotations = new Dictionary<string, string> { [NameAnnotation] = named.Reference.ToString() },
            })],
        };
        await folder.WriteAsync(BundleFolder.AboutFile, about.Write(), cancellationToken);
        await folder.WriteAsync(BundleFolder.IndexFile, index.Write(), cancellationToken);
    }

    /// <summary>What another run left that this one has no use for: the bundle is what was asked for and nothing else.</summary>
    private static void Sweep(BundleFolder folder, HashSet<string> wanted)
    {
        foreach (var (path, _, _) in folder.Files().ToList())
        {
            if (!wanted.Contains(path))
            {
                File.Delete(folder.PathOf(path));
            }
        }
    }

    private async Task<string> SumAsync(BundleFolder folder, CancellationToken cancellationToken)
    {
        const string Sha256 = "sha256:";
        const string Named = $"{BundleFolder.Blobs}/sha256/";
        var sums = new Dictionary<string, string>();
        foreach (var (path, _, _) in folder.Files())
        {
            if (path.StartsWith(Named, StringComparison.Ordinal))
            {
                sums[path] = path[Named.Length..]; // Held against it when it came, or before it was kept.
                continue;
            }

            await using var content = folder.Read(path);
            sums[path] = (await BundleFolder.DigestAsync(content, Sha256, cancellationToken))[Sha256.Length..];
        }

        var written = BundleSums.Write(sums);
        await folder.WriteAsync(BundleFolder.SumsFile, written, cancellationToken);
        return OciDigest.Of(written);
    }
}
