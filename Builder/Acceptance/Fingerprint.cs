using System.Security.Cryptography;
using System.Text.Json;

namespace Orrery.Builder.Acceptance;

/// <summary>Short digests that say whether something is the same.</summary>
internal static class Fingerprint
{
    private const int Characters = 16;

    /// <summary>Of a sealed value: it changes with the value, and nothing of the value can be tried against it.</summary>
    public static string Of(byte[] sealedValue) => Convert.ToHexStringLower(SHA256.HashData(sealedValue))[..Characters];

    /// <summary>Of what a revision runs.</summary>
    public static string Of(RevisionTemplate template) => Of(JsonSerializer.SerializeToUtf8Bytes(template, BuilderJson.Default.RevisionTemplate));
}
