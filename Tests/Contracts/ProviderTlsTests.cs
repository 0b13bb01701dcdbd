using System.Security.Cryptography;
using Orrery.Contracts;
using Orrery.Tests.ServiceDefaults.Egress;

namespace Orrery.Tests.Contracts;

public sealed class ProviderTlsTests
{
    private static readonly ModelProviderSpec Good = new() { Provider = "vllm", Endpoint = "https://vllm.internal", AllowedModels = ["m"] };

    [Fact]
    public void What_is_wrong_with_certificates_and_proxies_is_told_without_repeating_a_secret()
    {
        using var certificates = new Certificates();
        using var key = ECDsa.Create();
        Assert.Empty(Faults(Good with { Tls = new ProviderTls { CertificateAuthority = certificates.Pem + "\n" + certificates.Pem, ServerName = "vllm.example" }, Proxy = "none" }));
        Assert.Empty(Faults(Good with { Proxy = "http://proxy.internal:3128" }));
        foreach (var pem in new[] { "", "words", "-----BEGIN CERTIFICATE-----\nwords\n-----END CERTIFICATE-----", certificates.Pem + "\n" + key.ExportECPrivateKeyPem() })
        {
            var fault = Assert.Single(Faults(Good with { Tls = new ProviderTls { CertificateAuthority = pem } }));
            Assert.Equal(("spec.tls.certificateAuthority", null), (fault.Path, fault.Value));
            Assert.StartsWith("one or more certificates in PEM", fault.Expectation, StringComparison.Ordinal);
        }

        foreach (var proxy in new[] { "", "None", "proxy:3128", "socks5://proxy:1080", "http://user:password@proxy:3128", "http://proxy:3128/path", "http://169.254.1.2.3" })
        {
            var fault = Assert.Single(Faults(Good with { Proxy = proxy }));
            Assert.Equal(("spec.proxy", null), (fault.Path, fault.Value));
        }

        Assert.Equal(
            ["spec.tls.certificateAuthority", "spec.tls.certificateAuthoritySecretRef.name", "spec.tls.certificateAuthoritySecretRef.key", "spec.tls.serverName", "spec.tls"],
            Faults(Good with
            {
                Endpoint = "http://vllm.internal",
                Tls = new ProviderTls { CertificateAuthority = certificates.Pem, CertificateAuthoritySecretRef = new SecretKeyReference("NO", " "), ServerName = "a b" },
            }).Select(fault => fault.Path));
    }

    private static IReadOnlyList<FieldError> Faults(ModelProviderSpec spec)
    {
        var errors = new FieldErrors();
        spec.Validate(errors);
        return errors.All;
    }
}
