using System.Security.Cryptography;

namespace Orrery.Contracts;

/// <summary>Which images may be deployed in a namespace. The one named <c>default</c> holds; without it every image may.</summary>
public sealed record ImagePolicySpec
{
    /// <summary>The resource that holds in its namespace.</summary>
    public const string EffectiveName = "default";

    private const int MostKeys = 16;
    private const int MostExempt = 100;
    private const int LongestKey = 4_096;

    /// <summary>Whether an image must be signed by one of the keys before anything of it is started. Default: it need not be.</summary>
    public bool RequireSignature { get; init; }

    /// <summary>Public keys in PEM, as <c>cosign.pub</c> and <c>openssl ec -pubout</c> write them: ECDSA on P-256. A signature by one of them is enough.</summary>
    public IReadOnlyList<string>? Keys { get; init; }

    /// <summary>Images that need no signature, by the beginning of their names up to a slash or the whole: <c>registry.example.com/trusted</c>.</summary>
    public IReadOnlyList<string>? Exempt { get; init; }

    public void Validate(FieldErrors errors)
    {
        if (RequireSignature && Keys is not { Count: > 0 })
        {
            errors.Add("spec.keys", null, "the public keys that images may be signed with", "Write the text of cosign.pub; GET /builds/public-key shows the key that this installation signs with.");
        }

        if (Keys?.Count > MostKeys)
        {
            errors.Add("spec.keys", $"{Keys.Count} keys", $"at most {MostKeys}");
        }

        for (var i = 0; i < Math.Min(Keys?.Count ?? 0, MostKeys); i++)
        {
            if (!IsKey(Keys![i]))
            {
                errors.Add($"spec.keys[{i}]", null, "a public key in PEM (-----BEGIN PUBLIC KEY-----): ECDSA on P-256", "Write the text of cosign.pub, or what 'openssl ec -pubout' writes; private keys have no place here.");
            }
        }

        if (Exempt?.Count > MostExempt)
        {
            errors.Add("spec.exempt", $"{Exempt.Count} names", $"at most {MostExempt}");
        }
    }

    private static bool IsKey(string text)
    {
        if (text.Length > LongestKey || !PemEncoding.TryFind(text, out var fields) || text[fields.Label] != "PUBLIC KEY")
        {
            return false;
        }

        using var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(text);
            return key.ExportParameters(includePrivateParameters: false).Curve.Oid?.Value == "1.2.840.10045.3.1.7";
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            return false;
        }
    }
}
