using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orrery.Contracts;
using Orrery.Tests.ServiceDefaults.Egress;
using static Orrery.Tests.Gateway.ScriptedEngine;
using static Orrery.Tests.Gateway.Sending.SocketEngine;

namespace Orrery.Tests.Gateway.Sending;

/// <summary>The way of an engine's bytes to the client, over real connections: none is lost, none is another's, and a connection serves again only when its answer is over.</summary>
public sealed class EngineStreamTests : IDisposable
{
    private const string Stalled = "The provider 'p1' stopped in the middle of its answer for too long.";
    private const string BrokeOff = "The provider 'p1' broke off its answer.";
    private const string ShortIdle = "--Gateway:IdleTimeout=00:00:00.4";
    private static readonly string Finish = Chunk("", finish: "\"stop\"");
    private static readonly string Whole = Chunk("Hello") + Finish + Done;

    private readonly Certificates _certificates = new();

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    public void Dispose() => _certificates.Dispose();

    [Theory]
    [InlineData("with the end", true)]
    [InlineData("by itself", true)]
    [InlineData("never", false)]
    public async Task A_connection_serves_again_only_when_its_last_chunk_came(string lastChunk, bool again)
    {
        await using var engine = new SocketEngine(async peer =>
        {
            await peer.SendAsync(Head + Framed(Chunk("Hello")));
            await peer.SendAsync(Framed(Finish) + Framed(Done) + (lastChunk == "with the end" ? LastChunk : ""));
            if (lastChunk == "by itself")
            {
                await peer.SendAsync(LastChunk);
            }
        });
        await using var world = await StartAsync(engine);
        for (var i = 0; i < 3; i++)
        {
            using var response = await world.PostAsync(GatewayWorld.StreamChat());
            Assert.Equal(Public(Whole), await response.Content.ReadAsStringAsync(Now));
        }

        Assert.Equal(again ? [1, 1, 1] : [1, 2, 3], engine.Connections);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_comes_at_once_arrives_at_once_although_the_engine_is_silent_then(bool isEncrypted)
    {
        var seen = new TaskCompletionSource();
        await using var engine = Engine(isEncrypted, async peer =>
        {
            await peer.SendAsync(Head + Framed(Role + Chunk("a")) + Framed(Chunk("b") + "data: {\"id\""));
            await seen.Task.WaitAsync(peer.Gone);
            await peer.SendAsync(Framed(Finish["data: {\"id\"".Length..] + Done) + LastChunk);
        });
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.StreamChat(), stream: true);
        await using var body = await response.Content.ReadAsStreamAsync(Now);
        Assert.Equal(Public(Role + Chunk("a") + Chunk("b")), await ReadAsync(body, Public(Role + Chunk("a") + Chunk("b")).Length));
        seen.SetResult();
        using var rest = new StreamReader(body);
        Assert.Equal(Public(Finish + Done), await rest.ReadToEndAsync(Now));
    }

    /// <remarks>What broke is told as it is, not taken for an event that lacks its end.</remarks>
    [Theory]
    [InlineData("stall", false, Stalled)]
    [InlineData("stall", true, Stalled)]
    [InlineData("reset", false, BrokeOff)]
    [InlineData("reset", true, BrokeOff)]
    [InlineData("close", false, BrokeOff)]
    [InlineData("close", true, BrokeOff)]
    public async Task A_break_in_the_middle_of_an_event_is_told_as_a_break(string how, bool isEncrypted, string message)
    {
        var seen = new TaskCompletionSource();
        await using var engine = Engine(isEncrypted, async peer =>
        {
            await peer.SendAsync(Head + Framed(Chunk("Hello")));
            await seen.Task.WaitAsync(peer.Gone);
            await peer.ChunkAsync("data: {\"id\":\"x\",\"choices\":[{\"ind");
            await BreakAsync(peer, how);
        });
        await using var world = await StartAsync(engine, ShortIdle);
        using var response = await world.PostAsync(GatewayWorld.StreamChat(), stream: true);
        seen.SetResult();
        var text = await CutAnswer.ReadAsync(response);
        Assert.StartsWith(Public(Chunk("Hello")) + "data: {\"error\":", text, StringComparison.Ordinal);
        Assert.Contains(message, text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stall", UsageOutcomes.UpstreamError)]
    [InlineData("reset", UsageOutcomes.UpstreamError)]
    [InlineData("close", UsageOutcomes.UpstreamError)]
    public async Task A_break_before_content_goes_to_the_next_provider_and_names_itself(string how, string outcome)
    {
        await using var engine = new SocketEngine(async peer =>
        {
            await peer.SendAsync(Head + Framed(Role + "data: {\"id\":\"x\""));
            await BreakAsync(peer, how);
        });
        await using var good = new SocketEngine(peer => peer.SendAsync(Head + Framed(Whole) + LastChunk));
        var document = GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url), GatewayWorld.Provider("p2", good.Url));
        await using var world = await GatewayWorld.StartAsync(document, ShortIdle);
        using var response = await world.PostAsync(GatewayWorld.StreamChat());
        Assert.Equal(Public(Whole), await response.Content.ReadAsStringAsync(Now));
        Assert.Equal("p2", response.Headers.GetValues("X-Orrery-Provider").Single());

        await using var alone = await StartAsync(engine, ShortIdle);
        using var failed = await alone.PostAsync(GatewayWorld.StreamChat());
        Assert.Equal(how == "stall" ? Stalled : BrokeOff, (await ErrorBody.ReadAsync(failed)).Message);
        Assert.Equal(outcome, (await alone.OnlyUsageAsync()).Outcome);
    }

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_of_the_first_event_is_not_the_engines_fault()
    {
        await using var engine = new SocketEngine(async peer =>
        {
            await peer.SendAsync(Head + Framed(Role + "data: {\"id\":\"x\""));
            await peer.SilenceAsync();
        });
        await using var world = await StartAsync(engine);
        using var patience = new CancellationTokenSource();
        using var content = new StringContent(GatewayWorld.StreamChat(), Encoding.UTF8, "application/json");
        var sending = world.Client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content, patience.Token);
        await Eventually.Holds(() => !engine.Connections.IsEmpty);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.Equal(UsageOutcomes.ClientLeft, (await world.OnlyUsageAsync()).Outcome);
    }

    /// <remarks>HTTP/1.0 servers, and proxies that speak it, say the end by closing; some answers come with their length.</remarks>
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n", true)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", true)]
    [InlineData("length", false)]
    public async Task A_stream_in_another_framing_is_whole(string head, bool closes)
    {
        var finish = Chunk("", finish: "\"stop\"").TrimEnd('\n');
        var length = Encoding.UTF8.GetByteCount(Chunk("Hello") + finish);
        await using var engine = new SocketEngine(async peer =>
        {
            await peer.SendAsync(closes ? head : $"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {length}\r\n\r\n");
            await peer.SendAsync(Chunk("Hello"));
            await peer.SendAsync(finish);
            if (closes)
            {
                peer.Close();
            }
        });
        await using var world = await StartAsync(engine);
        for (var i = 0; i < 2; i++)
        {
            using var response = await world.PostAsync(GatewayWorld.StreamChat());
            Assert.Equal(Public(Whole), await response.Content.ReadAsStringAsync(Now));
        }

        Assert.Equal(closes ? [1, 2] : [1, 1], engine.Connections);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_event_of_megabytes_in_small_segments_is_whole(bool isEncrypted)
    {
        var content = string.Concat(Enumerable.Range(0, 300_000).Select(i => i.ToString("x5", CultureInfo.InvariantCulture) + "漢字"));
        var bytes = Chunk("Hello") + Chunk(content) + Finish + Done;
        await using var engine = Engine(isEncrypted, async peer =>
        {
            await peer.SendAsync(Head);
            for (int at = 0, size = 1; at < bytes.Length; at += size)
            {
                size = Math.Min(bytes.Length - at, 1 + (at % 10_007));
                await peer.ChunkAsync(bytes.Substring(at, size));
            }

            await peer.SendAsync(LastChunk);
        });
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.StreamChat());
        Assert.Equal(Public(bytes), await response.Content.ReadAsStringAsync(Now));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_does_not_read_holds_the_engine_back_and_misses_nothing(bool isEncrypted)
    {
        const int events = 1_000;
        var filler = new string('x', 64 << 10);
        var sent = 0;
        var last = long.MaxValue;
        await using var engine = Engine(isEncrypted, async peer =>
        {
            await peer.SendAsync(Head);
            for (var i = 0; i < events; i++)
            {
                await peer.ChunkAsync(Chunk($"{i} {filler}"));
                Volatile.Write(ref last, TimeProvider.System.GetTimestamp());
                Volatile.Write(ref sent, i + 1);
            }

            await peer.SendAsync(Framed(Finish + Done) + LastChunk);
        });
        await using var world = await StartAsync(engine);
        using var response = await world.PostAsync(GatewayWorld.StreamChat(), stream: true);
        await Eventually.Holds(() => Volatile.Read(ref sent) == events || TimeProvider.System.GetElapsedTime(Volatile.Read(ref last)) > TimeSpan.FromMilliseconds(400));

        // The sockets on the way take some megabytes.
        Assert.InRange(Volatile.Read(ref sent), 1, events / 2);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Now));
        for (var i = 0; i < events; i++)
        {
            Assert.Equal(Public(Chunk($"{i} {filler}")), await reader.ReadLineAsync(Now) + "\n" + await reader.ReadLineAsync(Now) + "\n");
        }

        Assert.Equal(Public(Finish + Done), await reader.ReadToEndAsync(Now));
    }

    [Fact]
    public async Task A_client_that_leaves_while_all_is_full_frees_the_engine()
    {
        var freed = new TaskCompletionSource();
        var filler = Chunk(new string('x', 64 << 10));
        var last = long.MaxValue;
        await using var engine = new SocketEngine(async peer =>
        {
            try
            {
                await peer.SendAsync(Head);
                while (true)
                {
                    await peer.ChunkAsync(filler);
                    Volatile.Write(ref last, TimeProvider.System.GetTimestamp());
                }
            }
            finally
            {
                freed.TrySetResult();
            }
        });
        await using var world = await StartAsync(engine);
        using (var leaver = Leaver(world))
        using (await AskAsync(leaver, GatewayWorld.StreamChat()))
        {
            await Eventually.Holds(() => TimeProvider.System.GetElapsedTime(Volatile.Read(ref last)) > TimeSpan.FromMilliseconds(200));
        }

        await freed.Task.WaitAsync(TimeSpan.FromSeconds(30), Now);
        Assert.Equal(UsageOutcomes.ClientLeft, (await world.OnlyUsageAsync()).Outcome);
    }

    [Fact]
    public async Task A_client_that_leaves_after_the_end_frees_an_engine_that_does_not_close_its_answer()
    {
        var freed = new TaskCompletionSource();
        await using var engine = new SocketEngine(async peer =>
        {
            await using var registration = peer.Gone.Register(() => freed.TrySetResult());
            await peer.SendAsync(Head + Framed(Whole));
            await peer.SilenceAsync();
        });
        await using var world = await StartAsync(engine);
        using (var leaver = Leaver(world))
        using (var response = await AskAsync(leaver, GatewayWorld.StreamChat()))
        {
            await using var body = await response.Content.ReadAsStreamAsync(Now);
            Assert.Equal(Public(Whole), await ReadAsync(body, Public(Whole).Length));
        }

        await freed.Task.WaitAsync(TimeSpan.FromSeconds(30), Now);
        Assert.Equal(1, (await world.OnlyUsageAsync()).CompletionTokens);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Streams_beside_clients_that_leave_and_engines_that_break_get_their_own_bytes_and_all_of_them(bool isEncrypted)
    {
        const int streams = 200;
        await using var engine = Engine(isEncrypted, AnswerByIdAsync);
        await using var world = await StartAsync(engine, "--Gateway:IdleTimeout=00:00:20", "--Gateway:MaxAttempts=1");
        using var leaver = Leaver(world);
        for (var round = 0; round < 3; round++)
        {
            await Task.WhenAll(Enumerable.Range(round * streams, streams).Select(id => AskAsync(Leaves(id) ? leaver : world.Client, id)));
        }
    }

    /// <summary>Each token bears its stream's id; by the id too it is decided who breaks what.</summary>
    private static async Task AnswerByIdAsync(Peer peer)
    {
        var id = IdOf(peer.Body);
        await peer.SendAsync(Head + (id % 2 == 0 ? Framed(Role) : Framed(Role + Token(id, 0))));
        for (var i = id % 2; i < TokensOf(id); i++)
        {
            await peer.ChunkAsync(Token(id, i));
            if (IsCut(id) && i == 5)
            {
                peer.Close();
                return;
            }

            if (id % 8 == 7 && i == 18)
            {
                await peer.SilenceAsync();
            }
        }

        await ((id % 3) switch
        {
            0 => peer.SendAsync(Framed(Finish + Done) + LastChunk),
            1 => SendAllAsync(peer, Framed(Finish), Framed(Done), LastChunk),
            _ => SendAllAsync(peer, Framed(Finish + Done[..5]), Framed(Done[5..]) + "0\r", "\n\r\n"),
        });
    }

    private static async Task AskAsync(HttpClient client, int id)
    {
        using var response = await AskAsync(client, GatewayWorld.StreamChat($",\"seed\":{id}"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var expected = Public(Role + string.Concat(Enumerable.Range(0, TokensOf(id)).Select(i => Token(id, i))) + Finish + Done);
        if (Leaves(id))
        {
            await using var body = await response.Content.ReadAsStreamAsync(Now);
            var length = Public(Role + Token(id, 0)).Length + (17 * (id % 100));
            Assert.Equal(expected[..length], await ReadAsync(body, length));
        }
        else if (IsCut(id))
        {
            var text = await CutAnswer.ReadAsync(response);
            Assert.StartsWith(text[..text.IndexOf("data: {\"error\"", StringComparison.Ordinal)], expected, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(expected, await response.Content.ReadAsStringAsync(Now));
        }
    }

    private static bool Leaves(int id) => id % 4 == 3;

    private static bool IsCut(int id) => id % 16 == 6;

    private static string Token(int id, int i) => Chunk($"<{id}.{i}>");

    private static int TokensOf(int id) => 20 + (id % 53);

    private static int IdOf(string body)
    {
        const string name = "\"seed\":";
        var from = body.IndexOf(name, StringComparison.Ordinal) + name.Length;
        return int.Parse(body.AsSpan(from, body.AsSpan(from).IndexOfAnyExceptInRange('0', '9')), CultureInfo.InvariantCulture);
    }

    private static async Task SendAllAsync(Peer peer, params string[] segments)
    {
        foreach (var segment in segments)
        {
            await peer.SendAsync(segment);
        }
    }

    private static async Task BreakAsync(Peer peer, string how)
    {
        switch (how)
        {
            case "reset":
                peer.Reset();
                break;
            case "close":
                peer.Close();
                break;
            default:
                await peer.SilenceAsync();
                break;
        }
    }

    /// <summary>A client that hangs up when it leaves: .NET's own would first read what is left.</summary>
    private static HttpClient Leaver(GatewayWorld world)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, MaxResponseDrainSize = 0, ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = world.Client.BaseAddress };
        client.DefaultRequestHeaders.Authorization = world.Client.DefaultRequestHeaders.Authorization;
        return client;
    }

    private static async Task<HttpResponseMessage> AskAsync(HttpClient client, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Now);
    }

    private static async Task<string> ReadAsync(Stream body, int length)
    {
        var bytes = new byte[length];
        await body.ReadExactlyAsync(bytes, Now);
        return Encoding.UTF8.GetString(bytes);
    }

    private static string Public(string text) => text.Replace("upstream-model", "m", StringComparison.Ordinal);

    private SocketEngine Engine(bool isEncrypted, Func<Peer, Task> script) => new(script, isEncrypted ? _certificates.Issue("127.0.0.1") : null);

    private Task<GatewayWorld> StartAsync(SocketEngine engine, params string[] settings) =>
        GatewayWorld.StartAsync(
            GatewayWorld.Document(GatewayWorld.Provider("p1", engine.Url) with
            {
                Tls = engine.Url.StartsWith("https:", StringComparison.Ordinal) ? new ProviderTls { CertificateAuthority = _certificates.Pem } : null,
            }),
            settings);
}
