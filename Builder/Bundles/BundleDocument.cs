using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orrery.Builder.Bundles;

/// <summary><c>bundle.json</c>: what a bundle is, for people and for what reads it later.</summary>
/// <param name="Entries">Files, as paths from the bundle.</param>
internal sealed record BundleDocument(
    string Format, DateTimeOffset Created, IReadOnlyList<BundleImage> Images, IReadOnlyList<string> Entries, IReadOnlyList<string> Charts, string? Platform = null)
{
    public const string CurrentFormat = "orrery-bundle/1";

    /// <summary>Names of types have a plus, which is written as it is: the document is for no page.</summary>
    private static readonly BundleJson Json = new(new JsonSerializerOptions(BundleJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, Json.BundleDocument);

    /// <param name="fault">Why it is none.</param>
    public static BundleDocument? Read(ReadOnlySpan<byte> json, out string? fault)
    {
        try
        {
            var read = JsonSerializer.Deserialize(json, Json.BundleDocument);
            fault = read is null || read.Images.Any(image => image is null) || read.Entries.Concat(read.Charts).Any(path => path is null) ? "there is nothing where something should be"
                : read.Format != CurrentFormat ? $"its format is not {CurrentFormat}: a newer Orrery may read it" : null;
            return fault is null ? read : null;
        }
        catch (JsonException)
        {
            fault = "it is not in the form of a bundle's";
            return null;
        }
    }

    public static byte[] Write(ImportedImages images) => JsonSerializer.SerializeToUtf8Bytes(images, Json.ImportedImages);
}

/// <param name="Reference">As it was asked for, with all written out.</param>
/// <param name="Size">Bytes of all that belongs to it, signatures too.</param>
/// <param name="Index">The list for several platforms that it was taken from; <c>null</c>: it is what the reference names itself.</param>
internal sealed record BundleImage(string Reference, string Digest, string MediaType, long Size, string? Index = null);

/// <summary><c>images.json</c> beside what was imported.</summary>
/// <param name="Mirrors">By original registry: what <c>Registries:Mirrors</c> is set to.</param>
internal sealed record ImportedImages(string Registry, IReadOnlyList<ImportedImage> Images, IReadOnlyDictionary<string, string> Mirrors);

/// <param name="Reference">The original.</param>
/// <param name="Image">Its new name, by its digest.</param>
internal sealed record ImportedImage(string Reference, string Image, string Digest, string? Tag = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(BundleDocument))]
[JsonSerializable(typeof(ImportedImages))]
internal sealed partial class BundleJson : JsonSerializerContext;
