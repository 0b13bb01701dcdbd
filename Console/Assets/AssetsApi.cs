using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Orrery.WebConsole.Assets;

/// <summary>The page's style, script and picture, from this assembly: wherever it runs from, they are there. Addresses carry a digest and never go stale.</summary>
internal static class AssetsApi
{
    private static readonly FrozenDictionary<string, Asset> Assets = new[]
    {
        Load("console.css", "text/css; charset=utf-8"),
        Load("console.js", "text/javascript; charset=utf-8"),
        Load("icon.svg", "image/svg+xml"),
    }.ToFrozenDictionary(asset => asset.Name);

    /// <summary>The address of an asset.</summary>
    public static string Url(string name) => $"/assets/{name}?v={Assets[name].Digest}";

    public static void MapAssets(this WebApplication app) =>
        app.MapGet("/assets/{name}", (HttpContext http, string name) =>
        {
            if (!Assets.TryGetValue(name, out var asset))
            {
                return Results.NotFound();
            }

            http.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
            return Results.Bytes(asset.Bytes, asset.ContentType, entityTag: new($"\"{asset.Digest}\""));
        });

    private static Asset Load(string name, string contentType)
    {
        using var stream = typeof(AssetsApi).Assembly.GetManifestResourceStream($"Orrery.WebConsole.Assets.{name}")!;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return new(name, contentType, bytes.ToArray(), Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray()))[..12]);
    }

    private sealed record Asset(string Name, string ContentType, byte[] Bytes, string Digest);
}
