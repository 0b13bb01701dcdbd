namespace Orrery.Builder.Bundles;

/// <summary>What a bundle was found to be.</summary>
/// <param name="Content">What is in it; <c>null</c> where there is any fault.</param>
internal sealed record BundleVerdict(BundleContent? Content, IReadOnlyList<string> Faults);

/// <summary>A bundle in which everything is what it says. Nothing of it is used that is not in here.</summary>
/// <param name="Named">Images and what refers to them; all that each needs is there.</param>
/// <param name="Files">Every file by its path, with its size.</param>
/// <param name="Sums">The digest of the checksums.</param>
internal sealed record BundleContent(BundleDocument About, IReadOnlyList<NamedManifest> Named, IReadOnlyDictionary<string, long> Files, string Sums)
{
    public bool IsImage(NamedManifest named) => About.Images.Any(image => image.Reference == named.Reference.ToString());
}
