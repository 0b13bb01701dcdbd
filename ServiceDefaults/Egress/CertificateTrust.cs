using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orrery.Contracts;

namespace Orrery.ServiceDefaults.Egress;

/// <summary>Verifies servers' certificates against the system's authorities and further ones, and says what is wrong with one.</summary>
internal sealed class CertificateTrust
{
    private const X509ChainStatusFlags Unknown = X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain;

    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    private readonly X509Certificate2Collection _own = [];

    /// <param name="shared">Authorities that are trusted for every provider.</param>
    /// <param name="pem">Further ones as text.</param>
    public CertificateTrust(X509Certificate2Collection shared, string? pem)
    {
        _own.AddRange(shared);
        if (pem is not null)
        {
            _own.ImportFromPem(pem);
        }
    }

    /// <returns><c>null</c>, or why there is nothing to trust.</returns>
    public static string? TryRead(string path, out X509Certificate2Collection found)
    {
        found = [];
        try
        {
            var isFolder = Directory.Exists(path);
            foreach (var file in isFolder ? Directory.GetFiles(path).Where(IsPem).Order(StringComparer.Ordinal) : (IEnumerable<string>)[path])
            {
                found.ImportFromPemFile(file);
            }

            return found.Count > 0 ? null
                : isFolder ? "no .pem, .crt or .cer file in it holds a certificate"
                : "it holds no certificate";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return error.Message.TrimEnd('.');
        }
    }

    /// <summary>What is wrong with the certificate of a server; <c>null</c>: it may be talked to.</summary>
    /// <param name="name">Whose it has to be.</param>
    public EgressException? Check(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, string name)
    {
        if (errors == SslPolicyErrors.None)
        {
            return null;
        }

        if (certificate is not X509Certificate2 shown || chain is null)
        {
            return new EgressException(EgressCauses.TlsFailed, "its server shows no certificate", $"'{name}' shows no certificate", "Is it a TLS server?");
        }

        if (!errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            return Mismatch(shown, name);
        }

        if (_own.Count == 0)
        {
            return Untrusted(shown, chain.ChainStatus, name);
        }

        using var own = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        own.ChainPolicy.ApplicationPolicy.Add(ServerAuthentication);
        own.ChainPolicy.CustomTrustStore.AddRange(_own);
        own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore); // What the server sent along.
        return !own.Build(shown) ? Untrusted(shown, (FlagsOf(chain.ChainStatus) & Unknown) == 0 ? chain.ChainStatus : own.ChainStatus, name)
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? Mismatch(shown, name)
            : null;
    }

    private static EgressException Untrusted(X509Certificate2 certificate, X509ChainStatus[] statuses, string name)
    {
        var flags = FlagsOf(statuses);
        if ((flags & Unknown) != 0)
        {
            return new EgressException(
                EgressCauses.UnknownIssuer, "the issuer of its certificate is not known",
                $"the certificate of '{name}' is issued by '{certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: true)}', which is not known",
                "Name its authority in spec.tls.certificateAuthority, or in Gateway:Egress:CertificateAuthorities for all providers. Does the server send its intermediate certificates?");
        }

        if (flags.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            return new EgressException(
                EgressCauses.CertificateExpired, "its certificate is not valid now",
                $"the certificate of '{name}' (or one above it) is not valid now: it holds from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}",
                "Renew it on the server; is this machine's clock right?");
        }

        return new EgressException(
            EgressCauses.TlsFailed, "its certificate is not accepted", $"the certificate of '{name}' is not accepted: {flags}", "Issue one for TLS servers with today's algorithms.");
    }

    private static X509ChainStatusFlags FlagsOf(X509ChainStatus[] statuses) =>
        statuses.Aggregate(X509ChainStatusFlags.NoError, (all, status) => all | status.Status);

    private static EgressException Mismatch(X509Certificate2 certificate, string name) => new(
        EgressCauses.NameMismatch, "its certificate is for another name",
        $"the certificate is not for '{name}' but for {Names(certificate)}",
        "Write the URL with a name that the certificate has, or name one in spec.tls.serverName.");

    private static string Names(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension => extension.EnumerateDnsNames().Concat(extension.EnumerateIPAddresses().Select(address => address.ToString())))
            .Take(8)
            .ToList();
        return names.Count > 0 ? string.Join(", ", names) : "no name at all (it has no subject alternative name)";
    }

    private static bool IsPem(string file) => Path.GetExtension(file) is ".pem" or ".crt" or ".cer";
}
