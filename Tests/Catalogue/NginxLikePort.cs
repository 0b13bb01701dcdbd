using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Orrery.Tests.Catalogue;

/// <summary>A TLS port of nginx 1.22 (ngx_http_request.c, NGX_HTTP_TO_HTTPS): who speaks plain HTTP there gets 400 and a page.</summary>
internal sealed class NginxLikePort : IAsyncDisposable
{
    private const string Page = "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate;
    private readonly Task _running;

    public NginxLikePort(X509Certificate2 certificate)
    {
        _certificate = certificate;
        _listener.Start();
        _running = RunAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _running;
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptSocketAsync());
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket accepted)
    {
        const int Handshake = 0x16;
        try
        {
            using var socket = accepted;
            var first = new byte[1];
            await socket.ReceiveAsync(first, SocketFlags.Peek);
            await using var stream = new NetworkStream(socket);
            if (first[0] == Handshake)
            {
                await using var secure = new SslStream(stream);
                await secure.AuthenticateAsServerAsync(_certificate);
                return;
            }

            await stream.ReadAtLeastAsync(new byte[4096], 1, throwOnEndOfStream: false);
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nContent-Type: text/html\r\nContent-Length: {Page.Length}\r\nConnection: close\r\n\r\n{Page}"));
        }
        catch (Exception error) when (error is IOException or SocketException or AuthenticationException)
        {
            // The client does not like the certificate, or left.
        }
    }
}
