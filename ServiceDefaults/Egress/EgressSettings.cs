using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orrery.Contracts;

namespace Orrery.ServiceDefaults.Egress;

/// <summary>What the operator says of all connections to providers, read once.</summary>
public sealed class EgressSettings
{
    private readonly ProxyExceptions _direct;

    public EgressSettings(IOptions<EgressOptions> options, IHostEnvironment environment)
    {
        var read = options.Value;
        Policy = new EgressPolicy
        {
            AllowLoopback = read.AllowLoopback ?? environment.IsDevelopment(),
            AllowedNetworks = [.. read.AllowedNetworks.Select(text => Networks.TryParse(text, out var network) ? network : throw new FormatException(text))],
        };
        Proxy = read.Proxy is { Length: > 0 } proxy ? new EgressProxy(new Uri(proxy), IsOperators: true, Credential(read)) : null;
        CertificateAuthorities = Authorities(read);
        _direct = new ProxyExceptions(read.NoProxy);
    }

    public EgressPolicy Policy { get; }

    internal EgressProxy? Proxy { get; }

    /// <summary>Read once: what becomes of the file later closes no provider.</summary>
    internal X509Certificate2Collection CertificateAuthorities { get; }

    /// <summary>The proxy that a provider's host is called through; <c>null</c>: none.</summary>
    /// <remarks>The operator's is the way out: hosts inside are called directly, unless the provider itself names a proxy.</remarks>
    internal EgressProxy? ProxyFor(EgressHost host, EgressRoute route) => route.Proxy switch
    {
        ProxyAddress.None => null,
        { } url => new EgressProxy(new Uri(url), IsOperators: false, null),
        _ when Proxy is null || _direct.Hold(host) => null,
        _ => host.Kind == HostKind.External || (host.Address is { } address && AddressKinds.Of(address).Kind == AddressKind.Public) ? Proxy : null,
    };

    private static X509Certificate2Collection Authorities(EgressOptions options)
    {
        if (options.CertificateAuthorities is not { Length: > 0 } path)
        {
            return [];
        }

        return CertificateTrust.TryRead(path, out var found) is { } fault
            ? throw new InvalidOperationException($"Gateway:Egress:CertificateAuthorities is '{path}', which cannot be read: {fault}.")
            : found;
    }

    private static string? Credential(EgressOptions options) => options.ProxyUser is { Length: > 0 } user
        ? "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{options.ProxyPassword}"))
        : null;
}

/// <summary>A proxy that connections go through (HTTP's CONNECT).</summary>
/// <param name="IsOperators">It comes from the configuration, so that it may be anywhere; else it is under the rule that its provider is under.</param>
/// <param name="Credential">The header's value. Never shown.</param>
internal sealed record EgressProxy(Uri Address, bool IsOperators, string? Credential)
{
    public string Shown => Address.Authority;

    public override string ToString() => Shown;
}
