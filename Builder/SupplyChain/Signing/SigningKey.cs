using System.Security.Cryptography;

namespace Orrery.Builder.SupplyChain.Signing;

/// <summary>A key that cannot be used. Neither message holds anything of the key or the password.</summary>
internal sealed class SigningKeyException(string message, string remedy) : Exception(message)
{
    public string Remedy { get; } = remedy;
}

/// <summary>Who may have signed: an ECDSA key on P-256, named by the beginning of its digest.</summary>
internal sealed class VerificationKey : IDisposable
{
    private readonly ECDsa _key;

    internal VerificationKey(ECDsa key)
    {
        _key = key;
        Id = Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16];
    }

    public string Id { get; }

    /// <param name="pem"><c>PUBLIC KEY</c>, as <c>cosign.pub</c> and <c>openssl ec -pubout</c> write it.</param>
    /// <exception cref="SigningKeyException">It is none.</exception>
    public static VerificationKey Read(string pem)
    {
        const string Remedy = "Give the PEM text of a public key: cosign.pub, or what 'openssl ec -pubout' writes.";
        if (!PemEncoding.TryFind(pem, out var fields) || pem[fields.Label] != "PUBLIC KEY")
        {
            throw new SigningKeyException("it is no public key in PEM", Remedy);
        }

        return new VerificationKey(SigningKey.OnP256(key => key.ImportFromPem(pem), Remedy));
    }

    /// <param name="signature">In ASN.1, as cosign and openssl write it.</param>
    public bool Verifies(ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature) => _key.VerifyData(content, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    public void Dispose() => _key.Dispose();
}

/// <summary>What images are signed with: an ECDSA key on P-256, by which SHA-256 digests are signed.</summary>
internal sealed class SigningKey : IDisposable
{
    private const string P256 = "1.2.840.10045.3.1.7";

    private readonly ECDsa _key;

    private SigningKey(ECDsa key)
    {
        _key = key;
        PublicKeyPem = key.ExportSubjectPublicKeyInfoPem() + "\n";
        Id = Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16];
    }

    public string Id { get; }

    /// <summary>For those who verify: what <c>cosign verify --key</c> takes.</summary>
    public string PublicKeyPem { get; }

    /// <param name="pem"><c>PRIVATE KEY</c>, <c>EC PRIVATE KEY</c>, <c>ENCRYPTED PRIVATE KEY</c>, or cosign's own.</param>
    /// <param name="password">Of an encrypted one; <c>null</c> is cosign's empty password.</param>
    /// <exception cref="SigningKeyException">It cannot be used.</exception>
    public static SigningKey Read(string pem, string? password)
    {
        const string Remedy = "Give the PEM text of an EC key on P-256: cosign.key, or what 'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256' writes.";
        if (!TryFindKey(pem, out var label, out var content))
        {
            throw new SigningKeyException("it is no private key in PEM", Remedy);
        }

        return new SigningKey(label switch
        {
            "PRIVATE KEY" => OnP256(key => key.ImportPkcs8PrivateKey(content, out _), Remedy),
            "EC PRIVATE KEY" => OnP256(key => key.ImportECPrivateKey(content, out _), Remedy),
            "ENCRYPTED PRIVATE KEY" => OnP256(
                key => key.ImportEncryptedPkcs8PrivateKey(password ?? "", content, out _), "Is the password right? " + Remedy),
            _ when CosignKeyFile.Labels.Contains(label) => OnP256(key => key.ImportPkcs8PrivateKey(CosignKeyFile.Open(content, password ?? ""), out _), Remedy),
            _ => throw new SigningKeyException("it is no private key in PEM", Remedy),
        });
    }

    /// <returns>The signature in ASN.1.</returns>
    public byte[] Sign(ReadOnlySpan<byte> content) => _key.SignData(content, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    public void Dispose() => _key.Dispose();

    internal static ECDsa OnP256(Action<ECDsa> import, string remedy)
    {
        var key = ECDsa.Create();
        try
        {
            import(key);
            return key.ExportParameters(includePrivateParameters: false).Curve.Oid?.Value == P256 ? key : throw new SigningKeyException("it is not on the curve P-256", remedy);
        }
        catch (CryptographicException)
        {
            key.Dispose();
            throw new SigningKeyException("it cannot be read as an EC key", remedy);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>The first private key of the text; <c>EC PARAMETERS</c>, which openssl writes before one, are passed over.</summary>
    private static bool TryFindKey(string pem, out string label, out byte[] content)
    {
        for (var rest = pem.AsSpan(); PemEncoding.TryFind(rest, out var fields); rest = rest[fields.Location.End..])
        {
            label = rest[fields.Label].ToString();
            if (label.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
            {
                content = new byte[fields.DecodedDataLength];
                return Convert.TryFromBase64Chars(rest[fields.Base64Data], content, out _);
            }
        }

        (label, content) = ("", []);
        return false;
    }
}
