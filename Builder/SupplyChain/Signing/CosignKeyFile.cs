using System.Security.Cryptography;
using System.Text.Json;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;

namespace Orrery.Builder.SupplyChain.Signing;

/// <summary>
/// The private key as <c>cosign generate-key-pair</c> writes it: PKCS#8 in a NaCl secretbox (XSalsa20-Poly1305) whose key is the password's scrypt. Read, never written.
/// </summary>
internal static class CosignKeyFile
{
    /// <summary>cosign's label today, and that of its first versions.</summary>
    public static readonly string[] Labels = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"];

    private const int KeyBytes = 32;
    private const int NonceBytes = 24;
    private const int TagBytes = 16;

    /// <summary>cosign writes N = 32768 or 65536 with r = 8; what wants more than 256 MiB is no key file of its.</summary>
    private const long MostMemory = 256 << 20;

    /// <returns>PKCS#8.</returns>
    /// <exception cref="SigningKeyException">It is none, or the password is another.</exception>
    public static byte[] Open(byte[] content, string password)
    {
        var box = Read(content);
        var key = SCrypt.Generate(System.Text.Encoding.UTF8.GetBytes(password), box.Salt, box.N, box.R, box.P, KeyBytes);
        return OpenBox(box.Ciphertext, box.Nonce, key) ?? throw new SigningKeyException("the password does not open it", "Give the password that the key was made with.");
    }

    /// <summary>
    /// <c>crypto_secretbox_open</c>, put together from the library's parts as NaCl defines it: the key stream's first 32 bytes are Poly1305's key, what follows deciphers.
    /// </summary>
    private static byte[]? OpenBox(byte[] box, byte[] nonce, byte[] key)
    {
        var cipher = new XSalsa20Engine();
        cipher.Init(forEncryption: false, new ParametersWithIV(new KeyParameter(key), nonce));
        var authentication = new byte[KeyBytes];
        cipher.ProcessBytes(authentication, 0, KeyBytes, authentication, 0);
        var poly = new Poly1305();
        poly.Init(new KeyParameter(authentication));
        poly.BlockUpdate(box, TagBytes, box.Length - TagBytes);
        var tag = new byte[TagBytes];
        poly.DoFinal(tag, 0);
        if (!CryptographicOperations.FixedTimeEquals(tag, box.AsSpan(0, TagBytes)))
        {
            return null;
        }

        var opened = new byte[box.Length - TagBytes];
        cipher.ProcessBytes(box, TagBytes, opened.Length, opened, 0);
        return opened;
    }

    private static (int N, int R, int P, byte[] Salt, byte[] Nonce, byte[] Ciphertext) Read(byte[] content)
    {
        try
        {
            using var document = JsonDocument.Parse(content);
            var (kdf, cipher) = (document.RootElement.GetProperty("kdf"), document.RootElement.GetProperty("cipher"));
            var parameters = kdf.GetProperty("params");
            var (n, r, p) = (parameters.GetProperty("N").GetInt32(), parameters.GetProperty("r").GetInt32(), parameters.GetProperty("p").GetInt32());
            var (salt, nonce) = (kdf.GetProperty("salt").GetBytesFromBase64(), cipher.GetProperty("nonce").GetBytesFromBase64());
            var ciphertext = document.RootElement.GetProperty("ciphertext").GetBytesFromBase64();
            if (kdf.GetProperty("name").GetString() == "scrypt" && cipher.GetProperty("name").GetString() == "nacl/secretbox"
                && n > 1 && int.IsPow2(n) && r > 0 && p is > 0 and <= 16 && 128L * n * r <= MostMemory && nonce.Length == NonceBytes && ciphertext.Length > TagBytes)
            {
                return (n, r, p, salt, nonce, ciphertext);
            }
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // Said below, without what it holds.
        }

        throw new SigningKeyException("it is not as cosign writes keys: JSON with kdf (scrypt), cipher (nacl/secretbox) and ciphertext", "Make it with: cosign generate-key-pair");
    }
}
