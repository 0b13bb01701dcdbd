using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orrery.Tests.ServiceDefaults.Egress;

/// <summary>A forward proxy that knows CONNECT (RFC 9110, 9.3.6), as squid and tinyproxy answer it. Every target is at one server, so that names need no DNS.</summary>
internal sealed class ConnectProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly int _server;
    private readonly Task _running;

    /// <param name="server">The port on this machine that every target is taken for.</param>
    public ConnectProxy(int server)
    {
        _server = server;
        _listener.Start();
        _running = RunAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>What was asked for, with its headers.</summary>
    public ConcurrentQueue<string> Heads { get; } = new();

    /// <summary><c>user:password</c>, without which it answers 407.</summary>
    public string? Credential { get; set; }

    /// <summary>Answered instead of a connection.</summary>
    public string? Refusal { get; set; }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Dispose();
        await _running;
        _over.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_over.Token));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient accepted)
    {
        try
        {
            using var client = accepted;
            var stream = client.GetStream();
            var head = await ReadHeadAsync(stream);
            Heads.Enqueue(head);
            var isKnown = Credential is null || head.Contains("Proxy-Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(Credential)), StringComparison.Ordinal);
            var refusal = isKnown ? Refusal : "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 6\r\n\r\ndenied";
            if (refusal is not null)
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(refusal), _over.Token);
                return;
            }

            using var server = new TcpClient();
            await server.ConnectAsync(IPAddress.Loopback, _server, _over.Token);
            await stream.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray(), _over.Token);
            await Task.WhenAny(stream.CopyToAsync(server.GetStream(), _over.Token), server.GetStream().CopyToAsync(stream, _over.Token));
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // Either side left.
        }
    }

    private async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, _over.Token) > 0)
        {
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
