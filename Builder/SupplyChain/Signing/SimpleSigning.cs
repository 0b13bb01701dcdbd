using System.Text.Json;
using System.Text.Json.Serialization;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.SupplyChain.Signing;

/// <summary>What is signed: an image's digest, in the form that cosign signs ("simple signing", of the containers' signature specification).</summary>
internal sealed record SimpleSigning(SimpleSigning.CriticalPart? Critical, IReadOnlyDictionary<string, string>? Optional)
{
    public const string MediaType = "application/vnd.dev.cosign.simplesigning.v1+json";
    public const string SignatureAnnotation = "dev.cosignproject.cosign/signature";
    public const string Type = "cosign container image signature";

    public static byte[] Write(ImageReference name, string digest) => JsonSerializer.SerializeToUtf8Bytes(
        new SimpleSigning(new CriticalPart(new IdentityPart($"{name.Registry}/{name.Repository}"), new ImagePart(digest), Type), null), SigningJson.Default.SimpleSigning);

    /// <summary><c>null</c> where it is none.</summary>
    public static SimpleSigning? Read(ReadOnlySpan<byte> payload)
    {
        try
        {
            return JsonSerializer.Deserialize(payload, SigningJson.Default.SimpleSigning);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    internal sealed record CriticalPart(IdentityPart? Identity, ImagePart? Image, string? Type);

    internal sealed record IdentityPart([property: JsonPropertyName("docker-reference")] string? DockerReference);

    internal sealed record ImagePart([property: JsonPropertyName("docker-manifest-digest")] string? DockerManifestDigest);
}

/// <summary>The configuration of the image that holds signatures, as cosign has it: nothing but the layers.</summary>
internal sealed record SignatureConfig(string Architecture, string Created, IReadOnlyList<SignatureConfig.Step> History, string Os, SignatureConfig.RootFs Rootfs, SignatureConfig.RunConfig Config)
{
    private const string Never = "0001-01-01T00:00:00Z";

    public static byte[] Write(IReadOnlyList<OciDescriptor> layers) => JsonSerializer.SerializeToUtf8Bytes(
        new SignatureConfig("", Never, [.. layers.Select(_ => new Step(Never))], "", new RootFs("layers", [.. layers.Select(layer => layer.Digest)]), new RunConfig()),
        SigningJson.Default.SignatureConfig);

    internal sealed record Step(string Created);

    internal sealed record RootFs(string Type, [property: JsonPropertyName("diff_ids")] IReadOnlyList<string> DiffIds);

    internal sealed record RunConfig;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SimpleSigning))]
[JsonSerializable(typeof(SignatureConfig))]
internal sealed partial class SigningJson : JsonSerializerContext;
