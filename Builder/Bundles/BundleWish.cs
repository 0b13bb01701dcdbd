using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Bundles;

/// <summary>What is to be in a bundle.</summary>
/// <param name="Images">With all written out, each once.</param>
/// <param name="Files">Entries and charts.</param>
internal sealed record BundleWish(IReadOnlyList<ImageReference> Images, OciPlatform? Platform, IReadOnlyList<BundleFile> Files)
{
    public static BundleWish Read(IReadOnlyList<string> images, string? platform, IReadOnlyList<string> entries, IReadOnlyList<string> charts)
    {
        if (images.Count + entries.Count + charts.Count == 0)
        {
            throw BundleException.Misuse("There is nothing to be bundled", "Name images with --image, entries with --entries, charts with --chart.");
        }

        var named = images.Select(text => ImageReference.Parse(text, out var fault)?.Normalised
            ?? throw BundleException.Misuse($"--image '{BundlePaths.Shown(text)}' is no image: {fault}", $"Expected {ImageReference.Expectation}."));
        return new BundleWish([.. named.Distinct()], platform is null ? null : ReadPlatform(platform), BundleFiles.Find(entries, charts));
    }

    public static string Shown(OciPlatform platform) => $"{platform.Os}/{platform.Architecture}{(platform.Variant is { } variant ? "/" + variant : "")}";

    private static OciPlatform ReadPlatform(string text) => text.Split('/') switch
    {
        [{ Length: > 0 } os, { Length: > 0 } architecture] => new OciPlatform(architecture, os),
        [{ Length: > 0 } os, { Length: > 0 } architecture, { Length: > 0 } variant] => new OciPlatform(architecture, os) { Variant = variant },
        _ => throw BundleException.Misuse($"--platform is '{BundlePaths.Shown(text)}'", "Expected os/architecture or os/architecture/variant, such as linux/amd64."),
    };
}
