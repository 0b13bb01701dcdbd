using System.Security.Cryptography;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>What content is named by.</summary>
public static class OciDigest
{
    public static string Of(ReadOnlySpan<byte> content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    public static bool IsOne(string? text) => text is not null && ImageReference.Parse("x@" + text) is { Digest: not null };

    /// <summary>A tag that stands for a digest where a registry has no better place: <c>sha256-…</c>, cut as the distribution specification says.</summary>
    public static string TagOf(string digest)
    {
        var (algorithm, hex) = (digest[..digest.IndexOf(':', StringComparison.Ordinal)], digest[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..]);
        return $"{algorithm[..Math.Min(32, algorithm.Length)]}-{hex[..Math.Min(64, hex.Length)]}";
    }

    internal static IncrementalHash HashFor(string digest) => IncrementalHash.CreateHash(digest[..digest.IndexOf(':', StringComparison.Ordinal)] switch
    {
        "sha256" => HashAlgorithmName.SHA256,
        "sha384" => HashAlgorithmName.SHA384,
        "sha512" => HashAlgorithmName.SHA512,
        var other => throw new ArgumentException($"'{other}' is no algorithm of a digest; expected sha256, sha384 or sha512.", nameof(digest)),
    });

    /// <summary>The digest of what was hashed, by the same algorithm as <paramref name="digest"/>.</summary>
    internal static string Of(IncrementalHash hash, string digest) => digest[..(digest.IndexOf(':', StringComparison.Ordinal) + 1)] + Convert.ToHexStringLower(hash.GetHashAndReset());

    internal static string Of(ReadOnlySpan<byte> content, string digest)
    {
        using var hash = HashFor(digest);
        hash.AppendData(content);
        return Of(hash, digest);
    }
}
