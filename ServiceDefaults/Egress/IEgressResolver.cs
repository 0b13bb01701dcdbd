using System.Net;

namespace Orrery.ServiceDefaults.Egress;

/// <summary>Asks for a name's addresses.</summary>
public interface IEgressResolver
{
    /// <exception cref="System.Net.Sockets.SocketException">There are none, or nobody answers.</exception>
    Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellationToken);
}

/// <summary>The system's own: files, DNS and whatever else it is set up with.</summary>
internal sealed class SystemResolver : IEgressResolver
{
    public Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellationToken) => Dns.GetHostAddressesAsync(name, cancellationToken);
}
