using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Intake;
using Orrery.Gateway.ModelResolution;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;
using Orrery.Gateway.Translation.Anthropic;
using Orrery.ServiceDefaults;

namespace Orrery.Tests.Gateway;

/// <summary>The translation between OpenAI's API and Anthropic's with values of every kind in every place: it never throws, and what it writes is whole. A failure prints the text.</summary>
public sealed class AnthropicFuzzTests
{
    private static readonly string[] Odd =
    [
        "null", "true", "0", "-1", "1e400", "\"\"", "\" \\n\"", "\"x\"", "\"\\ud83d\"", "\"\\ud83d\\ude00 é\"", "[]", "{}", "[[]]", "[null]", "[\"x\",\"\"]", "{\"\\ud83d\":1}", "{\"type\":1}", "{\"type\":\"text\"}",
        "\"data:image/png;base64,AA==\"", "\"data:image/png;base64\\u002cAA==\"", "\"data:,\"", "\"data:;base64,\"", "\"https://x.example/\"", "\"{\\\"a\\\":1}\"", "\"{\"", "\"function\"", "\"tool\"", "99999999999999999999",
    ];

    [Fact]
    public void A_request_becomes_one_that_can_be_sent_or_a_400_that_says_why() => Prop.ForAll(Seeds, seed =>
    {
        var body = new Maker(seed).Request();
        var bytes = Encoding.UTF8.GetBytes(body);
        var call = new Call { Body = bytes };
        if (CallReader.Read(call, Operation.Chat, 64) is { } refusal)
        {
            Assert.Equal(400, refusal.Status);
            return;
        }

        using var exchange = Begin(call);
        var output = new ArrayBufferWriter<byte>();
        var error = MessagesRequest.Write(exchange, Served(), output);
        if (error is not null)
        {
            Assert.True(error is { Kind: SendErrorKind.Untranslatable, Status: 400, Detail.Length: > 10 }, $"{body}\n{error}");
            return;
        }

        try
        {
            AssertSendable(output.WrittenMemory);
        }
        catch (Exception fault)
        {
            throw new InvalidOperationException($"{body}\nbecame {Encoding.UTF8.GetString(output.WrittenSpan)}", fault);
        }
    }).Check(Many);

    [Fact]
    public void An_answer_becomes_a_completion_or_an_error() => Prop.ForAll(Seeds, seed =>
    {
        var answer = new Maker(seed).Answer();
        using var exchange = Begin(new Call { Body = default });
        var output = new ArrayBufferWriter<byte>();
        if (MessageAnswer.Write(exchange, Served(), Encoding.UTF8.GetBytes(answer), null, output) is { } error)
        {
            Assert.NotEqual(SendErrorKind.ClientLeft, error.Kind);
            return;
        }

        using var completion = JsonDocument.Parse(output.WrittenMemory, new JsonDocumentOptions { MaxDepth = 1_000 });
        var choice = Assert.Single(completion.RootElement.GetProperty("choices").EnumerateArray());
        Assert.Contains(choice.GetProperty("finish_reason").GetString(), new[] { "stop", "length", "tool_calls", "content_filter" });
        Assert.True(choice.GetProperty("message").GetProperty("content").ValueKind is JsonValueKind.String or JsonValueKind.Null, answer);
        Assert.True(completion.RootElement.GetProperty("usage").GetProperty("total_tokens").GetInt64() >= 0, answer);
    }).Check(Many);

    [Fact]
    public void Events_become_chunks_with_one_beginning_and_one_end() => Prop.ForAll(Seeds, seed =>
    {
        var maker = new Maker(seed);
        using var exchange = Begin(new Call { Body = default, StreamOptions = new StreamOptions { IncludeUsage = maker.Roll(2) == 0 } });
        var translator = new MessageStream(exchange, Served(), null);
        var output = new ArrayBufferWriter<byte>();
        var events = new StringBuilder();
        for (var i = maker.Roll(20); i > 0 && translator is { IsDone: false, Error: null }; i--)
        {
            var sse = $"data: {maker.Event()}\n\n";
            events.Append(sse);
            translator.Translate(Encoding.UTF8.GetBytes(sse), output);
        }

        try
        {
            AssertChunks(Encoding.UTF8.GetString(output.WrittenSpan), translator);
        }
        catch (Exception fault)
        {
            throw new InvalidOperationException($"{events}became\n{Encoding.UTF8.GetString(output.WrittenSpan)}", fault);
        }
    }).Check(Many);

    private static Arbitrary<int> Seeds => Gen.Choose(0, int.MaxValue - 1).ToArbitrary();

    private static Config Many => Config.QuickThrowOnFailure.WithMaxTest(3_000);

    private static void AssertSendable(ReadOnlyMemory<byte> json)
    {
        using var request = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1_000 });
        var root = request.RootElement;
        Assert.Equal("up", root.GetProperty("model").GetString());
        Assert.True(root.GetProperty("max_tokens").GetInt64() >= 0);
        var messages = root.GetProperty("messages").EnumerateArray().ToList();
        Assert.NotEmpty(messages);
        var before = "";
        foreach (var message in messages)
        {
            var role = message.GetProperty("role").GetString();
            Assert.True(role is "user" or "assistant" && role != before, $"{role} after {before}");
            before = role;
            Assert.NotEmpty(message.GetProperty("content").EnumerateArray());
            foreach (var block in message.GetProperty("content").EnumerateArray())
            {
                AssertBlock(block);
            }
        }
    }

    private static void AssertBlock(JsonElement block)
    {
        switch (block.GetProperty("type").GetString())
        {
            case "text":
                Assert.NotEqual("", block.GetProperty("text").GetRawText().Trim('"').Replace("\\n", "", StringComparison.Ordinal).Trim());
                break;
            case "image" or "document":
                Assert.Contains(block.GetProperty("source").GetProperty("type").GetString(), new[] { "base64", "url" });
                break;
            case "tool_use":
                Assert.Matches("^[a-zA-Z0-9_-]+$", block.GetProperty("id").GetString());
                Assert.Equal(JsonValueKind.Object, block.GetProperty("input").ValueKind);
                break;
            case "tool_result":
                Assert.Matches("^[a-zA-Z0-9_-]+$", block.GetProperty("tool_use_id").GetString());
                break;
        }
    }

    private static void AssertChunks(string stream, MessageStream translator)
    {
        var data = stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(sse => sse["data: ".Length..]).ToList();
        Assert.Equal(translator.IsDone, data.Contains("[DONE]"));
        var chunks = data.Where(one => one != "[DONE]").Select(one => JsonDocument.Parse(one, new JsonDocumentOptions { MaxDepth = 1_000 }).RootElement).ToList();
        var choices = chunks.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray()).ToList();
        Assert.Equal(chunks.Count > 0 ? 1 : 0, choices.Count(choice => choice.GetProperty("delta").TryGetProperty("role", out _)));
        var ends = choices.Count(choice => choice.GetProperty("finish_reason").ValueKind == JsonValueKind.String);
        Assert.True(ends <= 1 && (ends == 1 || !translator.IsDone), $"{ends} ends");
        Assert.Equal(translator.HasFinished, ends == 1);
    }

    private static Exchange Begin(Call call) => new(new DefaultHttpContext { TraceIdentifier = "req_1" }, Operation.Chat, null, new TraceContext(""), DateTimeOffset.UnixEpoch, 0) { Call = call };

    private static Candidate Served()
    {
        var candidate = new Candidate(
            new ProviderRoute
            {
                Spec = AnthropicEngine.Provider("p", "http://p.internal/v1"),
                Adapter = new AnthropicAdapter(),
                Fault = null,
                Endpoints = [],
                RequestTimeout = default,
                IdleTimeout = default,
                TotalTimeout = default,
            },
            "up", new Latency(TimeProvider.System));
        _ = new ServedModel(GatewayWorld.Model("m", ModelTypes.Chat), [candidate]);
        return candidate;
    }

    /// <summary>Texts that are right in most places and odd in some.</summary>
    private sealed class Maker(int seed)
    {
        private readonly Dice _dice = new((ulong)seed + 1);

        public int Roll(int sides) => (int)_dice.Next(sides);

        public string Request()
        {
            var fields = new List<string> { "\"model\":\"m\"", $"\"messages\":{List(4, Message)}" };
            foreach (var (name, right) in new (string, Func<string>)[]
            {
                ("tools", () => List(3, Tool)), ("tool_choice", () => One("\"auto\"", "\"none\"", "\"required\"", Object(("type", () => "\"function\""), ("function", () => Object(("name", () => "\"a\"")))))),
                ("parallel_tool_calls", () => "false"), ("max_tokens", () => "9"), ("stop", () => "[\"a\"]"), ("temperature", () => "0.5"), ("reasoning_effort", () => "\"low\""),
                ("response_format", () => Object(("type", () => "\"json_schema\""), ("json_schema", () => Object(("name", () => "\"n\""), ("schema", () => "{\"type\":\"object\"}"))))),
                ("thinking", () => "{\"type\":\"enabled\",\"budget_tokens\":2000}"), ("user", () => "\"u\""), ("later", () => "[1]"), ("stream", () => "true"), ("output_config", () => "{}"), ("n", () => "1"),
            })
            {
                if (Roll(6) == 0)
                {
                    fields.Add($"\"{name}\":{Value(right)}");
                }
            }

            return $"{{{string.Join(',', fields)}}}";
        }

        public string Answer() => Object(
            ("id", () => "\"msg_1\""), ("type", () => "\"message\""), ("content", () => List(4, Block)), ("stop_reason", () => One("\"end_turn\"", "\"tool_use\"", "\"refusal\"", "\"later\"")), ("usage", Usage));

        public string Event() => Roll(7) switch
        {
            0 => Object(("type", () => "\"message_start\""), ("message", () => Object(("id", () => "\"msg_1\""), ("usage", Usage)))),
            1 => Object(("type", () => "\"content_block_start\""), ("index", Index), ("content_block", Block)),
            2 or 3 => Object(("type", () => "\"content_block_delta\""), ("index", Index), ("delta", () => Object(
                ("type", () => "\"x\""), (One("text", "partial_json", "thinking", "signature", "later"), () => "\"w\\u00e9\"")))),
            4 => Object(("type", () => "\"content_block_stop\""), ("index", Index)),
            5 => Object(("type", () => "\"message_delta\""), ("delta", () => Object(("stop_reason", () => "\"end_turn\""))), ("usage", Usage)),
            _ => Object(("type", () => One("\"message_stop\"", "\"ping\"", "\"later\"", "\"error\""))),
        };

        private string Message() => Object(
            ("role", () => One("\"user\"", "\"assistant\"", "\"tool\"", "\"system\"", "\"developer\"")), ("content", () => Roll(2) == 0 ? "\"Hi\"" : List(3, Part)),
            (One("tool_calls", "tool_call_id", "thinking_blocks", "refusal", "name"), () => One(List(2, ToolCall), "\"call.1\"", List(2, Block), "\"no\"")));

        private string Part() => Object(
            ("type", () => One("\"text\"", "\"image_url\"", "\"file\"")), ("text", () => "\"words\""), ("image_url", () => Roll(2) == 0 ? Url() : Object(("url", Url))),
            ("file", () => Object(("file_data", () => "\"data:application/pdf;base64,AA==\""), ("filename", () => "\"a.pdf\""))));

        private string ToolCall() => Object(("id", () => "\"functions.a:0\""), ("type", () => "\"function\""), ("function", () => Object(("name", () => "\"a\""), ("arguments", () => "\"{\\\"x\\\":[1]}\""))));

        private string Tool() => Object(("type", () => "\"function\""), ("function", () => Object(("name", () => "\"a\""), ("parameters", () => Object(("type", () => "\"object\""), ("properties", () => "{}"))))));

        private string Block() => Object(
            ("type", () => One("\"text\"", "\"thinking\"", "\"redacted_thinking\"", "\"tool_use\"", "\"later\"")), (One("text", "thinking", "data"), () => "\"w\\n\""), ("signature", () => "\"s\""),
            ("id", () => "\"toolu_1\""), ("name", () => "\"a\""), ("input", () => "{\"x\":[1]}"));

        private string Usage() => Object(("input_tokens", () => "9"), ("output_tokens", () => "3"), ("cache_read_input_tokens", () => "2"), ("output_tokens_details", () => "{\"thinking_tokens\":1}"));

        private string Index() => One("0", "1", "2");

        private string Url() => One("\"https://x.example/a.png\"", "\"data:image/png;base64,AA==\"");

        private string Object(params (string Name, Func<string> Right)[] fields) =>
            $"{{{string.Join(',', fields.Where(_ => Roll(10) > 0).Select(field => $"\"{field.Name}\":{Value(field.Right)}").Concat(Roll(40) == 0 ? ["\"\\ud83d\":1"] : []))}}}";

        private string List(int most, Func<string> element) => $"[{string.Join(',', Enumerable.Range(0, Roll(most + 1)).Select(_ => Value(element)))}]";

        private string Value(Func<string> right) => Roll(20) == 0 ? One(Odd) : right();

        private string One(params string[] values) => values[Roll(values.Length)];
    }
}
