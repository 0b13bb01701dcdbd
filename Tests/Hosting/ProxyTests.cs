using System.Net;
using System.Net.Sockets;
using System.Text;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Orrery.Tests.Hosting;

/// <summary>The proxy in front of a program that fixes its own port.</summary>
public sealed class ProxyTests
{
    [Fact]
    public async Task A_half_closed_connection_still_gets_its_answer()
    {
        // Reads to the end of the request, which it sees only if the proxy passes the end on, and then answers.
        const string echo = "import socket\ns=socket.create_server(('127.0.0.1',PORT))\nwhile True:\n c,_=s.accept()\n d=b''\n"
            + " while True:\n  b=c.recv(9)\n  if not b: break\n  d+=b\n c.sendall(d.upper()); c.close()\n";
        var target = new PortAllocator().Take();
        var builder = Graph.Create();
        builder.AddExecutable("echo", "python3", ".", "-c", echo.Replace("PORT", $"{target}", StringComparison.Ordinal)).WithEndpoint(targetPort: target, name: "tcp");
        await using var app = await builder.StartAsync();
        await app.PidAsync("echo");
        var port = new Uri(builder.CreateResourceBuilder<ExecutableResource>("echo").GetEndpoint("tcp").Url).Port;
        Assert.NotEqual(target, port);

        var answer = await Eventually.Holds(() => TryAskAsync(port, "hello proxy"), text => text.Length > 0);
        Assert.Equal("HELLO PROXY", answer);
    }

    private static async Task<string> TryAskAsync(int port, string text)
    {
        try
        {
            return await AskAsync(port, text);
        }
        catch (SocketException)
        {
            // The program behind the proxy does not listen yet.
            return "";
        }
    }

    private static async Task<string> AskAsync(int port, string text)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), Graph.Soon());
        await socket.SendAsync(Encoding.ASCII.GetBytes(text), Graph.Soon());
        socket.Shutdown(SocketShutdown.Send);
        var answer = new StringBuilder();
        var buffer = new byte[64];
        while (await socket.ReceiveAsync(buffer, Graph.Soon()) is > 0 and var read)
        {
            answer.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return answer.ToString();
    }
}
