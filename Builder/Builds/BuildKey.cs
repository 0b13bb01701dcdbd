using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Orrery.Contracts;

namespace Orrery.Builder.Builds;

/// <summary>Names an image by all that goes into it, so that the same is never built twice.</summary>
internal static class BuildKey
{
    /// <summary>Raised when the same recipe makes another image than before.</summary>
    private const string Version = "orrery-build-2";

    /// <param name="bases">What the tool holds bases as that no digest is known of, by their references.</param>
    public static string Of(ImageRecipe recipe, IReadOnlyDictionary<string, string> bases)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(Version);
        Add(RuntimeInformation.OSArchitecture.ToString());
        Add(recipe.Dockerfile);
        foreach (var (path, text) in recipe.Files.OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            Add(path);
            Add(text);
        }

        foreach (var (reference, id) in bases.OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            Add(reference);
            Add(id);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());

        // Each with its length: parts that run into each other would be another recipe's.
        void Add(string part)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }
    }
}
