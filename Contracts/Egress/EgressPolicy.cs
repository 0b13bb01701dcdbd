using System.Net;

namespace Orrery.Contracts;

/// <summary>
/// Where connections to providers may go: https to anything outside, http to internal hosts only, this machine and private ranges only where the
/// operator says so, and never to a link-local address or a cloud's metadata.
/// </summary>
public sealed class EgressPolicy
{
    private const string Settings = "for the gateway and the catalogue";

    /// <summary>Servers on the machine itself may be called.</summary>
    public bool AllowLoopback { get; init; }

    /// <summary>Networks that may be called by address, by names outside, and over http.</summary>
    public IReadOnlyList<IPNetwork> AllowedNetworks { get; init; } = [];

    /// <summary>What of the rule can be said without asking for the host's addresses. <c>null</c>: nothing is against it.</summary>
    public EgressFault? CheckUrl(string url)
    {
        if (url.Any(c => c is <= ' ' or >= '\x7f' or '\\'))
        {
            return Invalid("it holds a blank, a backslash or a character outside ASCII", "Write other scripts' names in their xn-- form.");
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
        {
            return Invalid("it is none", "Write https://host/v1.");
        }

        if (uri.UserInfo.Length > 0 || Authority(url) is var authority && (authority.Contains('@', StringComparison.Ordinal) || authority.Contains('%', StringComparison.Ordinal)))
        {
            return Invalid("it holds a user, a password, a zone or an encoded host", "Put a credential into a Secret and name it in apiKeySecretRef.");
        }

        return uri.Port is 0 ? Invalid("its port is 0", "Name the port.") : CheckHost(EgressHost.Of(uri.Host), uri.Scheme == Uri.UriSchemeHttps);
    }

    /// <summary>The rule for a host by itself; addresses that stand in URLs are checked here too.</summary>
    public EgressFault? CheckHost(EgressHost host, bool isHttps) => host.Kind switch
    {
        HostKind.Invalid => Invalid($"'{host.Name}' is neither a name nor an address", "Write an address as four decimal numbers, or in brackets."),
        HostKind.Metadata => Never($"'{host.Name}' is a cloud's metadata service"),
        HostKind.Address => CheckAddress(host, isHttps, host.Address!),
        HostKind.Loopback when !AllowLoopback => Loopback($"'{host.Name}' is this machine"),
        HostKind.External when !isHttps => new EgressFault(
            EgressCauses.HttpsRequired, "an https:// URL", $"'{host.Name}' lies outside",
            "Write https://. Only internal hosts may be called over http: names of one label, *.internal, *.local, *.svc."),
        _ => null,
    };

    /// <summary>The rule for one of a host's addresses.</summary>
    public EgressFault? CheckAddress(EgressHost host, bool isHttps, IPAddress address)
    {
        foreach (var meant in AddressKinds.Meant(address))
        {
            if (CheckOne(host, isHttps, address, meant) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    /// <summary>What holds for every connection, whoever asked for it: an operator's proxy too.</summary>
    public static EgressFault? CheckNever(IPAddress address)
    {
        foreach (var meant in AddressKinds.Meant(address))
        {
            if (AddressKinds.Of(meant) is (AddressKind.Never, var what))
            {
                return Never($"{Named(null, address, meant)} is {what}");
            }
        }

        return null;
    }

    private EgressFault? CheckOne(EgressHost host, bool isHttps, IPAddress address, IPAddress meant)
    {
        var (kind, what) = AddressKinds.Of(meant);
        var reason = $"{Named(host, address, meant)} is {what}";
        if (kind == AddressKind.Never)
        {
            return Never(reason);
        }

        if (AllowedNetworks.Any(network => network.Contains(meant)))
        {
            return null;
        }

        return (kind, host.Kind) switch
        {
            (AddressKind.Loopback, HostKind.Address or HostKind.Internal or HostKind.Loopback) => AllowLoopback ? null : Loopback(reason),
            (AddressKind.Private, HostKind.Internal) => null,
            (AddressKind.Public, HostKind.Address or HostKind.Internal or HostKind.External) => isHttps ? null : new EgressFault(
                EgressCauses.HttpsRequired, "an https:// URL", reason, $"Write https://, or list its network in Gateway:Egress:AllowedNetworks {Settings}."),
            _ => new EgressFault(
                EgressCauses.AddressRefused, "a public address, or one in a network that the operator has listed", reason,
                $"List its network in Gateway:Egress:AllowedNetworks {Settings} (Gateway__Egress__AllowedNetworks__0={meant}/{meant.GetAddressBytes().Length * 8}), "
                + "or give the server an internal name: one label, *.internal, *.local, *.svc."),
        };
    }

    private static string Named(EgressHost? host, IPAddress address, IPAddress meant)
    {
        var shown = address.Equals(meant) ? $"{address}" : $"{meant} (in {address})";
        return host is null or { Kind: HostKind.Address } ? shown : $"{shown}, the address of '{host.Name}',";
    }

    private static EgressFault Invalid(string reason, string remedy) => new(EgressCauses.UrlInvalid, "an absolute http:// or https:// URL of a host", reason, remedy);

    private static EgressFault Never(string reason) =>
        new(EgressCauses.AddressRefused, "the address of a model server", reason, "No setting allows it: use the server's own address.");

    private static EgressFault Loopback(string reason) => new(
        EgressCauses.AddressRefused, "a server on another machine", reason,
        $"Set Gateway:Egress:AllowLoopback to true {Settings} (Gateway__Egress__AllowLoopback=true), or run them in the environment Development.");

    private static string Authority(string url)
    {
        var begin = url.IndexOf("//", StringComparison.Ordinal) + 2;
        var end = url.AsSpan(begin).IndexOfAny('/', '?', '#');
        return end < 0 ? url[begin..] : url.Substring(begin, end);
    }
}
