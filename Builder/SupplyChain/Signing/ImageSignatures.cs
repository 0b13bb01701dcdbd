using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.SupplyChain.Signing;

/// <summary>Who signed an image, or every reason why nobody did who counts.</summary>
/// <param name="KeyId">Of the key that signed; <c>null</c>: none of them.</param>
/// <param name="Reasons">Sentences without their dots; empty where there is a key.</param>
internal sealed record SignatureVerdict(string? KeyId, IReadOnlyList<string> Reasons)
{
    public bool IsSigned => KeyId is not null;
}

/// <summary>
/// Signatures as cosign stores them: an image under the tag <c>sha256-….sig</c> of the same repository, a layer each. Those of others stay where they are.
/// </summary>
internal sealed class ImageSignatures(RegistryRepository repository)
{
    private const int LongestPayload = 64 << 10;
    private const int MostSignatures = 64;

    /// <summary>Signs a digest. The same key signs it once.</summary>
    public async Task SignAsync(string digest, SigningKey key, CancellationToken cancellationToken)
    {
        using var verification = VerificationKey.Read(key.PublicKeyPem);
        var payload = BlobSource.Of(SimpleSigning.Write(repository.Name, digest));
        await repository.WriteBlobAsync(payload, null, cancellationToken);
        var content = SimpleSigning.Write(repository.Name, digest);
        var layer = payload.As(SimpleSigning.MediaType) with
        {
            Annotations = new Dictionary<string, string> { [SimpleSigning.SignatureAnnotation] = Convert.ToBase64String(key.Sign(content)) },
        };
        await repository.EditTagAsync(TagOf(digest), ChangeAsync, cancellationToken);

        async Task<RegistryManifest?> ChangeAsync(RegistryManifest? found)
        {
            var known = found is null ? null : OciManifest.Read(found.Body);
            if (known?.Layers?.Any(other => other.Digest == layer.Digest && SignatureOf(other) is { } signature && verification.Verifies(content, signature)) == true)
            {
                return null;
            }

            IReadOnlyList<OciDescriptor> layers = [.. known?.Layers ?? [], layer];
            var config = BlobSource.Of(SignatureConfig.Write(layers));
            await repository.WriteBlobAsync(config, null, cancellationToken);
            return RegistryManifest.Of((known ?? new OciManifest()) with
            {
                MediaType = known?.MediaType ?? OciTypes.Manifest,
                Config = config.As(known?.Config?.MediaType ?? OciTypes.Config),
                Layers = layers,
            });
        }
    }

    /// <param name="keys">One is enough.</param>
    public async Task<SignatureVerdict> VerifyAsync(string digest, IReadOnlyList<VerificationKey> keys, CancellationToken cancellationToken)
    {
        if (await repository.ReadManifestAsync(TagOf(digest), cancellationToken) is not { } found)
        {
            return new SignatureVerdict(null, [$"there is no signature: {repository.Name.Registry} has no '{TagOf(digest)}' of '{repository.Name.Repository}'"]);
        }

        var layers = OciManifest.Read(found.Body)?.Layers ?? [];
        var reasons = layers.Count == 0 ? [$"'{TagOf(digest)}' holds no signature"]
            : layers.Count > MostSignatures ? new List<string> { $"'{TagOf(digest)}' holds {layers.Count} signatures, of which {MostSignatures} are looked at" }
            : [];
        for (var i = 0; i < Math.Min(layers.Count, MostSignatures); i++)
        {
            var (key, reason) = await VerifyAsync(layers[i], digest, keys, cancellationToken);
            if (key is not null)
            {
                return new SignatureVerdict(key.Id, []);
            }

            reasons.Add($"signature {i + 1} of {layers.Count}: {reason}");
        }

        return new SignatureVerdict(null, reasons);
    }

    private async Task<(VerificationKey? Key, string? Reason)> VerifyAsync(OciDescriptor layer, string digest, IReadOnlyList<VerificationKey> keys, CancellationToken cancellationToken)
    {
        if (layer.MediaType != SimpleSigning.MediaType)
        {
            return (null, "it is of another kind");
        }

        if (SignatureOf(layer) is not { } signature)
        {
            return (null, $"its annotation {SimpleSigning.SignatureAnnotation} holds no signature in base64");
        }

        if (layer.Size > LongestPayload)
        {
            return (null, $"what it signs has {layer.Size} bytes, and {LongestPayload} are the most");
        }

        var payload = await repository.ReadBlobAsync(layer, LongestPayload, cancellationToken);
        return keys.FirstOrDefault(key => key.Verifies(payload, signature)) is not { } key
            ? (null, keys.Count == 1 ? $"it is not by the key {keys[0].Id}" : $"it is by none of the keys {string.Join(", ", keys.Select(known => known.Id))}")
            : FaultOf(payload, digest) is { } fault ? (null, $"it is by the key {key.Id}, but {fault}") : (key, null);
    }

    /// <summary>Why what was signed does not speak for the image.</summary>
    private static string? FaultOf(byte[] payload, string digest) => SimpleSigning.Read(payload)?.Critical switch
    {
        { Type: SimpleSigning.Type, Image.DockerManifestDigest: { } signed } => signed == digest ? null : "it signs another digest",
        _ => "what it signs is no image's digest in cosign's form",
    };

    private static byte[]? SignatureOf(OciDescriptor layer)
    {
        if (layer.Annotations?.GetValueOrDefault(SimpleSigning.SignatureAnnotation) is not { Length: > 0 and < 4096 } written)
        {
            return null;
        }

        var signature = new byte[written.Length];
        return Convert.TryFromBase64String(written, signature, out var length) ? signature[..length] : null;
    }

    private static string TagOf(string digest) => OciDigest.TagOf(digest) + ".sig";
}
