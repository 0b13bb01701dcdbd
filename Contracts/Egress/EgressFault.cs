namespace Orrery.Contracts;

/// <summary>Why the rule lets nothing go to a URL or an address.</summary>
/// <param name="Cause">One of <see cref="EgressCauses"/>.</param>
/// <param name="Expected">What would have been right.</param>
/// <param name="Reason">What is there instead, as a sentence without its dot.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record EgressFault(string Cause, string Expected, string Reason, string Remedy);

/// <summary>What keeps a connection from being made, in a word.</summary>
public static class EgressCauses
{
    public const string UrlInvalid = "url_invalid";
    public const string HttpsRequired = "https_required";
    public const string AddressRefused = "address_refused";
    public const string NameNotFound = "name_not_found";
    public const string ConnectionRefused = "connection_refused";
    public const string ConnectTimeout = "connect_timeout";
    public const string Unreachable = "unreachable";
    public const string CertificateExpired = "certificate_expired";
    public const string UnknownIssuer = "unknown_issuer";
    public const string NameMismatch = "name_mismatch";
    public const string TlsFailed = "tls_failed";
    public const string ProxyFailed = "proxy_failed";
    public const string ProxyAuthentication = "proxy_authentication_refused";
}
