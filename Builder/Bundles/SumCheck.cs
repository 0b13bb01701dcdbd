using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Bundles;

/// <summary>Holds every file of a bundle against its checksum, and every blob against its name.</summary>
internal sealed class SumCheck(BundleFolder folder, BundleProgress progress, List<string> faults)
{
    /// <summary>What has no length is not opened: it may be a pipe.</summary>
    private static readonly string Empty = OciDigest.Of([]);

    private readonly Dictionary<string, long> _sound = [];

    /// <returns>The files that are what they should be, and the digest of the checksums.</returns>
    public async Task<(IReadOnlyDictionary<string, long> Sound, string Sums)> RunAsync(CancellationToken cancellationToken)
    {
        var there = Files();
        if (!there.Remove(BundleFolder.SumsFile) || await folder.ReadAsync(BundleFolder.SumsFile, BundleFolder.LongestList, cancellationToken) is not { } written)
        {
            faults.Add($"{BundleFolder.SumsFile} is missing: the bundle is not finished. Run 'bundle export' again.");
            return (_sound, "");
        }

        var sums = BundleSums.Read(written, faults);
        faults.AddRange(sums.Keys.Where(path => !there.ContainsKey(path)).Select(path => $"{BundlePaths.Shown(path)}: it is missing"));
        var (done, all) = (0L, there.Values.Sum());
        foreach (var (path, size) in there)
        {
            if (!sums.TryGetValue(path, out var sum))
            {
                faults.Add($"{BundlePaths.Shown(path)}: it is not in {BundleFolder.SumsFile}");
            }
            else if (await FaultOfAsync(path, size, sum, cancellationToken) is { } fault)
            {
                faults.Add($"{BundlePaths.Shown(path)}: {fault}");
            }
            else
            {
                _sound[path] = size;
            }

            progress.Advanced("verified", done += size, all);
        }

        return (_sound, OciDigest.Of(written));
    }

    private Dictionary<string, long> Files()
    {
        var there = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (path, size, isLink) in folder.Files().OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            if (isLink)
            {
                faults.Add($"{BundlePaths.Shown(path)}: it is a link, and a bundle has none");
            }
            else
            {
                there[path] = size;
            }
        }

        return there;
    }

    private async Task<string?> FaultOfAsync(string path, long size, string sum, CancellationToken cancellationToken)
    {
        var found = await DigestAsync(path, size, "sha256:" + sum, cancellationToken);
        if (found != "sha256:" + sum)
        {
            return $"its content is {found}, and {BundleFolder.SumsFile} says sha256:{sum}";
        }

        if (!path.StartsWith(BundleFolder.Blobs + '/', StringComparison.Ordinal))
        {
            return null;
        }

        if (path.Split('/') is not [_, var algorithm, var hex] || !OciDigest.IsOne($"{algorithm}:{hex}"))
        {
            return "its name is no digest";
        }

        var named = $"{algorithm}:{hex}";
        var own = algorithm == "sha256" ? found : await DigestAsync(path, size, named, cancellationToken);
        return own == named ? null : $"its content is {own}";
    }

    private async Task<string> DigestAsync(string path, long size, string like, CancellationToken cancellationToken)
    {
        if (size == 0)
        {
            return like.StartsWith("sha256:", StringComparison.Ordinal) ? Empty : await BundleFolder.DigestAsync(Stream.Null, like, cancellationToken);
        }

        await using var content = folder.Read(path);
        return await BundleFolder.DigestAsync(content, like, cancellationToken);
    }
}
