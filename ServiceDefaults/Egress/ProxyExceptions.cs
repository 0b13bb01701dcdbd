using System.Net;
using Orrery.Contracts;

namespace Orrery.ServiceDefaults.Egress;

/// <summary>Hosts that are called without the operator's proxy.</summary>
internal sealed class ProxyExceptions
{
    private readonly List<IPNetwork> _networks = [];
    private readonly List<string> _names = [];

    public ProxyExceptions(IEnumerable<string> entries)
    {
        foreach (var entry in entries)
        {
            if (Networks.TryParse(entry, out var network))
            {
                _networks.Add(network);
            }
            else
            {
                _names.Add(NameOf(entry));
            }
        }
    }

    public static bool IsEntry(string? entry) =>
        Networks.TryParse(entry, out _) || (entry is not null && EgressHost.Of(NameOf(entry)).Kind is HostKind.External or HostKind.Internal or HostKind.Loopback);

    /// <remarks>A name means itself and everything below it, with or without <c>.</c> or <c>*.</c> before it.</remarks>
    public bool Hold(EgressHost host) => host.Address is { } address
        ? _networks.Exists(network => network.Contains(address))
        : _names.Exists(name => host.Name == name || (host.Name.EndsWith(name, StringComparison.Ordinal) && host.Name[^(name.Length + 1)] == '.'));

    private static string NameOf(string entry) => entry.TrimStart('*').TrimStart('.').TrimEnd('.').ToLowerInvariant();
}
