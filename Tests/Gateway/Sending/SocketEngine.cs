using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;

namespace Orrery.Tests.Gateway.Sending;

/// <summary>An engine on a plain socket, or over TLS: each of its writes is a segment of its own, and a test says every byte, the framing too.</summary>
internal sealed class SocketEngine : IAsyncDisposable
{
    public const string Head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    public const string LastChunk = "0\r\n\r\n";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<Peer, Task> _script;
    private readonly X509Certificate2? _certificate;
    private readonly Task _accepting;

    public SocketEngine(Func<Peer, Task> script, X509Certificate2? certificate = null)
    {
        (_script, _certificate) = (script, certificate);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Url => $"{(_certificate is null ? "http" : "https")}://{_listener.LocalEndpoint}/v1";

    /// <summary>For each request, the number of the connection that it came on.</summary>
    public ConcurrentQueue<int> Connections { get; } = new();

    /// <summary>As HTTP frames it: one chunk.</summary>
    public static string Framed(string text) => $"{Encoding.UTF8.GetByteCount(text).ToString("x", CultureInfo.InvariantCulture)}\r\n{text}\r\n";

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        using var end = new CancellationTokenSource();
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await _listener.AcceptSocketAsync(), serving.Count + 1, end.Token));
            }
        }
        catch (SocketException)
        {
            // Stopped.
        }

        await end.CancelAsync();
        await Task.WhenAll(serving);
    }

    private async Task ServeAsync(Socket socket, int number, CancellationToken end)
    {
        socket.NoDelay = true;
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(end);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        await using var plain = stream;
        var reading = Task.CompletedTask;
        try
        {
            if (_certificate is not null)
            {
                var encrypted = new SslStream(stream);
                stream = encrypted;
                await encrypted.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, end);
            }

            var requests = Channel.CreateUnbounded<string>();
            reading = ReadAsync(stream, requests.Writer, gone);
            await foreach (var request in requests.Reader.ReadAllAsync(end))
            {
                var peer = new Peer(socket, stream, request, gone.Token);
                if (request.Length == 0)
                {
                    await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); // A health check.
                    continue;
                }

                Connections.Enqueue(number);
                await _script(peer);
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The gateway hung up, the script did, or the test is over.
        }

        await gone.CancelAsync();
        await reading;
    }

    private static async Task ReadAsync(Stream stream, ChannelWriter<string> requests, CancellationTokenSource gone)
    {
        var text = new StringBuilder();
        var buffer = new byte[16 << 10];
        try
        {
            while (await stream.ReadAsync(buffer, gone.Token) is var read and > 0)
            {
                text.Append(Encoding.UTF8.GetString(buffer, 0, read));
                while (TakeRequest(text) is { } body)
                {
                    requests.TryWrite(body);
                }
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // As good as the end.
        }

        requests.TryComplete();
        await gone.CancelAsync();
    }

    private static string? TakeRequest(StringBuilder text)
    {
        var all = text.ToString();
        var head = all.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (head < 0)
        {
            return null;
        }

        const string name = "Content-Length: ";
        if (all.StartsWith("GET ", StringComparison.Ordinal))
        {
            text.Remove(0, head + 4);
            return "";
        }

        var at = all.IndexOf(name, StringComparison.Ordinal) + name.Length;
        var end = head + 4 + int.Parse(all.AsSpan(at, all.IndexOf("\r\n", at, StringComparison.Ordinal) - at), CultureInfo.InvariantCulture);
        if (all.Length < end)
        {
            return null;
        }

        text.Remove(0, end);
        return all[(head + 4)..end];
    }

    /// <summary>Whoever asks.</summary>
    /// <param name="gone">Cancelled when it has hung up, or the test is over.</param>
    internal sealed class Peer(Socket socket, Stream stream, string body, CancellationToken gone)
    {
        public string Body => body;

        public CancellationToken Gone => gone;

        /// <summary>These bytes, and no others, at once.</summary>
        public async Task SendAsync(string text) => await stream.WriteAsync(Encoding.UTF8.GetBytes(text), gone);

        /// <summary>One chunk in one segment.</summary>
        public Task ChunkAsync(string text) => SendAsync(Framed(text));

        /// <summary>Waits until it has hung up.</summary>
        public Task SilenceAsync() => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, gone);

        public void Reset()
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Dispose();
        }

        public void Close()
        {
            socket.Shutdown(SocketShutdown.Send);
            socket.Dispose();
        }
    }
}
