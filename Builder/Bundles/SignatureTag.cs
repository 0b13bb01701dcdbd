using Orrery.Builder.SupplyChain.Signing;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.Bundles;

/// <summary>A tag of cosign's, where signatures are layers of one image: those that the registry has of its own stay beside those that come.</summary>
internal sealed class SignatureTag(RegistryRepository repository, string tag)
{
    /// <param name="brought">Its parts are in the registry.</param>
    public Task WriteAsync(RegistryManifest brought, CancellationToken cancellationToken) => repository.EditTagAsync(tag, found => MergeAsync(found, brought, cancellationToken), cancellationToken);

    /// <returns><c>null</c>: all that comes is there.</returns>
    private async Task<RegistryManifest?> MergeAsync(RegistryManifest? found, RegistryManifest brought, CancellationToken cancellationToken)
    {
        var (known, coming) = (found is null ? null : OciManifest.Read(found.Body), LayersOf(brought));
        var there = known?.Layers ?? [];
        var missing = coming.Where(layer => !there.Any(other => IsSame(layer, other))).ToList();
        if (found is not null && (found.Digest == brought.Digest || missing.Count == 0))
        {
            return null;
        }

        if (known is null || there.All(layer => coming.Any(other => IsSame(layer, other))))
        {
            return brought;
        }

        IReadOnlyList<OciDescriptor> layers = [.. there, .. missing];
        var config = BlobSource.Of(SignatureConfig.Write(layers));
        await repository.WriteBlobAsync(config, null, cancellationToken);
        return RegistryManifest.Of(known with { MediaType = known.MediaType ?? found!.MediaType, Config = config.As(known.Config?.MediaType ?? OciTypes.Config), Layers = layers });
    }

    private static IReadOnlyList<OciDescriptor> LayersOf(RegistryManifest manifest) => OciManifest.Read(manifest.Body)?.Layers ?? [];

    /// <summary>The same image is signed in the same words; who signed them is in the annotations.</summary>
    private static bool IsSame(OciDescriptor one, OciDescriptor other) => one.Digest == other.Digest
        && (one.Annotations ?? new Dictionary<string, string>()).OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .SequenceEqual((other.Annotations ?? new Dictionary<string, string>()).OrderBy(pair => pair.Key, StringComparer.Ordinal));
}
