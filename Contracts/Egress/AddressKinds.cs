using System.Net;
using System.Net.Sockets;

namespace Orrery.Contracts;

/// <summary>What an IP address is to whoever connects to it, from harmless to forbidden.</summary>
public enum AddressKind
{
    /// <summary>Somewhere in the internet.</summary>
    Public,

    /// <summary>In a network of one's own, or in a range that is routed nowhere.</summary>
    Private,

    /// <summary>The machine itself.</summary>
    Loopback,

    /// <summary>Link-local, a cloud's metadata service, or no host's address at all. Nothing ever connects there.</summary>
    Never,
}

/// <summary>Tells what an address is. One that carries an IPv4 address is that one too, however it is wrapped.</summary>
public static class AddressKinds
{
    private const string Metadata = "a cloud's metadata address";
    private const string Documentation = "an address for documentation";

    /// <summary>The first that holds the address counts: exceptions stand before the range that they are in.</summary>
    private static readonly Range[] V4 =
    [
        new("0.0.0.0/8", AddressKind.Never, "no host's address"),
        new("10.0.0.0/8", AddressKind.Private, "a private address"),
        new("100.100.100.200/32", AddressKind.Never, Metadata),
        new("100.64.0.0/10", AddressKind.Private, "a private address"),
        new("127.0.0.0/8", AddressKind.Loopback, "a loopback address"),
        new("168.63.129.16/32", AddressKind.Never, Metadata),
        new("169.254.0.0/16", AddressKind.Never, "a link-local address, where clouds keep their metadata"),
        new("172.16.0.0/12", AddressKind.Private, "a private address"),
        new("192.0.0.192/32", AddressKind.Never, Metadata),
        new("192.0.0.0/24", AddressKind.Private, "an address for protocols"),
        new("192.0.2.0/24", AddressKind.Private, Documentation),
        new("192.88.99.0/24", AddressKind.Private, "a relay's address"),
        new("192.168.0.0/16", AddressKind.Private, "a private address"),
        new("198.18.0.0/15", AddressKind.Private, "an address for measurements"),
        new("198.51.100.0/24", AddressKind.Private, Documentation),
        new("203.0.113.0/24", AddressKind.Private, Documentation),
        new("224.0.0.0/4", AddressKind.Never, "a multicast address"),
        new("240.0.0.0/4", AddressKind.Never, "a broadcast or reserved address"),
        new("0.0.0.0/0", AddressKind.Public, "a public address"),
    ];

    private static readonly Range[] V6 =
    [
        new("::/128", AddressKind.Never, "no host's address"),
        new("::1/128", AddressKind.Loopback, "a loopback address"),
        new("64:ff9b::/96", AddressKind.Public, "a translated address"), // NAT64: what it carries decides.
        new("2002::/16", AddressKind.Public, "a 6to4 address"),
        new("2001::/32", AddressKind.Public, "a Teredo address"),
        new("2001::/23", AddressKind.Private, "an address for protocols"),
        new("2001:db8::/32", AddressKind.Private, Documentation),
        new("3fff::/20", AddressKind.Private, Documentation),
        new("2000::/3", AddressKind.Public, "a public address"),
        new("fd00:ec2::/32", AddressKind.Never, Metadata), // Amazon
        new("fd20:ce::254/128", AddressKind.Never, Metadata), // Google
        new("fd00:c1::a9fe:a9fe/128", AddressKind.Never, Metadata), // Oracle
        new("fd00:42::42/128", AddressKind.Never, Metadata), // Scaleway
        new("fc00::/7", AddressKind.Private, "a private address"),
        new("fe80::/10", AddressKind.Never, "a link-local address"),
        new("ff00::/8", AddressKind.Never, "a multicast address"),
        new("100::/64", AddressKind.Never, "an address that discards"),
        new("::/0", AddressKind.Private, "no public address"),
    ];

    /// <summary>What <paramref name="address"/> is by itself, and in words.</summary>
    public static (AddressKind Kind, string What) Of(IPAddress address)
    {
        foreach (var range in address.AddressFamily == AddressFamily.InterNetwork ? V4 : V6)
        {
            if (range.Network.Contains(address))
            {
                return (range.Kind, range.What);
            }
        }

        return (AddressKind.Never, "an address of an unknown family");
    }

    /// <summary>The address and the IPv4 addresses that packets to it may end at; of a mapped one (<c>::ffff:a.b.c.d</c>) only what it stands for.</summary>
    public static IEnumerable<IPAddress> Meant(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return [address];
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return [address.MapToIPv4()];
        }

        var bytes = address.GetAddressBytes();
        return [new IPAddress(bytes), .. Carried(bytes)]; // Without the zone.
    }

    private static IEnumerable<IPAddress> Carried(byte[] bytes)
    {
        var (head, tail) = (Convert.ToHexStringLower(bytes, 0, 12), bytes.AsSpan(12).ToArray());
        var isCompatible = head == "000000000000000000000000" && tail is not [0, 0, 0, 0 or 1];
        var isTranslated = head.StartsWith("0000000000000000ffff0000", StringComparison.Ordinal); // SIIT
        var isNat64 = head == "0064ff9b0000000000000000" || head.StartsWith("0064ff9b0001", StringComparison.Ordinal);
        var isIsatap = head.EndsWith("00005efe", StringComparison.Ordinal) || head.EndsWith("02005efe", StringComparison.Ordinal);
        if (isCompatible || isTranslated || isNat64 || isIsatap)
        {
            yield return new IPAddress(tail);
        }

        if (head.StartsWith("2002", StringComparison.Ordinal))
        {
            yield return new IPAddress(bytes.AsSpan(2, 4));
        }

        if (head.StartsWith("20010000", StringComparison.Ordinal))
        {
            yield return new IPAddress(bytes.AsSpan(4, 4)); // Teredo's server
            yield return new IPAddress([.. tail.Select(part => (byte)~part)]); // and the client behind it
        }
    }

    private sealed class Range(string network, AddressKind kind, string what)
    {
        public IPNetwork Network { get; } = IPNetwork.Parse(network);

        public AddressKind Kind { get; } = kind;

        public string What { get; } = what;
    }
}
