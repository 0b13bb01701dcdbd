using System.Net;
using System.Net.Sockets;

namespace Orrery.Tests.ServiceDefaults.Registries;

/// <summary>Stands before a server and breaks connections off after some bytes, as often as it is told.</summary>
internal sealed class CuttingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly int _target;
    private readonly long _after;
    private readonly Task _running;
    private int _cuts;

    /// <param name="target">The server's port.</param>
    /// <param name="after">Bytes of one direction.</param>
    /// <param name="cuts">How many connections are cut; the next ones stand.</param>
    public CuttingRelay(int target, long after, int cuts)
    {
        (_target, _after, _cuts) = (target, after, cuts);
        _listener.Start();
        _running = AcceptAsync();
    }

    public string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public int CutsLeft => Math.Max(0, Volatile.Read(ref _cuts));

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Stop();
        await _running;
        _over.Dispose();
    }

    private async Task AcceptAsync()
    {
        var underWay = new List<Task>();
        try
        {
            while (true)
            {
                underWay.Add(RelayAsync(await _listener.AcceptSocketAsync(_over.Token)));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(underWay);
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using (client)
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _target, _over.Token);
                await Task.WhenAny(PumpAsync(client, server), PumpAsync(server, client));
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException)
            {
                // Either side is gone.
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 << 10];
        try
        {
            for (long passed = 0; await from.ReceiveAsync(buffer, _over.Token) is > 0 and var read; passed += read)
            {
                if (passed + read > _after && Interlocked.Decrement(ref _cuts) >= 0)
                {
                    return;
                }

                await to.SendAsync(buffer.AsMemory(0, read), _over.Token);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Either side is gone.
        }
    }
}
