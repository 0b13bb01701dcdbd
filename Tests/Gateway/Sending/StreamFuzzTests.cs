using System.Text;
using System.Text.Json;

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
        await using var relay = await SplitRelay.StartAsync(isEncrypted);
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
        await using var relay = await SplitRelay.StartAsync(isEncrypted);
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
}
