using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Orrery.Contracts;

/// <summary>What the host of a URL says by itself, before anybody is asked for its address.</summary>
public enum HostKind
{
    /// <summary>A name outside.</summary>
    External,

    /// <summary>A name that only one's own networks know: one label, or under .internal, .local or .svc.</summary>
    Internal,

    /// <summary>The machine itself by name.</summary>
    Loopback,

    /// <summary>An address.</summary>
    Address,

    /// <summary>A cloud's metadata service by name.</summary>
    Metadata,

    /// <summary>Neither a name nor an address.</summary>
    Invalid,
}

/// <summary>A URL's host, read.</summary>
/// <param name="Name">In lower case, without brackets and a dot at the end.</param>
/// <param name="Address">Where <paramref name="Kind"/> says that it is one.</param>
public sealed partial record EgressHost(string Name, HostKind Kind, IPAddress? Address = null)
{
    private static readonly string[] InternalSuffixes = [".internal", ".local", ".svc"]; // .svc.cluster.local is in .local

    private static readonly string[] MetadataNames =
    [
        "metadata", "metadata.google.internal", "metadata.goog", "metadata.azure.internal", "instance-data", "instance-data.ec2.internal",
        "metadata.tencentyun.com", "metadata.platformequinix.com", "metadata.packet.net",
    ];

    /// <param name="host">As in a URL or a DnsEndPoint; an IPv6 address with or without brackets.</param>
    public static EgressHost Of(string host)
    {
        var text = host is ['[', .. var inner, ']'] ? inner : host;
        if (text.Contains(':', StringComparison.Ordinal))
        {
            // A zone names an interface of this machine: it belongs to link-local addresses alone.
            return !text.Contains('%', StringComparison.Ordinal) && IPAddress.TryParse(text, out var v6) && v6.AddressFamily == AddressFamily.InterNetworkV6
                ? new EgressHost(v6.ToString(), HostKind.Address, v6)
                : new EgressHost(text, HostKind.Invalid);
        }

        var name = (text is [.. var before, '.'] ? before : text).ToLowerInvariant();

        // As the system's own functions read them: 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1.
        if (IPAddress.TryParse(name, out var v4) && v4.AddressFamily == AddressFamily.InterNetwork)
        {
            return new EgressHost(v4.ToString(), HostKind.Address, v4);
        }

        return new EgressHost(name, KindOf(name));
    }

    private static HostKind KindOf(string name)
    {
        if (name.Length is 0 or > 253 || !Labels.IsMatch(name) || Number.IsMatch(name))
        {
            return HostKind.Invalid;
        }

        return MetadataNames.Contains(name) ? HostKind.Metadata
            : name == "localhost" || name.EndsWith(".localhost", StringComparison.Ordinal) ? HostKind.Loopback
            : !name.Contains('.', StringComparison.Ordinal) || InternalSuffixes.Any(suffix => name.EndsWith(suffix, StringComparison.Ordinal)) ? HostKind.Internal
            : HostKind.External;
    }

    [GeneratedRegex(@"^(?!-)[a-z0-9_-]{1,63}(\.(?!-)[a-z0-9_-]{1,63})*\z")]
    private static partial Regex Labels { get; }

    /// <summary>Ends in a number: an address that is written wrongly, and some resolver's guess.</summary>
    [GeneratedRegex(@"(^|\.)([0-9]+|0x[0-9a-f]*)\z")]
    private static partial Regex Number { get; }
}
