using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orrery.Contracts;
using Orrery.Gateway;
using Orrery.Gateway.Usage;
using Orrery.Tests.Telemetry;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway;

/// <summary>Prompts and answers are in traces where a namespace wants it, masked, and nowhere else.</summary>
public sealed class RecordingTests
{
    private const string Secret = "ork_SECRETSECRETSECRETSECRETSECRETSECRET0000";

    [Fact]
    public async Task Nothing_is_recorded_unless_switched_on()
    {
        await using var engine = await ScriptedEngine.StartAsync(Json(Answer));
        foreach (var setting in (string[])["--x=y", "--Gateway:Recording:Namespaces:other=true", "--Gateway:Recording:Namespaces:default=false"])
        {
            await using var receiver = await OtlpReceiver.StartAsync();
            var span = await RecordAsync(engine, receiver, GatewayWorld.Chat(), setting);
            Assert.DoesNotContain("gen_ai.input.messages", span.Tags.Keys);
            Assert.DoesNotContain("gen_ai.output.messages", span.Tags.Keys);
            Assert.DoesNotContain(span.Tags.Values, value => value.Contains("Hello", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_whole_answer_is_recorded_and_masked()
    {
        await using var engine = await ScriptedEngine.StartAsync(Json(Answer.Replace("Hello", "Hello ann@example.org", StringComparison.Ordinal)));
        await using var receiver = await OtlpReceiver.StartAsync();
        var span = await RecordAsync(
            engine, receiver, """{"model":"m","messages":[{"role":"system","content":"Be brief"},{"role":"user","content":[{"type":"text","text":"My key is SECRET, order 12-34"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]}""".Replace("SECRET", Secret, StringComparison.Ordinal),
            "--Gateway:Recording:Namespaces:default=true", @"--Gateway:Recording:Masks:order=\d\d-\d\d");
        Assert.Equal(
            """[{"role":"system","parts":[{"type":"text","content":"Be brief"}]},{"role":"user","parts":[{"type":"text","content":"My key is [api-key], order [order]"},{"type":"image_url"}]}]""",
            span.Tags["gen_ai.input.messages"]);
        Assert.Equal("""[{"role":"assistant","parts":[{"type":"text","content":"Hello [email]"}],"finish_reason":"stop"}]""", span.Tags["gen_ai.output.messages"]);
    }

    [Fact]
    public async Task A_stream_is_recorded_as_one_answer_and_what_is_split_over_chunks_is_masked()
    {
        await using var engine = await ScriptedEngine.StartAsync(Sse([Role, Chunk("Write to ann@exa"), Chunk("mple.org"), Chunk("", finish: "\"stop\""), Done]));
        await using var receiver = await OtlpReceiver.StartAsync();
        var span = await RecordAsync(engine, receiver, GatewayWorld.StreamChat(), "--Gateway:Recording:Namespaces:default=true");
        Assert.Equal("""[{"role":"assistant","parts":[{"type":"text","content":"Write to [email]"}],"finish_reason":"stop"}]""", span.Tags["gen_ai.output.messages"]);
    }

    /// <summary>What goes to an engine in its client's own protocol is told of all the same.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Answers_in_other_protocols_are_recorded(bool streams)
    {
        await using var engine = await ScriptedEngine.StartAsync(streams
            ? AnthropicEngine.Streams([AnthropicEngine.Start(), AnthropicEngine.TextStart(0), AnthropicEngine.Text(0, "Write to ann@exa"), AnthropicEngine.Text(0, "mple.org"), AnthropicEngine.BlockStop(0), AnthropicEngine.ToolStart(1, "t1", "look"), AnthropicEngine.Json(1, "{}"), AnthropicEngine.BlockStop(1), AnthropicEngine.End("tool_use"), AnthropicEngine.Stop])
            : AnthropicEngine.Answers(AnthropicEngine.Message("""[{"type":"text","text":"Write to ann@example.org"},{"type":"tool_use","id":"t1","name":"look","input":{}}]""", "tool_use")));
        await using var receiver = await OtlpReceiver.StartAsync();
        var span = await RecordAsync(
            AnthropicEngine.Document(engine.Url), receiver, $$"""{"model":"m","max_tokens":9,"stream":{{(streams ? "true" : "false")}},"messages":[{"role":"user","content":"Hi"}]}""", "/v1/messages",
            "--Gateway:Recording:Namespaces:default=true");
        Assert.Equal("""[{"role":"assistant","parts":[{"type":"text","content":"Write to [email]"},{"type":"tool_call","id":"t1","name":"look","arguments":"{}"}],"finish_reason":"tool_use"}]""", span.Tags["gen_ai.output.messages"]);
    }

    [Fact]
    public void A_response_is_recorded_item_by_item()
    {
        var recording = Begin();
        recording.Hear("""{"object":"response","status":"completed","output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},{"type":"web_search_call","id":"w"},{"type":"message","content":[{"type":"output_text","text":"Hel"},{"type":"refusal","refusal":"lo"}]},{"type":"function_call","call_id":"c","name":"a","arguments":"{}"}]}"""u8);
        Assert.Equal(
            """[{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},{"type":"text","content":"Hello"},{"type":"tool_call","id":"c","name":"a","arguments":"{}"}],"finish_reason":"completed"}]""",
            recording.Output());
    }

    [Fact]
    public async Task A_refused_request_is_recorded_without_an_answer()
    {
        await using var engine = await ScriptedEngine.StartAsync(Json("""{"error":{"message":"no"}}""", status: 400));
        await using var receiver = await OtlpReceiver.StartAsync();
        var span = await RecordAsync(engine, receiver, GatewayWorld.Chat(), "--Gateway:Recording:Namespaces:default=true");
        Assert.Equal("""[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]""", span.Tags["gen_ai.input.messages"]);
        Assert.DoesNotContain("gen_ai.output.messages", span.Tags.Keys);
    }

    [Fact]
    public void Tools_and_reasoning_are_put_together_from_their_pieces()
    {
        var recording = Begin();
        foreach (var delta in (string[])
        [
            """{"reasoning_content":"Let me "}""", """{"reasoning":"look"}""", """{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"weather","arguments":"{\"ci"}}]}""",
            """{"tool_calls":[{"index":0,"function":{"arguments":"ty\":\"Rome\"}"}},{"index":1,"id":"call_2","function":{"name":"time","arguments":"{}"}}]}""",
        ])
        {
            recording.Hear(System.Text.Encoding.UTF8.GetBytes($$"""{"choices":[{"index":0,"delta":{{delta}}}]}"""));
        }

        recording.Hear("""{"choices":[{"index":1,"delta":{"content":"other"},"finish_reason":"length"}]}"""u8);
        Assert.Equal(
            """[{"role":"assistant","parts":[{"type":"reasoning","content":"Let me look"},{"type":"tool_call","id":"call_1","name":"weather","arguments":"{\"city\":\"Rome\"}"},{"type":"tool_call","id":"call_2","name":"time","arguments":"{}"}]},{"role":"assistant","parts":[{"type":"text","content":"other"}],"finish_reason":"length"}]""",
            recording.Output());

        recording.BeginAnswer(); // Another attempt: what this one said has reached nobody.
        Assert.Null(recording.Output());
        Assert.Equal(
            """[{"role":"assistant","parts":[{"type":"tool_call","id":"call_1","name":"weather","arguments":"{}"}]},{"role":"tool","parts":[{"type":"tool_call_response","id":"call_1","response":"sunny"}]}]""",
            recording.Input("""{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{}"}}]},{"role":"tool","tool_call_id":"call_1","content":"sunny"}]}"""u8.ToArray()));
        Assert.Equal(
            """[{"role":"user","parts":[{"type":"text","content":"one"},{"type":"text","content":"two"}]}]""", recording.Input("""{"input":["one","two",[1,2]]}"""u8.ToArray()));
    }

    [Fact]
    public void The_last_texts_stay_and_no_secret_is_cut_open()
    {
        var recording = Begin(most: 300);
        var first = new string('a', 500);
        var last = new string('b', 280) + " " + Secret + new string('c', 5_000);
        using var document = JsonDocument.Parse(recording.Input(System.Text.Encoding.UTF8.GetBytes($$"""{"messages":[{"role":"user","content":"{{first}}"},{"role":"user","content":"{{last}}"}]}"""))!);
        var texts = document.RootElement.EnumerateArray().Select(message => message.GetProperty("parts")[0].GetProperty("content").GetString()!).ToList();
        Assert.Equal($"{new string('b', 280)} [api-key]… ({last.Length} characters in all)", texts[1].Replace("ccccccccc", "", StringComparison.Ordinal).Replace("c…", "…", StringComparison.Ordinal));
        Assert.InRange(texts[0].Length, 1, 60);
        Assert.EndsWith("… (500 characters in all)", texts[0], StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_masked_away_draws_nothing_half_into_what_is_kept()
    {
        var recording = Begin(most: 1_000);
        var mails = string.Concat(Enumerable.Repeat("somebody.with.a.long.name@mail.example.org ", 60));
        var input = recording.Input(System.Text.Encoding.UTF8.GetBytes($$"""{"messages":[{"role":"user","content":"{{mails}}sk-proj-SECRETSECRETSECRETSECRET{{new string('x', 9_000)}}"}]}"""));
        Assert.DoesNotContain("SECRE", input, StringComparison.Ordinal);
        Assert.DoesNotContain("somebody", input, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"choices":[null]}""")]
    [InlineData("""{"choices":[{"index":null,"delta":{"content":"a"}}]}""")]
    [InlineData("""{"choices":[{"index":"0","delta":{"content":"half \ud83d"}}]}""")]
    [InlineData("""{"choices":[{"delta":{"tool_calls":[1,{"index":null,"function":[]}]}}]}""")]
    [InlineData("""{"choices":7}""")]
    [InlineData("nonsense")]
    public void An_answer_of_any_shape_is_no_fault_of_the_request(string chunk)
    {
        var recording = Begin();
        recording.Hear(System.Text.Encoding.UTF8.GetBytes(chunk));
        recording.Output();
    }

    [Fact]
    public void A_hostile_answer_is_bounded()
    {
        var recording = Begin();
        for (var i = 0; i < 2_000; i++)
        {
            var chunk = """{"choices":[{"index":CHOICE,"delta":{"tool_calls":[{"index":CALL,"id":"LONG","function":{"name":"LONG","arguments":"LONG"}}]}}]}"""
                .Replace("CHOICE", $"{i % 40}", StringComparison.Ordinal).Replace("CALL", $"{i}", StringComparison.Ordinal).Replace("LONG", new string('n', 1_000), StringComparison.Ordinal);
            recording.Hear(System.Text.Encoding.UTF8.GetBytes(chunk));
        }

        Assert.InRange(recording.Output()!.Length, 1, 16 * 64 * 600);
        var parts = string.Join(',', Enumerable.Repeat("""{"type":"x"}""", 10_000));
        var hostile = "{\"messages\":[{\"role\":\"" + new string('r', 100_000) + "\",\"content\":[" + parts + "]}]}";
        Assert.InRange(recording.Input(System.Text.Encoding.UTF8.GetBytes(hostile))!.Length, 1, 20_000);
    }

    [Theory]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x \ud83d"}]}""")]
    [InlineData("""{"model":"m","messages":[{"role":"assistant","tool_calls":[1]}]}""")]
    [InlineData("""{"model":"m","messages":[7,null]}""")]
    public async Task What_cannot_be_recorded_is_answered_and_accounted_for_all_the_same(string body)
    {
        await using var engine = await ScriptedEngine.StartAsync(Json(Answer));
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine, [$"--OTEL_EXPORTER_OTLP_ENDPOINT={receiver.Url}", "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "--Telemetry:SampleRatio=1", "--Gateway:Recording:Namespaces:default=true"]);
        using var response = await world.PostAsync(body);
        Assert.Equal(System.Net.HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(3, (await world.OnlyUsageAsync()).CompletionTokens);
    }

    [Theory]
    [InlineData("mail ann.b+c@mail.example.co.uk now", "mail [email] now")]
    [InlineData("card 4111 1111 1111 1111.", "card [card].")]
    [InlineData("iban DE89 3704 0044 0532 0130 00", "iban [iban]")]
    [InlineData("call +49 (0)30 123456-78", "call [phone]")]
    [InlineData("Authorization: Bearer abcdefghijklmnop.qrst", "Authorization: [bearer]")]
    [InlineData("sk-proj-abcdefghijklmnopqrstuvwx", "[api-key]")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-_1", "[token]")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- after", "[private-key] after")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMIIE cut", "[private-key]")]
    [InlineData("-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQ--dGBF\n-----END PGP PRIVATE KEY BLOCK----- after", "[private-key] after")]
    [InlineData("""{"env":"A=1\\nork_1111111111111111111111\\n4111111111111111"}""", """{"env":"A=1\\n[api-key]\\n[card]"}""")]
    [InlineData("MY_sk-abcdefghijklmnopqrstuvwx", "MY_[api-key]")]
    [InlineData("Bearer\tabcdefghijklmnop and Bearer: abcdefghijklmnop", "[bearer] and [bearer]")]
    [InlineData("4111.1111.1111.1111", "[card]")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0", "[token]")]
    [InlineData("in 2026 we sold 1,234,567 units at 12.50, version 10.0.12", "in 2026 we sold 1,234,567 units at 12.50, version 10.0.12")]
    public void Masks_hide_what_they_are_for(string text, string expected) => Assert.Equal(expected, new TextMasks(new Dictionary<string, string>()).Apply(text));

    [Fact]
    public void A_built_in_mask_can_be_replaced_and_taken_away() =>
        Assert.Equal("[email] ann@example.org 4111 1111 1111 1111", new TextMasks(new Dictionary<string, string> { ["email"] = "x@y", ["card"] = "" }).Apply("x@y ann@example.org 4111 1111 1111 1111"));

    [Fact]
    public void A_long_text_is_masked_in_time_that_grows_with_it_alone()
    {
        var masks = new TextMasks(new Dictionary<string, string>());
        foreach (var evil in (string[])[new string('a', 200_000) + "@", string.Concat(Enumerable.Repeat("1 ", 100_000)), "-----BEGIN PRIVATE KEY-----" + new string('-', 200_000), string.Concat(Enumerable.Repeat("+1(", 60_000))])
        {
            var clock = Stopwatch.StartNew();
            masks.Apply(evil);
            Assert.InRange(clock.Elapsed.TotalSeconds, 0, 10);
        }
    }

    [Theory]
    [InlineData("--Gateway:Recording:Masks:bad=(", "Gateway:Recording:Masks:bad is '('")]
    [InlineData("--Gateway:Recording:Masks:ahead=a(?=b)", "without look-around")]
    [InlineData("--Gateway:Recording:MaxCharacters=1", "Gateway:Recording:MaxCharacters is 1")]
    public async Task Wrong_settings_are_refused_by_name(string setting, string expected)
    {
        await using var world = await GatewayWorld.StartAsync(GatewayWorld.Document());
        var error = Assert.Throws<OptionsValidationException>(() => GatewayHost.Build(["--urls=http://127.0.0.1:0", "--Internal:Key=" + GatewayWorld.InternalKey, "--Secrets:Key=" + GatewayWorld.SecretsKey, "--services:catalogue:http:0=" + world.Catalogue.Address, $"--Gateway:DataDirectory={world.DataDirectory}/other", setting]));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static Recording Begin(int most = 8_192)
    {
        var options = new RecordingOptions { MaxCharacters = most, Namespaces = { ["default"] = true } };
        return new Recorder(Options.Create(options)).Begin("default")!;
    }

    private static Task<ReceivedSpan> RecordAsync(ScriptedEngine engine, OtlpReceiver receiver, string body, params string[] settings) =>
        RecordAsync(GatewayWorld.Document(engine), receiver, body, "/v1/chat/completions", settings);

    private static async Task<ReceivedSpan> RecordAsync(SnapshotDocument document, OtlpReceiver receiver, string body, string path, params string[] settings)
    {
        string request;
        await using (var world = await GatewayWorld.StartAsync(document, [$"--OTEL_EXPORTER_OTLP_ENDPOINT={receiver.Url}", "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "--Telemetry:SampleRatio=1", .. settings]))
        {
            using var response = await world.PostAsync(body, path);
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            request = response.Headers.GetValues("x-request-id").Single();
        }

        // Other gateways of this process are heard too.
        return await Eventually.Holds(() => Task.FromResult(receiver.Spans.FirstOrDefault(span => span.Tags.GetValueOrDefault("orrery.request_id") == request && span.Kind == 2)!), span => span is not null);
    }
}
