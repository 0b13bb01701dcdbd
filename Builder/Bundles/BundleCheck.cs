using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Bundles;

/// <summary>
/// Whether a bundle is whole. Whoever could change it could change its checksums too: that is told by its signatures, or by the digest of the checksums carried another way.
/// </summary>
/// <remarks>Only files are opened that the walk through the directory found, so that no path that is written in the bundle leads anywhere.</remarks>
internal sealed class BundleCheck(BundleFolder folder, BundleProgress progress)
{
    private readonly List<string> _faults = [];
    private readonly HashSet<string> _checked = [];
    private IReadOnlyDictionary<string, long> _sound = new Dictionary<string, long>();

    public async Task<BundleVerdict> RunAsync(CancellationToken cancellationToken)
    {
        (_sound, var sums) = await new SumCheck(folder, progress, _faults).RunAsync(cancellationToken);
        if (sums.Length == 0)
        {
            return new BundleVerdict(null, _faults);
        }

        await CheckLayoutAsync(cancellationToken);
        var about = await ReadAboutAsync(cancellationToken);
        var named = await ReadIndexAsync(cancellationToken);
        foreach (var one in named)
        {
            await CheckAsync(one.Manifest, BundlePaths.Shown(one.Reference.ToString()), 0, cancellationToken);
        }

        if (about is not null)
        {
            CheckImages(about, named);
        }

        return new BundleVerdict(_faults.Count == 0 ? new BundleContent(about!, named, _sound, sums) : null, _faults);
    }

    private async Task CheckLayoutAsync(CancellationToken cancellationToken)
    {
        if (await ReadAsync(BundleFolder.LayoutFile, cancellationToken) is { } layout && !layout.AsSpan().SequenceEqual(BundleFolder.Layout))
        {
            _faults.Add($"{BundleFolder.LayoutFile}: it names no image layout 1.0.0 as bundles have it");
        }
    }

    private async Task<BundleDocument?> ReadAboutAsync(CancellationToken cancellationToken)
    {
        if (await ReadAsync(BundleFolder.AboutFile, cancellationToken) is not { } written)
        {
            return null;
        }

        var about = BundleDocument.Read(written, out var fault);
        if (fault is not null)
        {
            _faults.Add($"{BundleFolder.AboutFile}: {fault}");
            return null;
        }

        CheckFiles(about!.Entries, BundleFolder.Entries);
        CheckFiles(about.Charts, BundleFolder.Charts);
        return about;
    }

    /// <summary>Each file that is named is there, and each that is there is named.</summary>
    private void CheckFiles(IReadOnlyList<string> listed, string below)
    {
        var there = _sound.Keys.Where(path => path.StartsWith(below + '/', StringComparison.Ordinal)).ToHashSet();
        _faults.AddRange(listed.Where(path => !there.Contains(path)).Select(path => $"{BundleFolder.AboutFile}: '{BundlePaths.Shown(path)}' is not in the bundle, or not below {below}"));
        _faults.AddRange(there.Except(listed).Select(path => $"{BundlePaths.Shown(path)}: it is not in {BundleFolder.AboutFile}"));
    }

    private async Task<IReadOnlyList<NamedManifest>> ReadIndexAsync(CancellationToken cancellationToken)
    {
        if (await ReadAsync(BundleFolder.IndexFile, cancellationToken) is not { } written)
        {
            return [];
        }

        if (OciManifest.Read(written)?.Manifests is not { } listed)
        {
            _faults.Add($"{BundleFolder.IndexFile}: it is no index");
            return [];
        }

        var named = new List<NamedManifest>();
        foreach (var manifest in listed)
        {
            var name = manifest.Annotations?.GetValueOrDefault(BundleExport.NameAnnotation) ?? "";
            if (ImageReference.Parse(name) is { Registry: not null } reference && reference.Normalised == reference)
            {
                named.Add(new NamedManifest(reference, manifest));
            }
            else
            {
                _faults.Add($"{BundleFolder.IndexFile}: {manifest.Digest} is called '{BundlePaths.Shown(name)}', which is no image's name with its registry and a tag or a digest");
            }
        }

        return named;
    }

    /// <summary>A manifest and all that it needs. What was found to be wrong as a file is named already, and is not there for this.</summary>
    private async Task CheckAsync(OciDescriptor manifest, string of, int depth, CancellationToken cancellationToken)
    {
        if (!_checked.Add($"{manifest.Digest} {manifest.MediaType} {manifest.Size}"))
        {
            return;
        }

        if (depth > ManifestParts.Deepest)
        {
            _faults.Add($"{manifest.Digest} of {of}: lists in lists, more than {ManifestParts.Deepest} deep");
            return;
        }

        if (!IsThere(manifest, of))
        {
            return;
        }

        var fault = $"it is no manifest of at most {OciManifest.LongestBytes} bytes";
        if (await folder.ReadManifestAsync(manifest, cancellationToken) is not { } body || ManifestParts.Read(manifest.MediaType, body, out fault) is not { } parts)
        {
            _faults.Add($"{manifest.Digest} of {of}: {fault}");
            return;
        }

        foreach (var blob in parts.Blobs)
        {
            IsThere(blob, of);
        }

        foreach (var child in parts.Manifests)
        {
            await CheckAsync(child, of, depth + 1, cancellationToken);
        }
    }

    private bool IsThere(OciDescriptor part, string of)
    {
        var fault = !_sound.TryGetValue(BundleFolder.BlobName(part.Digest), out var size) ? "it is missing or broken"
            : size != part.Size ? $"it has {size} bytes, and {part.Size} are said"
            : null;
        if (fault is not null && _checked.Add($"{part.Digest} of {of}"))
        {
            _faults.Add($"{part.Digest} of {of}: {fault}");
        }

        return fault is null;
    }

    private void CheckImages(BundleDocument about, IReadOnlyList<NamedManifest> named)
    {
        foreach (var image in about.Images)
        {
            if (!named.Any(one => one.Reference.ToString() == image.Reference && one.Manifest.Digest == image.Digest))
            {
                _faults.Add($"{BundleFolder.AboutFile}: '{BundlePaths.Shown(image.Reference)}' is not in {BundleFolder.IndexFile} with {BundlePaths.Shown(image.Digest)}");
            }
        }

        foreach (var one in named.Where(one => one.Reference.Digest is { } digest && digest != one.Manifest.Digest))
        {
            if (!about.Images.Any(image => image.Reference == one.Reference.ToString() && image.Index == one.Reference.Digest))
            {
                _faults.Add($"{BundleFolder.IndexFile}: '{one.Reference}' is {one.Manifest.Digest}");
            }
        }

        var repositories = about.Images.Select(image => ImageReference.Parse(image.Reference)).OfType<ImageReference>().Select(RepositoryOf).ToHashSet();
        _faults.AddRange(named.Where(one => !repositories.Contains(RepositoryOf(one.Reference)))
            .Select(one => $"{BundleFolder.IndexFile}: '{one.Reference}' is of no image's repository in {BundleFolder.AboutFile}"));
        _faults.AddRange(named.GroupBy(one => one.Reference).Where(same => same.Count() > 1).Select(same => $"{BundleFolder.IndexFile}: '{same.Key}' is in it twice"));
    }

    private static ImageReference RepositoryOf(ImageReference reference) => reference with { Tag = null, Digest = null };

    /// <summary>One of the bundle's own files, if it is sound; where it is not there that is a fault.</summary>
    private async Task<byte[]?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        if (_sound.ContainsKey(name))
        {
            if (await folder.ReadAsync(name, BundleFolder.LongestList, cancellationToken) is { } content)
            {
                return content;
            }

            _faults.Add($"{name}: it has more than {BundleFolder.LongestList} bytes");
        }
        else if (!folder.Has(name))
        {
            _faults.Add($"{name}: it is missing");
        }

        return null;
    }
}
