using System.Net;
using System.Net.Sockets;

namespace Orrery.Tests.Images;

/// <summary>Passes every connection on to a port of the loopback, byte for byte.</summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;

    public Relay(IPEndPoint listenOn, int loopbackPort)
    {
        _listener = new TcpListener(listenOn);
        _listener.Start();
        _accepting = AcceptAsync(loopbackPort);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync(int port)
    {
        var passing = new List<Task>();
        try
        {
            while (true)
            {
                passing.Add(PassAsync(await _listener.AcceptTcpClientAsync(_stopping.Token), port));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(passing);
        }
    }

    private async Task PassAsync(TcpClient near, int port)
    {
        using var far = new TcpClient();
        using (near)
        {
            try
            {
                await far.ConnectAsync(IPAddress.Loopback, port, _stopping.Token);
                // The first side that ends, ends both: the stores' protocols know no half-open connection.
                await Task.WhenAny(
                    near.GetStream().CopyToAsync(far.GetStream(), _stopping.Token),
                    far.GetStream().CopyToAsync(near.GetStream(), _stopping.Token));
            }
            catch (Exception error) when (error is IOException or SocketException or OperationCanceledException)
            {
                // A store that is away is a refused connection to the container, too.
            }
        }
    }
}
