using System.Net;
using Microsoft.Extensions.Options;
using Orrery.Contracts;

namespace Orrery.ServiceDefaults.Egress;

/// <summary>
/// The section <c>Gateway:Egress</c>: where the gateway's connections to providers may go, and how. The Catalogue reads the same section,
/// so that what it accepts and tests is what the gateway does.
/// </summary>
public sealed class EgressOptions
{
    public const string Section = "Gateway:Egress";

    /// <summary>Whether servers on the machine itself may be called. Default: in the environment Development.</summary>
    public bool? AllowLoopback { get; set; }

    /// <summary>Networks such as <c>10.20.0.0/16</c> that may be called by address, by names outside, and over http. Link-local and metadata addresses stay closed.</summary>
    public IList<string> AllowedNetworks { get; } = [];

    /// <summary>The proxy for providers outside: <c>http://proxy.corp.internal:3128</c>. Default: none. The variables HTTPS_PROXY and NO_PROXY are not read.</summary>
    public string? Proxy { get; set; }

    /// <summary>Who the gateway is at the proxy; with <see cref="ProxyPassword"/>.</summary>
    public string? ProxyUser { get; set; }

    public string? ProxyPassword { get; set; }

    /// <summary>Hosts that are called without the proxy: names (with everything below them), addresses and networks.</summary>
    public IList<string> NoProxy { get; } = [];

    /// <summary>A PEM file, or a folder of them, with authorities that are trusted as well as the system's.</summary>
    public string? CertificateAuthorities { get; set; }
}

/// <summary>Names the configuration key, the value and what was expected.</summary>
public sealed class EgressOptionsValidator : IValidateOptions<EgressOptions>
{
    public ValidateOptionsResult Validate(string? name, EgressOptions options)
    {
        var faults = new List<string>();
        for (var i = 0; i < options.AllowedNetworks.Count; i++)
        {
            if (!Networks.TryParse(options.AllowedNetworks[i], out var network))
            {
                faults.Add($"Gateway:Egress:AllowedNetworks:{i} is '{options.AllowedNetworks[i]}'; expected an address, or a network such as 10.20.0.0/16.");
            }
            else if (EgressPolicy.CheckNever(network.BaseAddress) is { } never && network.PrefixLength > 8)
            {
                faults.Add($"Gateway:Egress:AllowedNetworks:{i} is '{options.AllowedNetworks[i]}'; expected a network that may be opened: {never.Reason}.");
            }
        }

        CheckProxy(options, faults);
        for (var i = 0; i < options.NoProxy.Count; i++)
        {
            if (!ProxyExceptions.IsEntry(options.NoProxy[i]))
            {
                faults.Add($"Gateway:Egress:NoProxy:{i} is '{options.NoProxy[i]}'; expected a host's name, an address or a network.");
            }
        }

        if (options.CertificateAuthorities is { Length: > 0 } path && CertificateTrust.TryRead(path, out _) is { } fault)
        {
            faults.Add($"Gateway:Egress:CertificateAuthorities is '{path}'; expected a PEM file with certificates, or a folder of such files: {fault}.");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void CheckProxy(EgressOptions options, List<string> faults)
    {
        // Not repeated: it may hold a password.
        if (options.Proxy is { Length: > 0 } proxy && ProxyAddress.Check(proxy) is { } expected)
        {
            faults.Add($"Gateway:Egress:Proxy is not {expected}.");
        }

        if (options.Proxy is not { Length: > 0 } && (options.ProxyUser is { Length: > 0 } || options.ProxyPassword is { Length: > 0 }))
        {
            faults.Add("Gateway:Egress:ProxyUser or ProxyPassword is set and Gateway:Egress:Proxy is not; expected all three, or none.");
        }
        else if (options.ProxyUser is { Length: > 0 } user && user.Contains(':', StringComparison.Ordinal))
        {
            faults.Add("Gateway:Egress:ProxyUser holds a ':'; expected a name without one, because it ends the name in what is sent.");
        }
    }
}

/// <summary>Networks as people write them.</summary>
internal static class Networks
{
    /// <summary>An address by itself is a network of one.</summary>
    public static bool TryParse(string? text, out IPNetwork network)
    {
        if (IPNetwork.TryParse(text, out network))
        {
            return true;
        }

        if (text?.Contains('/', StringComparison.Ordinal) is false && IPAddress.TryParse(text, out var address) && !text.Contains('%', StringComparison.Ordinal))
        {
            network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
            return true;
        }

        return false;
    }
}
