using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orrery.Builder.SupplyChain.Parts;

/// <summary>Something installed, by the name that its ecosystem has for it.</summary>
/// <param name="Type">As in a package URL: <c>deb</c>, <c>apk</c>, <c>pypi</c>, <c>npm</c>.</param>
internal sealed record Package(string Type, string Name, string Version)
{
    public string? Architecture { get; init; }

    /// <summary>The source package, where it has another name.</summary>
    public string? Source { get; init; }

    /// <summary>As it says itself.</summary>
    public string? Licence { get; init; }
}

/// <summary>A file that says something of what is in an image.</summary>
/// <param name="NotRead">Why it says nothing here: a sentence's end, such as <c>is an RPM database</c>.</param>
internal sealed record FileFacts(string Path, IReadOnlyList<Package> Packages, string? Distribution, string? DistributionVersion, string? NotRead);

/// <summary>What one layer says, which its digest says for ever.</summary>
/// <param name="Version">Of the reader: facts of another are read anew.</param>
/// <param name="Removed">Paths that are gone with this layer, with all below them.</param>
/// <param name="Emptied">Folders of which the layers below have nothing any more.</param>
/// <param name="NotRead">Why nothing, or not everything, was read.</param>
internal sealed record LayerFacts(int Version, IReadOnlyList<FileFacts> Files, IReadOnlyList<string> Removed, IReadOnlyList<string> Emptied, string? NotRead)
{
    public const int CurrentVersion = 1;

    public static LayerFacts Nothing(string? why) => new(CurrentVersion, [], [], [], why);

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, PartsJson.Default.LayerFacts);

    /// <summary><c>null</c>: it was written by another reader, or is none.</summary>
    public static LayerFacts? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, PartsJson.Default.LayerFacts) is { Version: CurrentVersion } facts ? facts : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Keeps what layers say, by their digests: bases are shared by many images.</summary>
internal interface ILayerFactsStore
{
    Task<LayerFacts?> FindAsync(string digest, CancellationToken cancellationToken);

    Task KeepAsync(string digest, LayerFacts facts, CancellationToken cancellationToken);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(LayerFacts))]
internal sealed partial class PartsJson : JsonSerializerContext;
