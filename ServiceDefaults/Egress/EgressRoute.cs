using Orrery.Contracts;

namespace Orrery.ServiceDefaults.Egress;

/// <summary>What one provider says of its connections. Two that say the same are equal.</summary>
/// <param name="Proxy">A URL, or <see cref="ProxyAddress.None"/>; <c>null</c>: the operator's.</param>
/// <param name="CertificateAuthority">PEM.</param>
/// <param name="ServerName"><c>null</c>: the URL's host.</param>
public sealed record EgressRoute(string? Proxy, string? CertificateAuthority, string? ServerName)
{
    public static readonly EgressRoute Default = new(null, null, null);
}
