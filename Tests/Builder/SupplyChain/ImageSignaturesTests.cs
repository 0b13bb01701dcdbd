using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Orrery.Builder.SupplyChain.Signing;
using Orrery.ServiceDefaults.Registries;
using Orrery.Tests.Images;
using Orrery.Tests.ServiceDefaults.Egress;
using Orrery.Tests.ServiceDefaults.Registries;

namespace Orrery.Tests.Builder.SupplyChain;

/// <summary>Signatures in a real registry: ours, those of others beside them, and those of podman, which speaks cosign's format too.</summary>
public sealed class ImageSignaturesTests : IAsyncLifetime
{
    private readonly EgressWorld _world = new("Gateway:Egress:AllowLoopback=true");
    private readonly SigningKey _key = NewKey();
    private readonly SigningKey _other = NewKey();
    private readonly string _folder = Directory.CreateTempSubdirectory("orrery-signatures-").FullName;
    private RegistryServer _registry = null!;
    private RegistryRepository _repository = null!;
    private string _digest = "";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _registry = await RegistryServer.StartAsync();
        _digest = await _registry.PushAsync("team/image", "1.2", "one");
        _repository = _world.Registry.Open(ImageReference.Parse($"{_registry.Address}/team/image")!, null, RegistryAccess.Push);
    }

    public async ValueTask DisposeAsync()
    {
        _key.Dispose();
        _other.Dispose();
        _world.Dispose();
        await _registry.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static SigningKey NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return SigningKey.Read(key.ExportPkcs8PrivateKeyPem(), null);
    }

    private async Task<SignatureVerdict> Verify(string digest, params SigningKey[] keys)
    {
        var known = keys.Select(key => VerificationKey.Read(key.PublicKeyPem)).ToList();
        var verdict = await new ImageSignatures(_repository).VerifyAsync(digest, known, Cancelled);
        known.ForEach(key => key.Dispose());
        return verdict;
    }

    private async Task<IReadOnlyList<OciDescriptor>> Layers() => OciManifest.Read((await _repository.ReadManifestAsync(Tag, Cancelled))!.Body)!.Layers!;

    private string Tag => $"sha256-{_digest[7..]}.sig";

    [Fact]
    public async Task A_signed_digest_is_known_by_its_key_and_signed_once()
    {
        Assert.Equal([$"there is no signature: {_registry.Address} has no '{Tag}' of 'team/image'"], (await Verify(_digest, _key)).Reasons);
        var signatures = new ImageSignatures(_repository);
        await signatures.SignAsync(_digest, _key, Cancelled);
        await signatures.SignAsync(_digest, _key, Cancelled);
        var layer = Assert.Single(await Layers());
        Assert.Equal("application/vnd.dev.cosign.simplesigning.v1+json", layer.MediaType);
        Assert.Equal(
            $$$"""{"critical":{"identity":{"docker-reference":"{{{_registry.Address}}}/team/image"},"image":{"docker-manifest-digest":"{{{_digest}}}"},"type":"cosign container image signature"},"optional":null}""",
            Encoding.UTF8.GetString(await _repository.ReadBlobAsync(layer, 10_000, Cancelled)));
        Assert.Equal((_key.Id, true), ((await Verify(_digest, _other, _key)).KeyId, (await Verify(_digest, _key)).IsSigned));
        Assert.Equal([$"signature 1 of 1: it is not by the key {_other.Id}"], (await Verify(_digest, _other)).Reasons);
        using var third = NewKey();
        Assert.Equal([$"signature 1 of 1: it is by none of the keys {_other.Id}, {third.Id}"], (await Verify(_digest, _other, third)).Reasons);
        var next = await _registry.PushAsync("team/image", "1.3", "two");
        Assert.False((await Verify(next, _key)).IsSigned);
    }

    [Fact]
    public async Task Openssl_verifies_what_is_stored()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/openssl"), "openssl is not installed.");
        await new ImageSignatures(_repository).SignAsync(_digest, _key, Cancelled);
        var layer = Assert.Single(await Layers());
        await File.WriteAllTextAsync(Path.Combine(_folder, "public"), _key.PublicKeyPem, Cancelled);
        await File.WriteAllBytesAsync(Path.Combine(_folder, "payload"), await _repository.ReadBlobAsync(layer, 10_000, Cancelled), Cancelled);
        await File.WriteAllBytesAsync(Path.Combine(_folder, "signature"), Convert.FromBase64String(layer.Annotations!["dev.cosignproject.cosign/signature"]), Cancelled);
        Assert.Equal(
            "Verified OK",
            (await Command.RunAsync("openssl", "dgst", "-sha256", "-verify", Path.Combine(_folder, "public"), "-signature", Path.Combine(_folder, "signature"), Path.Combine(_folder, "payload"))).Text);
    }

    [Fact]
    public async Task Signatures_of_others_stay_whatever_is_written_beside_them()
    {
        await new ImageSignatures(_repository).SignAsync(_digest, _other, Cancelled);
        await _repository.EditTagAsync(Tag, found => Task.FromResult(Encoding.UTF8.GetString(found!.Body) is var text && text.Contains("cosign/bundle", StringComparison.Ordinal)
            ? null
            : new RegistryManifest(found.MediaType, Encoding.UTF8.GetBytes(text.Replace("\"annotations\":{", "\"annotations\":{\"dev.sigstore.cosign/bundle\":\"b\",", StringComparison.Ordinal)))), Cancelled);
        await Task.WhenAll(new ImageSignatures(_repository).SignAsync(_digest, _key, Cancelled), new ImageSignatures(_repository).SignAsync(_digest, _key, Cancelled));
        var layers = await Layers();
        Assert.Equal(2, layers.Count);
        Assert.Equal("b", layers[0].Annotations!["dev.sigstore.cosign/bundle"]);
        Assert.Equal((_key.Id, _other.Id), ((await Verify(_digest, _key)).KeyId, (await Verify(_digest, _other)).KeyId));
        var config = JsonNode.Parse(await _repository.ReadBlobAsync(OciManifest.Read((await _repository.ReadManifestAsync(Tag, Cancelled))!.Body)!.Config!, 10_000, Cancelled))!;
        Assert.Equal(layers.Select(layer => layer.Digest), config["rootfs"]!["diff_ids"]!.AsArray().Select(id => (string)id!));
    }

    [Fact]
    public async Task Every_reason_is_given_why_none_counts()
    {
        var other = await _registry.PushAsync("team/image", "1.3", "two");
        await StoreAsync(
            (SimpleSigning.Write(_repository.Name, other), null, null),
            ("{}"u8.ToArray(), null, null),
            (SimpleSigning.Write(_repository.Name, _digest), "nonsense!", null),
            (SimpleSigning.Write(_repository.Name, _digest), Convert.ToBase64String(_other.Sign("x"u8)), null),
            (SimpleSigning.Write(_repository.Name, _digest), null, "application/octet-stream"));
        Assert.Equal(
            [
                $"signature 1 of 5: it is by the key {_key.Id}, but it signs another digest",
                $"signature 2 of 5: it is by the key {_key.Id}, but what it signs is no image's digest in cosign's form",
                "signature 3 of 5: its annotation dev.cosignproject.cosign/signature holds no signature in base64",
                $"signature 4 of 5: it is not by the key {_key.Id}",
                "signature 5 of 5: it is of another kind",
            ],
            (await Verify(_digest, _key)).Reasons);

        async Task StoreAsync(params (byte[] Payload, string? Signature, string? Type)[] signatures)
        {
            var layers = new List<OciDescriptor>();
            foreach (var (payload, signature, type) in signatures)
            {
                var blob = BlobSource.Of(payload);
                await _repository.WriteBlobAsync(blob, null, Cancelled);
                layers.Add(blob.As(type ?? SimpleSigning.MediaType) with
                {
                    Annotations = new Dictionary<string, string> { [SimpleSigning.SignatureAnnotation] = signature ?? Convert.ToBase64String(_key.Sign(payload)) },
                });
            }

            var config = BlobSource.Of("{}"u8.ToArray());
            await _repository.WriteBlobAsync(config, null, Cancelled);
            await _repository.WriteManifestAsync(Tag, RegistryManifest.Of(new OciManifest { MediaType = OciTypes.Manifest, Config = config.As(OciTypes.Config), Layers = layers }), Cancelled);
        }
    }
}
