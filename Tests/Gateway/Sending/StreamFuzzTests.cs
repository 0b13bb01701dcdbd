using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orrery.Gateway;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Tests.Gateway.Sending;

/// <summary>A stream comes out of the relay the same, whatever pieces the network makes of it: split at every byte, and byte by byte.</summary>
public sealed class StreamFuzzTests
{
    private const string Text = "Grüße, 漢字 and 😀";

    /// <summary>What vLLM 0.11 and OpenAI send, with a text of characters of one to four bytes; and the same as proxies and other servers put it.</summary>
    private static readonly Dictionary<string, string> Recorded = new()
    {
        ["vllm"] = Join("\n\n", Whole()),
        ["crlf"] = Join("\r\n\r\n", Whole()),
        ["cr"] = Join("\r\r", Whole()),
        ["mixed ends of lines"] = string.Concat(Whole().Select((data, i) => data + (i % 3) switch { 0 => "\r\n\n", 1 => "\n\r\n", _ => "\r\n\r\n" })),
        ["a mark at the beginning"] = "\uFEFF" + Join("\n\n", Whole()),
        ["comments and fields"] = ": OPENROUTER PROCESSING\n\n:\n\n" + Join("\n\n: keep-alive 漢\n\n", Whole().Select(data => "event: message\nid: 7\nretry: 10\n" + data)),
        ["no blank after the colon"] = Join("\n\n", Whole().Select(data => data.Replace("data: ", "data:", StringComparison.Ordinal))),
        ["data over several lines"] = Join("\n\n", Whole().Select(data => data.Replace(",\"choices\"", ",\ndata: \"choices\"", StringComparison.Ordinal))),
        ["an end without a blank line"] = Join("\n\n", Whole()).TrimEnd('\n'),
        ["tools"] = Join("\n\n", Tools()),
    };

    public static TheoryData<string, bool> Names => new(Recorded.Keys.SelectMany(name => new[] { (name, true), (name, false) }));

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_split_gives_the_same_stream(string name, bool isEncrypted)
    {
        var bytes = Encoding.UTF8.GetBytes(Recorded[name]);
        await using var relay = await Relay.StartAsync(isEncrypted);
        var expected = await relay.RunAsync(bytes, bytes.Length);
        AssertTold(expected, name);
        for (var split = 1; split < bytes.Length; split++)
        {
            Assert.Equal(expected, await relay.RunAsync(bytes, split));
        }

        Assert.Equal(expected, await relay.RunAsync(bytes, [.. Enumerable.Repeat(1, bytes.Length)]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Events_larger_than_every_buffer_are_whole(bool isEncrypted)
    {
        var long1 = string.Concat(Enumerable.Repeat("漢字😀 ", 40_000));
        var bytes = Encoding.UTF8.GetBytes(Join("\r\n\r\n", [Event($$"""[{"index":0,"delta":{"content":"{{long1}}"},"finish_reason":null}]"""), .. Whole()]));
        await using var relay = await Relay.StartAsync(isEncrypted);
        var expected = await relay.RunAsync(bytes, bytes.Length);
        Assert.Equal(long1 + Text, Content(expected));
        foreach (var split in new[] { 1, 2, 3, 4_095, 4_096, 4_097, 65_535, 65_536, 65_537, bytes.Length - 1 })
        {
            Assert.Equal(expected, await relay.RunAsync(bytes, split));
        }

        Assert.Equal(expected, await relay.RunAsync(bytes, [.. Enumerable.Repeat(997, (bytes.Length / 997) + 1)]));
    }

    private static void AssertTold(string stream, string name)
    {
        Assert.EndsWith("data: [DONE]\n\n", stream, StringComparison.Ordinal);
        Assert.DoesNotContain("upstream-model", stream, StringComparison.Ordinal);
        Assert.DoesNotContain("usage", stream, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', stream);
        Assert.DoesNotContain('\uFEFF', stream);
        if (name == "tools")
        {
            Assert.Contains("\"arguments\":\"{\\\"city\\\": \\\"Zürich\\\"}\"", stream, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(Text, Content(stream));
        }
    }

    private static string Content(string stream) => string.Concat(stream.Split('\n')
        .Where(line => line.StartsWith("data: {", StringComparison.Ordinal))
        .Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement.GetProperty("choices")[0].GetProperty("delta"))
        .Select(delta => delta.TryGetProperty("content", out var content) ? content.GetString() : null));

    private static string Join(string end, IEnumerable<string> events) => string.Concat(events.Select(one => one + end));

    private static string[] Whole() =>
    [
        Event("""[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]"""),
        .. Text.EnumerateRunes().Chunk(3).Select(runes => Event($$"""[{"index":0,"delta":{"content":"{{string.Concat(runes)}}"},"logprobs":null,"finish_reason":null}]""")),
        Event("""[{"index":0,"delta":{"content":""},"logprobs":null,"finish_reason":"stop","stop_reason":null}]"""),
        Event("""[],"usage":{"prompt_tokens":9,"total_tokens":14,"completion_tokens":5}"""),
        "data: [DONE]",
    ];

    private static string[] Tools() =>
    [
        Event("""[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]"""),
        Event("""[{"index":0,"delta":{"reasoning_content":"Let me look: Zürich 😀"},"finish_reason":null}]"""),
        Event("""[{"index":0,"delta":{"tool_calls":[{"id":"call-1","type":"function","index":0,"function":{"name":"get_weather","arguments":""}}]},"finish_reason":null}]"""),
        Event("""[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\": \"Zürich\"}"}}]},"finish_reason":null}]"""),
        Event("""[{"index":0,"delta":{},"finish_reason":"tool_calls"}]"""),
        "data: [DONE]",
    ];

    private static string Event(string choices) =>
        """data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"upstream-model","choices":""" + choices + "}";

    /// <summary>A gateway's own relay, without the gateway around it.</summary>
    private sealed class Relay(GatewayWorld world, bool isEncrypted) : IAsyncDisposable
    {
        private readonly EngineStreams _streams = world.Gateway.Services.GetRequiredService<EngineStreams>();
        private readonly StreamRelay _relay = world.Gateway.Services.GetRequiredService<StreamRelay>();
        private readonly IdleTimeoutPool _timeouts = world.Gateway.Services.GetRequiredService<IdleTimeoutPool>();
        private readonly Candidate _candidate = world.Current.Value!.Callers.Values.Single().Models.ByName["m"].Plan.Candidates[0];

        /// <param name="isEncrypted">Read as from a TLS connection.</param>
        public static async Task<Relay> StartAsync(bool isEncrypted) =>
            new(await GatewayWorld.StartAsync(GatewayWorld.Document(GatewayWorld.Provider("p1", "http://127.0.0.1:9/v1"))), isEncrypted);

        /// <param name="bytes">The engine's stream.</param>
        /// <param name="sizes">How much the network brings at once; at last the rest.</param>
        public async Task<string> RunAsync(byte[] bytes, params int[] sizes)
        {
            using var told = new MemoryStream();
            var http = new DefaultHttpContext();
            http.Response.Body = told;
            using var exchange = new Exchange(http, Operation.Chat, snapshot: null, trace: default, startedAt: default, startTimestamp: TimeProvider.System.GetTimestamp())
            {
                Call = new Call { Body = "{}"u8.ToArray(), Stream = true, AsksForUsage = true },
                Model = _candidate.Model,
                Candidate = _candidate,
            };
            var timeout = _timeouts.Rent(CancellationToken.None, long.MaxValue);
            await using (var body = new Pieces(bytes, sizes))
            await using (var upstream = _streams.Open(body, isEncrypted, timeout))
            {
                var relaying = _relay.RelayAsync(exchange, _candidate, upstream, timeout);
                body.Begin();
                Assert.Null(await relaying);
            }

            _timeouts.Return(timeout);
            return Encoding.UTF8.GetString(told.ToArray());
        }

        public ValueTask DisposeAsync() => world.DisposeAsync();
    }

    /// <summary>Bytes that come in pieces, each when whoever waits for it has done with the one before. A read of nothing tells that there is something, as a socket's does.</summary>
    private sealed class Pieces(byte[] bytes, int[] sizes) : MemoryStream(bytes, writable: false)
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _piece;
        private int _left = sizes[0];

        public void Begin() => _begun.SetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await _begun.Task;
            if (buffer.IsEmpty)
            {
                return 0;
            }

            if (_left == 0)
            {
                await Task.Yield();
                _left = ++_piece < sizes.Length ? sizes[_piece] : int.MaxValue;
            }

            var read = Read(buffer.Span[..Math.Min(_left, buffer.Length)]);
            _left -= read;
            return read;
        }
    }
}
