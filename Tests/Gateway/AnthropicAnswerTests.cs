using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using OpenAI;
using OpenAI.Chat;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.AnthropicEngine;

namespace Orrery.Tests.Gateway;

/// <summary>What becomes of the answers, streams and errors of Anthropic's Messages API.</summary>
public sealed class AnthropicAnswerTests
{
    private const string Two = """[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}}]""";

    /// <summary>Thinking, text and two tools, the second without parameters; with letters of two, three and four bytes.</summary>
    private static readonly string[] Rich =
    [
        Start(), BlockStart(0, """{"type":"thinking","thinking":"","signature":""}"""), Ping,
        Delta(0, "thinking_delta", "thinking", "Hm, "), Delta(0, "thinking_delta", "thinking", "café…"), Delta(0, "signature_delta", "signature", "EqQB+/=="), BlockStop(0),
        TextStart(1), Text(1, "Grüße "), Text(1, "\"漢字\" 😀\n"), BlockStop(1),
        ToolStart(2, "toolu_01", "a"), Json(2, ""), Json(2, "{\"city\": \"Mün"), Json(2, "chen\"}"), BlockStop(2),
        ToolStart(3, "toolu_02", "b"), Json(3, ""), BlockStop(3),
        Event("later_event", """{"type":"later_event","x":1}"""), End("tool_use"), Stop,
    ];

    [Fact]
    public async Task A_message_becomes_a_completion()
    {
        const string content = """[{"type":"thinking","thinking":"h\"m","signature":"s="},{"type":"redacted_thinking","data":"ZA=="},{"type":"text","text":"Hel","citations":null},{"type":"text","text":"lo \u00e9\n"},{"type":"server_tool_use","id":"x","name":"y","input":{}},{"type":"tool_use","id":"toolu_1","name":"a","input":{"x": "\"é\"\n"}},{"type":"tool_use","id":"toolu_2","name":"b","input":{}}]""";
        await using var engine = await ScriptedEngine.StartAsync(Answers(Message(content, "tool_use")));
        await using var world = await GatewayWorld.StartAsync(Document(engine.Url));
        using var response = await world.PostAsync(GatewayWorld.Chat());
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.InRange(answer["created"]!.GetValue<long>(), 1_700_000_000, 5_000_000_000);
        answer["created"] = 1;
        var expected = """
            {"id":"msg_01XFDUDYJgAACzvnptvVoYEL","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hello é\n","refusal":null,
            "thinking_blocks":[{"type":"thinking","thinking":"h\"m","signature":"s="},{"type":"redacted_thinking","data":"ZA=="}],"reasoning_content":"h\"m",
            "tool_calls":[{"id":"toolu_1","type":"function","function":{"name":"a","arguments":"{\"x\": \"\\\"é\\\"\\n\"}"}},{"id":"toolu_2","type":"function","function":{"name":"b","arguments":"{}"}}]},
            "logprobs":null,"finish_reason":"tool_calls"}],
            "usage":{"prompt_tokens":113,"completion_tokens":12,"total_tokens":125,"prompt_tokens_details":{"cached_tokens":100,"cache_creation_tokens":4},"completion_tokens_details":{"reasoning_tokens":5}}}
            """;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), answer), answer.ToJsonString());
        Assert.Equal("p1", response.Headers.GetValues(OrreryHeaders.Provider).Single());
        var used = await world.OnlyUsageAsync();
        Assert.Equal((113, 12, 100, false, UsageOutcomes.Completed), (used.PromptTokens, used.CompletionTokens, used.CachedTokens, used.Estimated, used.Outcome));
    }

    [Theory]
    [InlineData("end_turn", "stop")]
    [InlineData("stop_sequence", "stop")]
    [InlineData("max_tokens", "length")]
    [InlineData("model_context_window_exceeded", "length")]
    [InlineData("tool_use", "tool_calls")]
    [InlineData("refusal", "content_filter")]
    [InlineData("pause_turn", "stop")]
    [InlineData("a_later_reason", "stop")]
    public async Task Reasons_to_stop(string reason, string expected)
    {
        await using var engine = await ScriptedEngine.StartAsync(Answers(Message("[]", reason)));
        await using var world = await GatewayWorld.StartAsync(Document(engine.Url));
        using var whole = JsonDocument.Parse(await (await world.PostAsync(GatewayWorld.Chat())).Content.ReadAsStringAsync());
        var choice = whole.RootElement.GetProperty("choices")[0];
        Assert.Equal((expected, JsonValueKind.Null), (choice.GetProperty("finish_reason").GetString(), choice.GetProperty("message").GetProperty("content").ValueKind));
        engine.Script = Streams([Start(), TextStart(0), Text(0, "x"), BlockStop(0), End(reason), Stop]);
        var chunks = Chunks(await StreamAsync(world));
        Assert.Equal(expected, chunks[^1]["choices"]![0]!["finish_reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_stream_does_not_depend_on_how_its_bytes_are_split()
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Rich));
        await using var engine = await ScriptedEngine.StartAsync();
        await using var world = await GatewayWorld.StartAsync(Document(engine.Url));
        var expected = default(string);
        for (var split = 1; split < bytes.Length; split++)
        {
            var at = split;
            engine.Script = async http =>
            {
                http.Response.ContentType = "text/event-stream; charset=utf-8";
                await http.Response.Body.WriteAsync(bytes.AsMemory(0, at));
                await http.Response.Body.FlushAsync();
                await http.Response.Body.WriteAsync(bytes.AsMemory(at));
            };
            var text = Timeless(await StreamAsync(world, ",\"stream_options\":{\"include_usage\":true}"));
            expected ??= text;
            Assert.Equal(expected, text);
        }

        AssertRich(expected!);
    }

    [Fact]
    public async Task A_stream_may_come_byte_by_byte()
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Rich).Replace("\n", "\r\n", StringComparison.Ordinal));
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            for (var i = 0; i < bytes.Length; i++)
            {
                await http.Response.Body.WriteAsync(bytes.AsMemory(i, 1));
                await http.Response.Body.FlushAsync();
            }
        });
        await using var world = await GatewayWorld.StartAsync(Document(engine.Url));
        AssertRich(await StreamAsync(world, ",\"stream_options\":{\"include_usage\":true}"));
        var used = await world.OnlyUsageAsync();
        Assert.Equal((113, 12, 100, false), (used.PromptTokens, used.CompletionTokens, used.CachedTokens, used.Estimated));
    }

    [Fact]
    public async Task Usage_is_told_to_those_who_ask_and_counted_for_all()
    {
        await using var engine = await ScriptedEngine.StartAsync(Streams(Said("Hel", "lo")));
        await using var world = await GatewayWorld.StartAsync(Document(engine.Url));
        Assert.DoesNotContain("usage", await StreamAsync(world), StringComparison.Ordinal);
        var used = await world.OnlyUsageAsync();
        Assert.Equal((113, 12, 100, false), (used.PromptTokens, used.CompletionTokens, used.CachedTokens, used.Estimated));
    }

    /// <remarks>The beginning says 1 token of output, and the sum comes at the end only.</remarks>
    [Fact]
    public async Task A_client_that_leaves_is_charged_for_the_words_that_it_got()
    {
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            await Streams([Start(), TextStart(0)])(http);
            while (true)
            {
                await http.Response.WriteAsync(Text(0, "word "), http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, http.RequestAborted);
            }
        });
        await using var world = await GatewayWorld.StartAsync(Document(engine.Url));
        using (var response = await world.PostAsync(GatewayWorld.StreamChat(), stream: true))
        {
            await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            await body.ReadExactlyAsync(new byte[3_000], TestContext.Current.CancellationToken);
        }

        await Eventually.Holds(() => engine.Abandoned == 1);
        var used = await world.OnlyUsageAsync();
        Assert.Equal((UsageOutcomes.ClientLeft, 113, 100, true), (used.Outcome, used.PromptTokens, used.CachedTokens, used.Estimated));
        Assert.True(used.CompletionTokens > 10, $"{used}");
    }

    [Theory]
    [InlineData("as-sent", "reasoning_content")]
    [InlineData("reasoning_content", "reasoning_content")]
    [InlineData("reasoning", "reasoning")]
    public async Task Thoughts_have_the_name_that_the_operator_chose(string option, string name)
    {
        await using var engine = await ScriptedEngine.StartAsync(Streams(Rich));
        await using var world = await GatewayWorld.StartAsync(Document(engine.Url), $"--Gateway:ReasoningField={option}");
        var deltas = Chunks(await StreamAsync(world)).Select(chunk => chunk["choices"]![0]!["delta"]!).ToList();
        Assert.Equal("Hm, café…", string.Concat(deltas.Select(delta => delta[name])));
        engine.Script = Answers(Message("""[{"type":"thinking","thinking":"hm","signature":"s="},{"type":"text","text":"x"}]"""));
        using var whole = await world.PostAsync(GatewayWorld.Chat());
        var message = JsonNode.Parse(await whole.Content.ReadAsStringAsync())!["choices"]![0]!["message"]!.AsObject();
        Assert.Equal("hm", message[name]!.GetValue<string>());
        Assert.False(message.ContainsKey(name == "reasoning" ? "reasoning_content" : "reasoning"));
    }

    [Fact]
    public async Task Arguments_that_come_with_the_beginning_are_not_lost()
    {
        await using var engine = await ScriptedEngine.StartAsync(Streams(
            [Start(), BlockStart(0, """{"type":"tool_use","id":"t","name":"a","input":{"x":"é\n"}}"""), BlockStop(0), End("tool_use"), Stop]));
        await using var world = await GatewayWorld.StartAsync(Document(engine.Url));
        var chunks = Chunks(await StreamAsync(world));
        Assert.Equal("""{"x":"é\n"}""", string.Concat(chunks.Select(chunk => chunk["choices"]![0]!["delta"]!["tool_calls"]?[0]!["function"]!["arguments"]!.GetValue<string>())));
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(5, true)]
    [InlineData(5, false)]
    [InlineData(6, true)]
    public async Task A_cut_stream_is_never_whole(int pieces, bool isCut)
    {
        await using var engine = await ScriptedEngine.StartAsync(Streams(Said("Hel", "lo").Take(pieces), isCut));
        await using var world = await GatewayWorld.StartAsync(Document(engine.Url));
        using var response = await world.PostAsync(GatewayWorld.StreamChat(), stream: true);
        var text = pieces > 3 ? await CutAnswer.ReadAsync(response) : await response.Content.ReadAsStringAsync();
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"finish_reason\":\"", text, StringComparison.Ordinal);
        Assert.Contains("\"error\"", text, StringComparison.Ordinal);
        Assert.Equal(pieces > 3 ? 200 : 502, (int)response.StatusCode);
        Assert.Equal(UsageOutcomes.UpstreamError, (await world.OnlyUsageAsync()).Outcome);
    }

    [Fact]
    public async Task Overload_before_the_first_word_is_another_providers_turn()
    {
        await using var engine = await ScriptedEngine.StartAsync(Streams([Start(), TextStart(0), Ping, Event("error", Error("overloaded_error", "Overloaded"))]));
        await using var other = await ScriptedEngine.StartAsync(Streams(Said("Hello")));
        await using var world = await GatewayWorld.StartAsync(Document(engine.Url, other.Url));
        var text = await StreamAsync(world);
        Assert.Contains("Hello", text, StringComparison.Ordinal);
        Assert.Single(text.Split("\"role\":\"assistant\"").Skip(1));
        Assert.DoesNotContain("error", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Overload_after_the_first_word_is_told_and_ends_the_stream_unfinished()
    {
        var heard = new TaskCompletionSource();
        await using var engine = await ScriptedEngine.StartAsync(async http =>
        {
            await Streams([Start(), TextStart(0), Text(0, "Hel")])(http);
            await heard.Task;
            await http.Response.WriteAsync(Event("error", Error("overloaded_error", "Overloaded")));
        });
        await using var world = await GatewayWorld.StartAsync(Document(engine.Url));
        using var response = await world.PostAsync(GatewayWorld.StreamChat(), stream: true);
        heard.SetResult(); // The head has come, so content is on its way.
        var text = await CutAnswer.ReadAsync(response);
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
        Assert.Contains("Hel", text, StringComparison.Ordinal);
        Assert.Contains("Overloaded", Chunks(text)[^1]["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(UsageOutcomes.UpstreamError, (await world.OnlyUsageAsync()).Outcome);
    }

    [Theory]
    [InlineData(400, "invalid_request_error", 400, "invalid_request_error", null)]
    [InlineData(401, "authentication_error", 502, "upstream_error", "upstream_credential_refused")]
    [InlineData(402, "billing_error", 502, "upstream_error", "upstream_credential_refused")]
    [InlineData(403, "permission_error", 502, "upstream_error", "upstream_credential_refused")]
    [InlineData(404, "not_found_error", 404, "invalid_request_error", "not_found_error")]
    [InlineData(413, "request_too_large", 413, "invalid_request_error", "request_too_large")]
    [InlineData(429, "rate_limit_error", 429, "rate_limit_error", "rate_limit_error")]
    [InlineData(500, "api_error", 502, "upstream_error", "upstream_error")]
    [InlineData(504, "timeout_error", 502, "upstream_error", "upstream_error")]
    [InlineData(529, "overloaded_error", 503, "service_unavailable", "upstream_unavailable")]
    public async Task Errors_by_status_and_inside_a_200_are_the_same(int status, string type, int expected, string expectedType, string? code)
    {
        await using var engine = await ScriptedEngine.StartAsync(Answers(Error(type, "said by Anthropic")));
        await using var world = await GatewayWorld.StartAsync(Document(engine.Url));
        await AssertErrorAsync(await world.PostAsync(GatewayWorld.Chat()), expected, expectedType, code);
        engine.Script = Streams([Start(), Event("error", Error(type, "said by Anthropic"))]);
        await AssertErrorAsync(await world.PostAsync(GatewayWorld.StreamChat()), expected, expectedType, code);
        engine.Script = Fails(status, type, "said by Anthropic", ("retry-after", "7"));
        using var refused = await world.PostAsync(GatewayWorld.Chat());
        await AssertErrorAsync(refused, expected, expectedType, code);
        Assert.Equal(expected is 429 or 503 ? 7 : null, refused.Headers.RetryAfter?.Delta?.TotalSeconds);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("""{"object":"chat.completion","choices":[]}""")]
    [InlineData("[]")]
    public async Task What_is_no_message_is_an_error(string answer)
    {
        await using var engine = await ScriptedEngine.StartAsync(ScriptedEngine.Json(answer));
        await using var world = await GatewayWorld.StartAsync(Document(engine.Url));
        Assert.Equal(502, (await ErrorBody.ReadAsync(await world.PostAsync(GatewayWorld.Chat()))).Status);
        Assert.Equal(502, (await ErrorBody.ReadAsync(await world.PostAsync(GatewayWorld.StreamChat()))).Status);
    }

    [Fact]
    public async Task OpenAis_client_streams_tools_in_parallel_and_sends_their_results()
    {
        await using var engine = await ScriptedEngine.StartAsync(Streams(Rich));
        await using var world = await GatewayWorld.StartAsync(Document(engine.Url));
        var client = new OpenAIClient(
            new ApiKeyCredential(GatewayWorld.Key), new OpenAIClientOptions { Endpoint = new Uri(world.Address + "/v1"), RetryPolicy = new ClientRetryPolicy(0) }).GetChatClient("m");
        var options = new ChatCompletionOptions { Tools = { ChatTool.CreateFunctionTool("a"), ChatTool.CreateFunctionTool("b") }, MaxOutputTokenCount = 100 };
        var calls = new SortedDictionary<int, (string Id, string Name, string Arguments)>();
        var text = "";
        ChatFinishReason? finish = null;
        ChatTokenUsage? usage = null;
        await foreach (var update in client.CompleteChatStreamingAsync([new UserChatMessage("?")], options))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            foreach (var call in update.ToolCallUpdates)
            {
                var known = calls.GetValueOrDefault(call.Index, ("", "", ""));
                calls[call.Index] = (known.Item1 + call.ToolCallId, known.Item2 + call.FunctionName, known.Item3 + call.FunctionArgumentsUpdate);
            }

            (finish, usage) = (update.FinishReason ?? finish, update.Usage ?? usage);
        }

        Assert.Equal(("Grüße \"漢字\" 😀\n", ChatFinishReason.ToolCalls, 100), (text, finish, usage?.InputTokenDetails.CachedTokenCount));
        Assert.Equal([("toolu_01", "a", "{\"city\": \"München\"}"), ("toolu_02", "b", "{}")], calls.Values);

        engine.Script = Answers(Message());
        var said = new AssistantChatMessage(calls.Values.Select(call => ChatToolCall.CreateFunctionToolCall(call.Id, call.Name, BinaryData.FromString(call.Arguments))));
        var answer = (await client.CompleteChatAsync(
            [new UserChatMessage("?"), said, new ToolChatMessage("toolu_01", "sunny"), new ToolChatMessage("toolu_02", "")], options)).Value;
        Assert.Equal(("Hello", "m", 113), (answer.Content[0].Text, answer.Model, answer.Usage.InputTokenCount));
        Assert.Equal(3, JsonDocument.Parse(engine.Last.Body).RootElement.GetProperty("messages").GetArrayLength());
    }

    private static async Task AssertErrorAsync(HttpResponseMessage response, int status, string type, string? code)
    {
        var error = await ErrorBody.ReadAsync(response);
        Assert.Equal((status, type, code), (error.Status, error.Type, error.Code));
        Assert.Equal(code != "upstream_credential_refused", error.Message.Contains("said by Anthropic", StringComparison.Ordinal));
    }

    private static async Task<string> StreamAsync(GatewayWorld world, string more = "")
    {
        using var response = await world.PostAsync(GatewayWorld.StreamChat(",\"tools\":" + Two + more), stream: true);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.EndsWith("\n\ndata: [DONE]\n\n", text, StringComparison.Ordinal);
        return text;
    }

    private static List<JsonNode> Chunks(string stream) =>
        [.. stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(sse => sse["data: ".Length..]).Where(data => data != "[DONE]").Select(data => JsonNode.Parse(data)!)];

    private static string Timeless(string stream) => System.Text.RegularExpressions.Regex.Replace(stream, "\"created\":[0-9]+", "\"created\":1");

    private static void AssertRich(string stream)
    {
        var chunks = Chunks(stream);
        Assert.All(chunks, chunk => Assert.Equal(("chat.completion.chunk", "msg_01XFDUDYJgAACzvnptvVoYEL", "m"), (chunk["object"]!.GetValue<string>(), chunk["id"]!.GetValue<string>(), chunk["model"]!.GetValue<string>())));
        var usage = chunks[^1];
        Assert.Empty(usage["choices"]!.AsArray());
        Assert.Equal((113, 12, 100), (usage["usage"]!["prompt_tokens"]!.GetValue<int>(), usage["usage"]!["completion_tokens"]!.GetValue<int>(), usage["usage"]!["prompt_tokens_details"]!["cached_tokens"]!.GetValue<int>()));
        Assert.All(chunks.SkipLast(1), chunk => Assert.Null(chunk["usage"]));
        var choices = chunks.SkipLast(1).Select(chunk => chunk["choices"]![0]!).ToList();
        Assert.Equal("assistant", choices[0]["delta"]!["role"]!.GetValue<string>());
        Assert.Equal("tool_calls", choices[^1]["finish_reason"]!.GetValue<string>());
        Assert.All(choices.SkipLast(1), choice => Assert.Null(choice["finish_reason"]));
        Assert.Equal("Grüße \"漢字\" 😀\n", Joined(choices, "content"));
        Assert.Equal("Hm, café…", Joined(choices, "reasoning_content"));
        var thoughts = choices.Select(choice => choice["delta"]!["thinking_blocks"]?[0]).OfType<JsonNode>().ToList();
        Assert.Equal(("Hm, café…", "EqQB+/=="), (string.Concat(thoughts.Select(one => one["thinking"])), string.Concat(thoughts.Select(one => one["signature"]))));
        var calls = choices.Select(choice => choice["delta"]!["tool_calls"]?[0]).OfType<JsonNode>().ToLookup(call => call["index"]!.GetValue<int>());
        Assert.Equal(["toolu_01:a:{\"city\": \"München\"}", "toolu_02:b:{}"], calls.OrderBy(call => call.Key).Select(call =>
            $"{string.Concat(call.Select(one => one["id"]))}:{string.Concat(call.Select(one => one["function"]!["name"]))}:{string.Concat(call.Select(one => one["function"]!["arguments"]))}"));
    }

    private static string Joined(IEnumerable<JsonNode> choices, string field) => string.Concat(choices.Select(choice => choice["delta"]![field]));
}
