using System.Text;
using System.Text.Json;
using Orrery.Tests.Gateway.Sending;

namespace Orrery.Tests.Gateway.Transforms;

/// <summary>A transformed stream comes out the same, whatever pieces the network makes of it; and whatever is damaged in it, half an answer is never told as a whole one.</summary>
public sealed class TransformFuzzTests
{
    private const string Text = "Grüße, 漢字 and 😀";

    private static readonly Dictionary<string, (string Example, string Model, string Stream)> Recorded = new()
    {
        ["lines"] = ("ollama", "qwen3", Lines("\n")),
        ["lines with CRLF"] = ("ollama", "qwen3", Lines("\r\n")),
        ["blank lines between"] = ("ollama", "qwen3", Lines("\n\n")),
        ["a last line without an end"] = ("ollama", "qwen3", Lines("\n").TrimEnd('\n')),
        ["tokens"] = ("tgi", "zephyr", Tokens("\n\n")),
        ["tokens with CRLF"] = ("tgi", "zephyr", Tokens("\r\n\r\n")),
        ["tokens with comments"] = ("tgi", "zephyr", ":keep-alive\n\n" + Tokens("\n\n:keep-alive\n\n")),
        ["texts that just end"] = ("triton", "mistral", string.Concat(Pieces().Select(text => $"data: {{\"text_output\":{JsonSerializer.Serialize(text)}}}\n\n"))),
        ["a whole answer"] = ("replicate", "llama-3-70b", "{\"status\":\"succeeded\",\"output\":" + JsonSerializer.Serialize(Pieces()) + ",\"metrics\":{}}"),
    };

    public static TheoryData<string> Names => new(Recorded.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_split_gives_the_same_stream(string name)
    {
        var (example, model, stream) = Recorded[name];
        var bytes = Encoding.UTF8.GetBytes(stream);
        await using var relay = await StartAsync(example, model);
        var expected = await relay.RunAsync(bytes, bytes.Length);
        Assert.Equal(Text, Content(expected));
        Assert.EndsWith("data: [DONE]\n\n", expected, StringComparison.Ordinal);
        for (var split = 1; split < bytes.Length; split++)
        {
            Assert.Equal(expected, await relay.RunAsync(bytes, split));
        }

        Assert.Equal(expected, await relay.RunAsync(bytes, [.. Enumerable.Repeat(1, bytes.Length)]));
    }

    [Theory]
    [InlineData("lines")]
    [InlineData("tokens")]
    [InlineData("a whole answer")]
    public async Task Every_beginning_of_a_stream_is_less_than_an_answer(string name)
    {
        var (example, model, stream) = Recorded[name];
        var bytes = Encoding.UTF8.GetBytes(stream.TrimEnd('\n'));
        await using var relay = await StartAsync(example, model);
        for (var length = 0; length < bytes.Length; length++)
        {
            var (told, error) = await relay.TryAsync(bytes[..length], Math.Max(1, length));
            Assert.NotNull(error);
            Assert.DoesNotContain("[DONE]", told, StringComparison.Ordinal);
            Assert.DoesNotContain("\"finish_reason\":\"", told, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_damaged_stream_is_told_or_refused_and_never_thrown(string name)
    {
        var (example, model, stream) = Recorded[name];
        var whole = Encoding.UTF8.GetBytes(stream);
        await using var relay = await StartAsync(example, model);
        var random = new Random(20261122);
        for (var round = 0; round < 400; round++)
        {
            var bytes = whole.ToArray();
            for (var change = 0; change <= random.Next(3); change++)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var (told, error) = await relay.TryAsync(bytes, random.Next(1, bytes.Length));
            Assert.Equal(error is null, told.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal));
            foreach (var chunk in told.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(chunk => chunk.StartsWith("data: {", StringComparison.Ordinal)))
            {
                JsonDocument.Parse(chunk["data: ".Length..]).Dispose();
            }
        }
    }

    [Theory]
    [InlineData("ollama", "qwen3", "{\"message\":{\"content\":\"")]
    [InlineData("tgi", "zephyr", "data:{\"token\":{\"text\":\"")]
    [InlineData("replicate", "llama-3-70b", "{\"output\":\"")]
    public async Task An_event_without_an_end_is_refused(string example, string model, string beginning)
    {
        var document = TransformPage.Compile(TransformPage.At(example, "http://127.0.0.1:9"));
        await using var relay = new SplitRelay(await GatewayWorld.StartAsync(document, "--Gateway:MaxAnswerBytes=4096"), isEncrypted: false, model);
        var (told, error) = await relay.TryAsync(Encoding.UTF8.GetBytes(beginning + new string('x', 8_000)), 1_000);
        Assert.Equal(Orrery.Gateway.Sending.SendErrorKind.TooLong, error!.Kind);
        Assert.DoesNotContain("xxxx", told, StringComparison.Ordinal);
    }

    /// <summary>Each line was once joined to a copy of all before it.</summary>
    [Fact]
    public async Task An_event_of_many_lines_is_read_in_one_go()
    {
        const int lines = 40_000;
        await using var relay = await StartAsync("tgi", "zephyr");
        var blank = string.Concat(Enumerable.Repeat("data:          \n", lines));
        var before = GC.GetTotalAllocatedBytes();
        var told = await relay.RunAsync(Encoding.UTF8.GetBytes(blank + TgiServer.Token(1, Text) + TgiServer.Last(2, Text)), 16 << 10);
        Assert.Equal(Text, Content(told));
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 2L << 30); // It was 9 GB; other tests run beside this one.
    }

    private static Task<SplitRelay> StartAsync(string example, string model) =>
        SplitRelay.StartAsync(isEncrypted: false, TransformPage.Compile(TransformPage.At(example, "http://127.0.0.1:9")), model);

    private static string Content(string stream) => string.Concat(stream.Split('\n')
        .Where(line => line.StartsWith("data: {", StringComparison.Ordinal))
        .SelectMany(line => JsonDocument.Parse(line["data: ".Length..]).RootElement.GetProperty("choices").EnumerateArray())
        .Select(choice => choice.GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString() : null));

    private static string[] Pieces() => [.. Text.EnumerateRunes().Chunk(4).Select(runes => string.Concat(runes))];

    private static string Lines(string end) => string.Concat(Pieces().Select(OllamaServer.Piece).Append(OllamaServer.Last())).Replace("\n", end, StringComparison.Ordinal);

    private static string Tokens(string end) =>
        string.Concat(Pieces().Select((text, i) => TgiServer.Token(i + 1, text)).Append(TgiServer.Last(9, Text))).Replace("\n\n", end, StringComparison.Ordinal);
}
