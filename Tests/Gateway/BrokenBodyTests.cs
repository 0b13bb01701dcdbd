using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orrery.Gateway.Intake;

namespace Orrery.Tests.Gateway;

/// <summary>Bodies that do not come to their end, as bytes on a socket: the web server may not have to give up the connection itself.</summary>
public sealed class BrokenBodyTests
{
    private const string Json = "POST /v1/chat/completions HTTP/1.1\r\nContent-Type: application/json\r\n";
    private const string Form = "POST /v1/audio/transcriptions HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\n";
    private const string FormStart = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\nRIFF\r\n--";

    [Theory]
    [InlineData(Json + "Content-Length: 5000\r\n", "{\"model\":\"m\",")]
    [InlineData(Json + "Transfer-Encoding: chunked\r\n", "e\r\n{\"model\":\"m\",\r\n")]
    [InlineData(Form + "Content-Length: 5000\r\n", FormStart)]
    [InlineData(Form + "Transfer-Encoding: chunked\r\n", "10\r\n" + "--b\r\nContent-Dis\r\n")]
    public async Task A_client_leaves_in_the_middle(string head, string body)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        var held = world.Gateway.Services.GetRequiredService<BodyBudget>();
        using (var socket = await SendAsync(world, head, body))
        {
            await Eventually.Holds(() => held.Held > 0);
        }

        await Eventually.Holds(() => held.Held == 0);
        Assert.Empty(engine.Requests);
        Assert.Empty(world.Catalogue.Usage);
    }

    [Theory]
    [InlineData(Json, "{\"model\":\"m\",")]
    [InlineData(Form, "--b\r\nContent-Di")]
    public async Task A_chunk_without_a_length_ends_the_connection_with_an_answer(string head, string start)
    {
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        using var socket = await SendAsync(world, head + "Transfer-Encoding: chunked\r\n", $"{start.Length:x}\r\n{start}\r\nlong\r\n");
        using var answer = new StreamReader(socket.GetStream(), Encoding.UTF8);
        var text = await answer.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 400 ", text, StringComparison.Ordinal);
        Assert.Contains("Connection: close", text, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"incomplete_body\"", text, StringComparison.Ordinal);
        Assert.Contains("Bad chunk size", text, StringComparison.Ordinal);
    }

    private static async Task<TcpClient> SendAsync(GatewayWorld world, string head, string body)
    {
        var address = new Uri(world.Address);
        var socket = new TcpClient();
        await socket.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        await socket.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"{head}Host: {address.Authority}\r\nAuthorization: Bearer {GatewayWorld.Key}\r\n\r\n{body}"), TestContext.Current.CancellationToken);
        return socket;
    }
}
