using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Bundles;

/// <summary>
/// What images are called behind the gap: <c>HOST/PREFIX/THEIR-REGISTRY/THEIR-REPOSITORY</c>. With their registry in it, two of the same name stay two, and each registry's
/// images lie below one path, as a mirror of it has them.
/// </summary>
internal sealed class ImportPlace
{
    private readonly string _place;

    private ImportPlace(string host, string place) => (Host, _place) = (host, place);

    /// <summary>The registry.</summary>
    public string Host { get; }

    /// <param name="text"><c>HOST</c> or <c>HOST/PREFIX</c>.</param>
    public static ImportPlace Read(string text)
    {
        var place = text.TrimEnd('/');
        return ImageReference.Parse(place + "/x", out var fault) is { Registry: { } host, Tag: null, Digest: null }
            ? new ImportPlace(host, place)
            : throw BundleException.Misuse(
                $"--registry '{BundlePaths.Shown(text)}' is no place for images: {fault ?? "it names no registry"}",
                "Expected a host, with :PORT or without, and what stands before the names there: registry.internal:5000/air-gap.");
    }

    /// <summary>Where a mirror of this registry begins.</summary>
    public string MirrorOf(string registry) => $"{_place}/{PathOf(registry)}";

    /// <summary>The same tag or digest in the repository here.</summary>
    public ImageReference NameOf(ImageReference original) => ImageReference.Parse($"{MirrorOf(original.Registry!)}/{original.Repository}", out var fault) is { } name
        ? name with { Tag = original.Tag, Digest = original.Digest }
        : throw BundleException.Misuse($"'{MirrorOf(original.Registry!)}/{original.Repository}' is no name for an image: {fault}", "Is a shorter prefix possible?");

    public override string ToString() => _place;

    /// <summary>A registry as a part of a repository's name, which has no colons and no brackets: a port comes after '_', an IPv6 address is written with dashes.</summary>
    private static string PathOf(string registry)
    {
        var end = registry.LastIndexOf(']');
        var host = end < 0 ? registry.Split(':')[0] : $"0{registry[1..end].Replace(':', '-')}0";
        var port = registry[(registry.IndexOf(':', Math.Max(0, end)) is >= 0 and var colon ? colon : registry.Length)..];
        return (host + port.Replace(':', '_')).ToLowerInvariant();
    }
}
