using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>Names of formats (OCI image specification 1.1).</summary>
public static class OciTypes
{
    public const string Manifest = "application/vnd.oci.image.manifest.v1+json";
    public const string Index = "application/vnd.oci.image.index.v1+json";
    public const string Config = "application/vnd.oci.image.config.v1+json";
    public const string Empty = "application/vnd.oci.empty.v1+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    public const string DockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
}

/// <summary>A content's type, digest and size. What is not known here is kept.</summary>
public sealed record OciDescriptor(string MediaType, string Digest, long Size)
{
    public string? ArtifactType { get; init; }

    public OciPlatform? Platform { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }
}

public sealed record OciPlatform(string? Architecture, string? Os)
{
    public string? Variant { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }
}

/// <summary>An image's manifest, an artifact's, or an index of such.</summary>
public sealed record OciManifest
{
    /// <summary>The specification's bound of what a registry has to take.</summary>
    public const int LongestBytes = 4 << 20;

    /// <summary>Names of types have a plus, which other writers write as it is: the document is for registries, not for pages.</summary>
    private static readonly OciJson Json = new(new JsonSerializerOptions(OciJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public int SchemaVersion { get; init; } = 2;

    public string? MediaType { get; init; }

    public string? ArtifactType { get; init; }

    public OciDescriptor? Config { get; init; }

    public IReadOnlyList<OciDescriptor>? Layers { get; init; }

    /// <summary>Those of an index.</summary>
    public IReadOnlyList<OciDescriptor>? Manifests { get; init; }

    public OciDescriptor? Subject { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }

    /// <summary><c>null</c> where it is none.</summary>
    public static OciManifest? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, Json.OciManifest) is { SchemaVersion: 2 } manifest
                && (manifest.Layers ?? []).Concat(manifest.Manifests ?? []).Append(manifest.Config).Append(manifest.Subject).All(IsSound)
                ? manifest
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, Json.OciManifest);

    private static bool IsSound(OciDescriptor? named) => named is null || (named.MediaType is not null && named.Size >= 0 && OciDigest.IsOne(named.Digest));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OciManifest))]
internal sealed partial class OciJson : JsonSerializerContext;
