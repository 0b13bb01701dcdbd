using System.Security.Cryptography;
using Orrery.Builder.SupplyChain.Signing;
using Orrery.Tests.Images;

namespace Orrery.Tests.Builder.SupplyChain;

/// <summary>Keys as operators have them: of openssl and of cosign, encrypted or not.</summary>
public sealed class SigningKeyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orrery-keys-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string file) => Path.Combine(_folder, file);

    private async Task<string> OpenSslAsync(params string[] arguments)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/openssl"), "openssl is not installed.");
        return (await Command.RunAsync("openssl", arguments)).Text;
    }

    [Fact]
    public async Task Keys_of_openssl_are_read_in_all_their_forms()
    {
        await OpenSslAsync("ecparam", "-name", "prime256v1", "-genkey", "-out", At("ec")); // With EC PARAMETERS before it.
        await OpenSslAsync("pkcs8", "-topk8", "-nocrypt", "-in", At("ec"), "-out", At("pkcs8"));
        await OpenSslAsync("pkcs8", "-topk8", "-in", At("ec"), "-out", At("encrypted"), "-passout", "pass:secret-of-tests", "-v2", "aes-256-cbc");
        var published = await OpenSslAsync("ec", "-in", At("ec"), "-pubout");
        foreach (var (file, password) in new[] { ("ec", null), ("pkcs8", null), ("encrypted", "secret-of-tests") })
        {
            using var key = SigningKey.Read(await File.ReadAllTextAsync(At(file), TestContext.Current.CancellationToken), password);
            Assert.Equal(published, key.PublicKeyPem.Trim());
            using var verification = VerificationKey.Read(published);
            Assert.Equal(key.Id, verification.Id);
        }

        var error = Assert.Throws<SigningKeyException>(() => SigningKey.Read(File.ReadAllText(At("encrypted")), "another"));
        Assert.Equal("it cannot be read as an EC key", error.Message);
        Assert.StartsWith("Is the password right?", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_openssl_signs_is_verified_and_what_we_sign_openssl_verifies()
    {
        await OpenSslAsync("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", At("ec"));
        using var key = SigningKey.Read(await File.ReadAllTextAsync(At("ec"), TestContext.Current.CancellationToken), null);
        await File.WriteAllTextAsync(At("public"), key.PublicKeyPem, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(At("content"), "content", TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(At("ours"), key.Sign("content"u8), TestContext.Current.CancellationToken);
        Assert.Equal("Verified OK", await OpenSslAsync("dgst", "-sha256", "-verify", At("public"), "-signature", At("ours"), At("content")));

        await OpenSslAsync("dgst", "-sha256", "-sign", At("ec"), "-out", At("theirs"), At("content"));
        using var verification = VerificationKey.Read(key.PublicKeyPem);
        var signature = await File.ReadAllBytesAsync(At("theirs"), TestContext.Current.CancellationToken);
        Assert.True(verification.Verifies("content"u8, signature));
        Assert.False(verification.Verifies("contents"u8, signature));
        Assert.False(verification.Verifies("content"u8, []));
        Assert.False(verification.Verifies("content"u8, [0x30, 0x80]));
    }

    [Theory]
    [InlineData(CosignKeys.First, "123")]
    [InlineData(CosignKeys.WithoutPassword, "")]
    [InlineData(CosignKeys.WithoutPassword, null)]
    public void Keys_of_cosign_are_opened_with_their_password_and_no_other(string pem, string? password)
    {
        using var key = SigningKey.Read(pem, password);
        using var verification = VerificationKey.Read(key.PublicKeyPem);
        Assert.True(verification.Verifies("content"u8, key.Sign("content"u8)));
        Assert.Equal("the password does not open it", Assert.Throws<SigningKeyException>(() => SigningKey.Read(pem, "another")).Message);
    }

    [Fact]
    public void A_cosign_key_that_was_changed_or_wants_all_memory_is_refused()
    {
        PemEncoding.TryFind(CosignKeys.First, out var fields);
        var json = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(CosignKeys.First[fields.Base64Data]));
        foreach (var (from, to, expected) in new[]
        {
            ("oF/7Of8i", "oF/7Of8j", "the password does not open it"),
            ("\"N\":32768", "\"N\":1073741824", "it is not as cosign writes keys"),
            ("\"N\":32768", "\"N\":32767", "it is not as cosign writes keys"),
            ("nacl/secretbox", "aes", "it is not as cosign writes keys"),
            ("\"nonce\":\"g5", "\"nonce\":\"5", "it is not as cosign writes keys"),
            ("\"ciphertext\"", "\"text\"", "it is not as cosign writes keys"),
        })
        {
            Assert.Contains(from, json, StringComparison.Ordinal);
            var pem = PemEncoding.WriteString("ENCRYPTED SIGSTORE PRIVATE KEY", System.Text.Encoding.UTF8.GetBytes(json.Replace(from, to, StringComparison.Ordinal)));
            var error = Assert.Throws<SigningKeyException>(() => SigningKey.Read(pem, "123"));
            Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("oF/7", error.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_no_key_on_P256_is_named_as_what_it_is()
    {
        using var wide = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        Assert.Equal("it is not on the curve P-256", Fault(wide.ExportPkcs8PrivateKeyPem()));
        Assert.Equal("it cannot be read as an EC key", Fault(rsa.ExportPkcs8PrivateKeyPem()));
        Assert.Equal("it is no private key in PEM", Fault(wide.ExportSubjectPublicKeyInfoPem()));
        Assert.Equal("it is no private key in PEM", Fault("secret"));
        Assert.Equal("it is no public key in PEM", Assert.Throws<SigningKeyException>(() => VerificationKey.Read(wide.ExportPkcs8PrivateKeyPem())).Message);
        Assert.Equal("it is not on the curve P-256", Assert.Throws<SigningKeyException>(() => VerificationKey.Read(wide.ExportSubjectPublicKeyInfoPem())).Message);

        static string Fault(string pem) => Assert.Throws<SigningKeyException>(() => SigningKey.Read(pem, null)).Message;
    }
}
