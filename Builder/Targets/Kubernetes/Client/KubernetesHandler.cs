using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orrery.Builder.Targets.Kubernetes.Client;

/// <summary>The connections to one API server: who it is held to be, and who we show ourselves as.</summary>
internal static class KubernetesHandler
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    public static SocketsHttpHandler Create(KubernetesConnection connection) => new()
    {
        UseCookies = false,
        AllowAutoRedirect = false,
        UseProxy = connection.Proxy is not null,
        Proxy = connection.Proxy is { } proxy ? new WebProxy(proxy) { Credentials = CredentialsOf(proxy) } : null,
        AutomaticDecompression = DecompressionMethods.GZip,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        // A rolled control plane is found at its new address, and the token's owner is checked again.
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        // A watch says nothing for minutes; this tells a quiet server from a dead one.
        KeepAlivePingDelay = TimeSpan.FromSeconds(20),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
        EnableMultipleHttp2Connections = true,
        SslOptions = new SslClientAuthenticationOptions
        {
            LocalCertificateSelectionCallback = (_, _, _, _, _) => connection.Credentials.Certificate!,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(connection, certificate, chain, errors),
        },
    };

    private static bool IsTrusted(KubernetesConnection connection, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None && connection.Authorities is null)
        {
            return true;
        }

        if (connection.SkipsVerification)
        {
            return true;
        }

        if (connection.Authorities is not { } authorities || certificate is not X509Certificate2 shown || chain is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0)
        {
            return false;
        }

        // Only those that the configuration names: a public authority has no business with a cluster's own.
        using var own = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        own.ChainPolicy.ApplicationPolicy.Add(ServerAuthentication);
        own.ChainPolicy.CustomTrustStore.AddRange(authorities);
        own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        return own.Build(shown);
    }

    private static NetworkCredential? CredentialsOf(Uri proxy) =>
        proxy.UserInfo.Split(':', 2) is [{ Length: > 0 } name, .. var rest] ? new NetworkCredential(Uri.UnescapeDataString(name), Uri.UnescapeDataString(rest.FirstOrDefault() ?? "")) : null;
}
