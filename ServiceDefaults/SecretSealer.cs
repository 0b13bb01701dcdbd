using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orrery.Contracts;

namespace Orrery.ServiceDefaults;

/// <summary>Seals secrets for rest and travel (AES-256-GCM) and opens them in memory.</summary>
/// <remarks>
/// The first key seals; all keys open. Rotation: put a new key first, keep the old one as previous until everything has been
/// sealed anew. A key's id is a digest of the key, so no one has to name keys. NIST SP 800-38D: random 96-bit nonces are
/// good for 2^32 sealings under one key, far above what declared secrets reach.
/// </remarks>
public sealed class SecretSealer
{
    private const int MinKeyCharacters = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly (string Id, byte[] Key) _current;
    private readonly Dictionary<string, byte[]> _keys;

    /// <param name="key">At least 32 characters; the AES key is derived from it with HKDF-SHA256.</param>
    /// <param name="previousKeys">Keys that still open what they once sealed.</param>
    public SecretSealer(string key, params IEnumerable<string> previousKeys)
    {
        _current = Derive(key);
        _keys = previousKeys.Select(Derive).Append(_current).DistinctBy(k => k.Id).ToDictionary(k => k.Id, k => k.Key);
    }

    /// <summary>The id of the key that seals.</summary>
    public string KeyId => _current.Id;

    /// <summary>Seals <paramref name="value"/> for <paramref name="context"/>; it opens for the same context only.</summary>
    public SealedSecret Seal(string context, string value)
    {
        var plain = Encoding.UTF8.GetBytes(value);
        var nonce = RandomNumberGenerator.GetBytes(NonceBytes);
        var ciphertext = new byte[plain.Length + TagBytes];
        using var aes = new AesGcm(_current.Key, TagBytes);
        aes.Encrypt(nonce, plain, ciphertext.AsSpan(0, plain.Length), ciphertext.AsSpan(plain.Length), Encoding.UTF8.GetBytes(context));
        CryptographicOperations.ZeroMemory(plain);
        return new SealedSecret(_current.Id, nonce, ciphertext);
    }

    /// <summary>Opens what <see cref="Seal"/> made; says why it cannot, without showing anything of the value.</summary>
    public bool TryOpen(string context, SealedSecret secret, [NotNullWhen(true)] out string? value, [NotNullWhen(false)] out string? reason)
    {
        (value, reason) = (null, null);
        if (!_keys.TryGetValue(secret.KeyId, out var key))
        {
            reason = $"sealed with key {secret.KeyId}, which this service does not have (Secrets:Key, Secrets:PreviousKeys)";
            return false;
        }

        var plain = new byte[Math.Max(0, secret.Ciphertext.Length - TagBytes)];
        try
        {
            using var aes = new AesGcm(key, TagBytes);
            aes.Decrypt(secret.Nonce, secret.Ciphertext.AsSpan(0, plain.Length), secret.Ciphertext.AsSpan(plain.Length), plain, Encoding.UTF8.GetBytes(context));
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            reason = $"the sealed value does not belong to {context} or was changed";
            return false;
        }

        value = Encoding.UTF8.GetString(plain);
        CryptographicOperations.ZeroMemory(plain);
        return true;
    }

    private static (string Id, byte[] Key) Derive(string key)
    {
        if (key.Length < MinKeyCharacters)
        {
            throw new InvalidOperationException($"Secrets:Key has {key.Length} characters; expected at least {MinKeyCharacters} random ones.");
        }

        var material = Encoding.UTF8.GetBytes(key);
        var aesKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, material, 32, info: "orrery/secrets/v1"u8.ToArray());
        var id = HKDF.DeriveKey(HashAlgorithmName.SHA256, material, 4, info: "orrery/secrets/id"u8.ToArray());
        return (Convert.ToHexStringLower(id), aesKey);
    }
}

public static class SecretSealerExtensions
{
    /// <summary>Registers the sealer from <c>Secrets:Key</c> and <c>Secrets:PreviousKeys:0…</c>.</summary>
    public static IHostApplicationBuilder AddSecretSealer(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton(_ => new SecretSealer(
            builder.Configuration["Secrets:Key"] ?? throw new InvalidOperationException(
                "Secrets:Key is not set. Catalogue and gateways need the same key of at least 32 characters (environment: Secrets__Key)."),
            builder.Configuration.GetSection("Secrets:PreviousKeys").Get<string[]>() ?? []));
        return builder;
    }
}
