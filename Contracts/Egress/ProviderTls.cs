using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orrery.Contracts;

/// <summary>How a provider's certificate is verified. It always is: there is no way to leave that out.</summary>
public sealed record ProviderTls
{
    /// <summary>An authority that signs the servers' certificates, as PEM text; trusted here as well as those that the system and the gateway trust.</summary>
    public string? CertificateAuthority { get; init; }

    /// <summary>The same, from a Secret.</summary>
    public SecretKeyReference? CertificateAuthoritySecretRef { get; init; }

    /// <summary>The name that the certificate must be for, and that is asked for. Default: the URL's host.</summary>
    public string? ServerName { get; init; }

    internal void Validate(FieldErrors errors, IReadOnlyList<ProviderEndpoint> endpoints)
    {
        if (CertificateAuthority is not null && CertificateAuthoritySecretRef is not null)
        {
            errors.Add("spec.tls.certificateAuthority", null, "either certificateAuthority or certificateAuthoritySecretRef, and not both");
        }

        if (CertificateAuthority is not null && Check(CertificateAuthority) is { } expected)
        {
            errors.Add("spec.tls.certificateAuthority", null, expected);
        }

        if (CertificateAuthoritySecretRef is { } secret)
        {
            errors.RequireName("spec.tls.certificateAuthoritySecretRef.name", secret.Name);
            if (string.IsNullOrWhiteSpace(secret.Key))
            {
                errors.Add("spec.tls.certificateAuthoritySecretRef.key", secret.Key, "the key of the secret that holds the certificate");
            }
        }

        if (ServerName is not null && EgressHost.Of(ServerName).Kind is HostKind.Invalid)
        {
            errors.Add("spec.tls.serverName", ServerName, "a host's name or an address, as the certificate names it");
        }

        if (endpoints.Count > 0 && !endpoints.Any(endpoint => endpoint.Url.StartsWith("https:", StringComparison.OrdinalIgnoreCase)))
        {
            errors.Add("spec.tls", null, "an https:// endpoint, or no tls", "Write the endpoint with https://.");
        }
    }

    /// <summary>What was expected of a PEM text; <c>null</c> when it is that. The text is not repeated: people paste keys by mistake.</summary>
    public static string? Check(string pem)
    {
        const string Expectation = "one or more certificates in PEM (-----BEGIN CERTIFICATE-----)";
        if (pem.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            return Expectation + ", and no private key";
        }

        try
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPem(pem);
            foreach (var certificate in found)
            {
                certificate.Dispose();
            }

            return found.Count > 0 ? null : Expectation;
        }
        catch (CryptographicException)
        {
            return Expectation;
        }
    }
}
