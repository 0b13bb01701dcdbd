using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Orrery.Contracts;

namespace Orrery.ServiceDefaults.Egress;

/// <summary>Asks a proxy for a connection to somebody else (RFC 9110, CONNECT).</summary>
internal static class ConnectTunnel
{
    private const int LongestAnswer = 16 << 10;

    /// <summary>After it <paramref name="stream"/> leads to <paramref name="host"/>.</summary>
    public static async Task OpenAsync(Stream stream, EgressProxy proxy, EgressHost host, int port, CancellationToken cancellationToken)
    {
        var target = host.Address?.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{host.Name}]:{port}" : $"{host.Name}:{port}";
        var credential = proxy.Credential is { } value ? $"Proxy-Authorization: {value}\r\n" : "";
        string head;
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{credential}\r\n"), cancellationToken);
            await stream.FlushAsync(cancellationToken);
            head = await ReadHeadAsync(stream, proxy, cancellationToken);
        }
        catch (IOException error) when (error is not EgressException)
        {
            throw Failed(proxy, "closed the connection without an answer", "Is it an HTTP proxy that knows CONNECT, and is http:// or https:// right?", error);
        }

        switch (StatusOf(head))
        {
            case >= 200 and < 300:
                return;
            case (int)HttpStatusCode.ProxyAuthenticationRequired:
                throw new EgressException(
                    EgressCauses.ProxyAuthentication, "the proxy refuses us", $"the proxy {proxy} wants to know who asks (407)",
                    "Set Gateway:Egress:ProxyUser and ProxyPassword; Basic is what is sent.");
            case { } status:
                throw Failed(proxy, $"answered {status} to CONNECT {target}", "Does it let connections to this host and port through?");
            default:
                throw Failed(proxy, "did not answer in HTTP", "Is it an HTTP proxy, and is http:// or https:// right?");
        }
    }

    /// <summary>Reads to the empty line. A server that is connected to speaks second, so nothing of its own can follow yet.</summary>
    private static async Task<string> ReadHeadAsync(Stream stream, EgressProxy proxy, CancellationToken cancellationToken)
    {
        var buffer = new byte[LongestAnswer];
        for (var length = 0; length < buffer.Length;)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                throw new EndOfStreamException();
            }

            length += read;
            var end = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (end >= 0 && end + 4 == length)
            {
                return Encoding.Latin1.GetString(buffer, 0, end);
            }

            if (end >= 0 && StatusOf(Encoding.Latin1.GetString(buffer, 0, end)) is not (null or >= 200 and < 300))
            {
                return Encoding.Latin1.GetString(buffer, 0, end); // A refusal with a page to it.
            }

            if (end >= 0)
            {
                break;
            }
        }

        throw Failed(proxy, "answered more than an HTTP head to CONNECT", "Is it an HTTP proxy?");
    }

    private static int? StatusOf(string head) =>
        head.StartsWith("HTTP/1.", StringComparison.Ordinal) && head.Length >= 12
        && int.TryParse(head.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            ? status
            : null;

    private static EgressException Failed(EgressProxy proxy, string what, string remedy, Exception? inner = null) =>
        new(EgressCauses.ProxyFailed, "the proxy lets nothing through", $"the proxy {proxy} {what}", remedy, inner);
}
