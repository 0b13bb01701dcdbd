using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Aspire.Hosting.Proxy;

/// <summary>A port and the ports behind it, taken in turn; one that does not accept is passed over.</summary>
internal sealed class ForwardedPort(int port, int[] targets)
{
    private int _turn = -1;

    /// <summary>Reads <c>PORT=TARGET,TARGET…</c>; null when it is something else.</summary>
    public static ForwardedPort? Parse(string text)
    {
        var parts = text.Split('=');
        var targets = parts.Length == 2 ? parts[1].Split(',').Select(Number).ToArray() : [];
        return targets.Length > 0 && targets.All(one => one > 0) && Number(parts[0]) is > 0 and var port ? new ForwardedPort(port, targets) : null;
    }

    /// <summary>Listens on both loopback addresses; the task ends with <paramref name="stop"/>.</summary>
    public Task Listen(CancellationToken stop)
    {
        var four = Bound(IPAddress.Loopback);
        try
        {
            return Task.WhenAll(AcceptAsync(four, stop), AcceptAsync(Bound(IPAddress.IPv6Loopback), stop));
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported)
        {
            // No IPv6 on this machine.
            return AcceptAsync(four, stop);
        }
    }

    private Socket Bound(IPAddress address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, port));
        socket.Listen(512);
        return socket;
    }

    private async Task AcceptAsync(Socket listener, CancellationToken stop)
    {
        var connections = new HashSet<Task>();
        using (listener)
        {
            try
            {
                while (true)
                {
                    var client = await listener.AcceptAsync(stop);
                    connections.RemoveWhere(one => one.IsCompleted);
                    connections.Add(ForwardAsync(client, stop));
                }
            }
            catch (OperationCanceledException)
            {
                // Told to end: open connections end with the sockets.
            }
        }

        await Task.WhenAll(connections);
    }

    private async Task ForwardAsync(Socket client, CancellationToken stop)
    {
        await Task.Yield();
        using (client)
        {
            try
            {
                using var target = await ConnectAsync(stop);
                if (target is null)
                {
                    await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"none of the targets of port {port} accepts connections"));
                    return;
                }

                client.NoDelay = target.NoDelay = true;
                await Task.WhenAll(Half.CopyAsync(client, target, stop), Half.CopyAsync(target, client, stop));
            }
            catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One side broke off: closing both tells the other.
                client.Close(0);
            }
        }
    }

    private async Task<Socket?> ConnectAsync(CancellationToken stop)
    {
        var first = (uint)Interlocked.Increment(ref _turn);
        for (var i = 0u; i < targets.Length; i++)
        {
            var target = targets[(first + i) % (uint)targets.Length];
            foreach (var address in (IPAddress[])[IPAddress.Loopback, IPAddress.IPv6Loopback])
            {
                if (await TryConnectAsync(new IPEndPoint(address, target), stop) is { } socket)
                {
                    return socket;
                }
            }
        }

        return null;
    }

    private static async Task<Socket?> TryConnectAsync(IPEndPoint target, CancellationToken stop)
    {
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(target, stop);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 65535 ? number : 0;
}
