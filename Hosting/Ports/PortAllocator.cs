using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Aspire.Hosting;

/// <summary>Finds ports that nobody listens on.</summary>
internal sealed class PortAllocator
{
    // Below the range from which Linux takes the near ends of outgoing connections (32768 and up): one of those could take a port before its program does.
    private const int First = 20_000;
    private const int Last = 32_000;

    private readonly Lock _lock = new();
    private readonly HashSet<int> _given = [];

    public int Take()
    {
        lock (_lock)
        {
            for (var attempt = 0; attempt < 1000; attempt++)
            {
                var port = RandomNumberGenerator.GetInt32(First, Last);
                if (!_given.Contains(port) && IsFree(port))
                {
                    _given.Add(port);
                    return port;
                }
            }
        }

        throw new DistributedApplicationException($"No free port found between {First} and {Last}.");
    }

    public static bool IsFree(int port) => CanListen(IPAddress.Loopback, port) && CanListen(IPAddress.IPv6Loopback, port);

    private static bool CanListen(IPAddress address, int port)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen();
            return true;
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            return false;
        }
        catch (SocketException)
        {
            // This machine has no such address (IPv6 switched off), so nobody listens there.
            return true;
        }
    }
}
