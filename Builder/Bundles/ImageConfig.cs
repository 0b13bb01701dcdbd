using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orrery.Builder.Bundles;

/// <summary>Of an image's configuration what says where it runs.</summary>
internal sealed record ImageConfig(string? Os = null, string? Architecture = null)
{
    public static ImageConfig? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ImageConfigJson.Default.ImageConfig);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ImageConfig))]
internal sealed partial class ImageConfigJson : JsonSerializerContext;
