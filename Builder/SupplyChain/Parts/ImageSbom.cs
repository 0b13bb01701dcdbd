using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.SupplyChain.Parts;

/// <param name="Document">CycloneDX 1.6, JSON.</param>
/// <param name="NotRead">Why it is not whole: sentences without their dots.</param>
internal sealed record WrittenSbom(byte[] Document, int Packages, IReadOnlyList<string> NotRead);

/// <summary>The list of an image's parts, made of what its layers say and attached to it.</summary>
internal sealed class ImageSbom(RegistryRepository repository, ILayerFactsStore store)
{
    /// <param name="platform">Such as <c>linux/amd64</c>: of an index, the image that is read.</param>
    /// <exception cref="ServiceDefaults.Egress.RemoteFailure">The registry does not give the image.</exception>
    /// <exception cref="SupplyChainException">It is none.</exception>
    public async Task<WrittenSbom> WriteAsync(string digest, string platform, CancellationToken cancellationToken)
    {
        var parts = await new ImagePartsReader(repository, store, LayerLimits.Default).ReadAsync(digest, platform, cancellationToken);
        return new WrittenSbom(CycloneDx.Write(repository.Name, digest, parts), parts.Files.Sum(file => file.Packages.Count), parts.NotRead);
    }

    /// <param name="image">What it speaks of. The same list is attached once.</param>
    public Task<OciDescriptor> AttachAsync(OciDescriptor image, WrittenSbom sbom, CancellationToken cancellationToken) =>
        repository.Referrers.AttachAsync(image, CycloneDx.MediaType, CycloneDx.MediaType, sbom.Document, null, cancellationToken);
}
