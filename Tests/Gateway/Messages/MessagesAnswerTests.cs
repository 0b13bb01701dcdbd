using System.Text.Json.Nodes;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway.Messages;

/// <summary>What the answers of an engine that speaks OpenAI's API become for a client that speaks Anthropic's.</summary>
public sealed class MessagesAnswerTests
{
    private const string Path = "/v1/messages";

    [Theory]
    [InlineData("\"content\":\"Hello\"", "\"stop\"", """[{"type":"text","text":"Hello"}]""", "end_turn")]
    [InlineData("\"content\":\"H\\u00e9\\\"\",\"reasoning_content\":\"hm\"", "\"length\"", """[{"type":"thinking","thinking":"hm","signature":""},{"type":"text","text":"Hé\""}]""", "max_tokens")]
    [InlineData("\"content\":null,\"reasoning\":\"hm\",\"refusal\":\"No.\"", "\"content_filter\"", """[{"type":"thinking","thinking":"hm","signature":""},{"type":"text","text":"No."}]""", "refusal")]
    [InlineData(
        "\"content\":\"\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"a\",\"arguments\":\"{\\\"x\\\": [1, \\\"é\\\"]}\"}},{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"b\",\"arguments\":\"\"}},{\"id\":\"c3\",\"type\":\"function\",\"function\":{\"name\":\"c\",\"arguments\":\"{\\\"x\\\":\"}}]",
        "\"stop\"",
        """[{"type":"tool_use","id":"c1","name":"a","input":{"x":[1,"é"]}},{"type":"tool_use","id":"c2","name":"b","input":{}},{"type":"tool_use","id":"c3","name":"c","input":{"INVALID_JSON":"{\"x\":"}}]""",
        "tool_use")]
    [InlineData("\"content\":\"Hello\"", "\"stop\",\"stop_reason\":\"END\"", """[{"type":"text","text":"Hello"}]""", "stop_sequence")]
    [InlineData("\"content\":\"\"", "\"stop\"", "[]", "end_turn")]
    public async Task A_completion_becomes_a_message(string message, string finish, string content, string stop)
    {
        await using var engine = await StartAsync(Json("""{"id":"x","object":"chat.completion","created":1,"model":"upstream-model","choices":[{"index":0,"message":{"role":"assistant",""" + message + "},\"finish_reason\":" + finish
            + """}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10,"prompt_tokens_details":{"cached_tokens":4}}}"""));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(Ask(), Path, request => request.Headers.Add("x-request-id", "req_abc"));
        AssertJson(
            $$$"""{"id":"msg_abc","type":"message","role":"assistant","model":"m","content":{{{content}}},"stop_reason":"{{{stop}}}","stop_sequence":{{{(stop == "stop_sequence" ? "\"END\"" : "null")}}},"usage":{"input_tokens":3,"cache_creation_input_tokens":0,"cache_read_input_tokens":4,"output_tokens":3}}""",
            await response.Content.ReadAsStringAsync());
        Assert.Equal(("req_abc", "p1"), (response.Headers.GetValues("request-id").Single(), response.Headers.GetValues("X-Orrery-Provider").Single()));
        var used = await world.OnlyUsageAsync();
        Assert.Equal((7, 3, 4, UsageOutcomes.Completed), (used.PromptTokens, used.CompletionTokens, used.CachedTokens, used.Outcome));
    }

    /// <summary>Every kind of event, in the order that Anthropic's reference gives: start, then each block with its deltas and its end, then delta and stop.</summary>
    [Fact]
    public async Task A_stream_becomes_events_in_their_order()
    {
        string[] chunks =
        [
            Role, Delta("\"reasoning_content\":\"h\""), Delta("\"reasoning_content\":\"m\""), Chunk("Hel"), Chunk("lo \\u00e9"),
            Delta("\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"a\",\"arguments\":\"\"}}]"),
            Delta("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"x\\\":\"}}]"), Delta("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"1}\"}}]"),
            Delta("\"tool_calls\":[{\"index\":1,\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"b\",\"arguments\":\"{}\"}}]"),
            Chunk("", finish: "\"tool_calls\""), UsageChunk(7, 3), Done,
        ];
        string[] expected =
        [
            """message_start {"type":"message_start","message":{"id":"msg_abc","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}""",
            """content_block_start {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}""",
            """content_block_delta {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"h"}}""",
            """content_block_delta {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"m"}}""",
            """content_block_stop {"type":"content_block_stop","index":0}""",
            """content_block_start {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}""",
            """content_block_delta {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hel"}}""",
            """content_block_delta {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"lo \u00e9"}}""",
            """content_block_stop {"type":"content_block_stop","index":1}""",
            """content_block_start {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"c1","name":"a","input":{}}}""",
            """content_block_delta {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"x\":"}}""",
            """content_block_delta {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"1}"}}""",
            """content_block_stop {"type":"content_block_stop","index":2}""",
            """content_block_start {"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"c2","name":"b","input":{}}}""",
            """content_block_delta {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{}"}}""",
            """content_block_stop {"type":"content_block_stop","index":3}""",
            """message_delta {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":7,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":3}}""",
            """message_stop {"type":"message_stop"}""",
        ];
        Assert.Equal(expected, Events(await StreamAsync(chunks)));

        // However the engine cuts its bytes.
        var bytes = string.Concat(chunks);
        for (var piece = 1; piece < 40; piece += 13)
        {
            Assert.Equal(expected, Events(await StreamAsync([.. bytes.Chunk(piece).Select(characters => new string(characters))])));
        }
    }

    [Theory]
    [InlineData("\"stop\"", "end_turn", "null")]
    [InlineData("\"stop\",\"stop_reason\":\"END\"", "stop_sequence", "\"END\"")]
    [InlineData("\"length\"", "max_tokens", "null")]
    [InlineData("\"content_filter\"", "refusal", "null")]
    public async Task Why_a_stream_ends(string finish, string stop, string sequence)
    {
        var events = Events(await StreamAsync([Role, Chunk("Hi"), Chunk("", finish: finish)])); // Without usage and [DONE]: whole all the same.
        Assert.Equal($$$"""message_delta {"type":"message_delta","delta":{"stop_reason":"{{{stop}}}","stop_sequence":{{{sequence}}}},"usage":{"input_tokens":23,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}""", System.Text.RegularExpressions.Regex.Replace(events[^2], "\"input_tokens\":[0-9]+", "\"input_tokens\":23"));
        Assert.Equal("""message_stop {"type":"message_stop"}""", events[^1]);
    }

    /// <summary>A stream that breaks is never taken for a whole one: it ends with an error event, without message_stop, and is cut.</summary>
    [Theory]
    [InlineData("data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n", "out of memory")]
    [InlineData("data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":3,\"function\":{\"arguments\":\"1\"}}]}}]}\n\n", "went on with a tool call")]
    [InlineData("data: nonsense\n\n", "not a JSON object")]
    public async Task A_broken_stream_ends_with_an_error_event(string last, string message)
    {
        await using var engine = await StartAsync(Sse([Role, Chunk("Hel"), string.Concat(Enumerable.Repeat(": ping\n\n", 2_000)), last]));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(Ask(",\"stream\":true"), Path, stream: true);
        var events = Events(await CutAnswer.ReadAsync(response));
        Assert.StartsWith("error {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":", events[^1], StringComparison.Ordinal);
        Assert.Contains(message, events[^1], StringComparison.Ordinal);
        Assert.DoesNotContain(events, one => one.StartsWith("message_stop", StringComparison.Ordinal));
        Assert.Equal(UsageOutcomes.UpstreamError, (await world.OnlyUsageAsync()).Outcome);
    }

    [Theory]
    [InlineData(400, """{"error":{"message":"too long","type":"x","code":"context_length_exceeded"}}""", 400, "invalid_request_error")]
    [InlineData(429, """{"error":{"message":"slow down"}}""", 429, "rate_limit_error")]
    [InlineData(503, """{"error":{"message":"busy"}}""", 503, "overloaded_error")]
    [InlineData(500, """{"error":{"message":"oh"}}""", 502, "api_error")]
    [InlineData(401, """{"error":{"message":"oh"}}""", 502, "api_error")]
    public async Task Errors_of_an_engine(int status, string body, int told, string type)
    {
        await using var engine = await StartAsync(Json(body, status));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(Ask(), Path);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal((told, "error", type), ((int)response.StatusCode, (string?)error["type"], (string?)error["error"]!["type"]));
    }

    [Fact]
    public async Task Errors_of_the_gateway()
    {
        await using var engine = await StartAsync();
        await using var world = await GatewayWorld.StartAsync(engine);
        foreach (var (status, type, change) in new (int, string, Action<HttpRequestMessage>)[]
        {
            (401, "authentication_error", request => request.Headers.Authorization = new("Bearer", "ork_none")),
            (405, "invalid_request_error", request => request.Method = HttpMethod.Get),
            (404, "not_found_error", request => request.Content = new StringContent(Ask().Replace("\"m\"", "\"none\"", StringComparison.Ordinal), null, "application/json")),
            (415, "invalid_request_error", request => request.Content = new StringContent(Ask(), null, "text/plain")),
        })
        {
            using var response = await world.PostAsync(Ask(), Path, change);
            var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            Assert.Equal((status, type), ((int)response.StatusCode, (string?)error["error"]!["type"]));
        }
    }

    private static string Ask(string more = "") => $$"""{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]{{more}}}""";

    private static string Delta(string delta) => """data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"upstream-model","choices":[{"index":0,"delta":{""" + delta + """},"finish_reason":null}]}""" + "\n\n";

    private static async Task<string> StreamAsync(string[] pieces)
    {
        await using var engine = await StartAsync(Sse(pieces));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync(Ask(",\"stream\":true"), Path, request => request.Headers.Add("x-request-id", "req_abc"));
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>Each as its name and its data.</summary>
    private static string[] Events(string stream)
    {
        Assert.EndsWith("\n\n", stream, StringComparison.Ordinal);
        return [.. stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(one => one[0] != ':').Select(one =>
        {
            var lines = one.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(2, lines.Length);
            return $"{lines[0]["event: ".Length..]} {lines[1]["data: ".Length..]}";
        })];
    }

    private static void AssertJson(string expected, string actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)), $"Expected {expected}\nbut got  {actual}");
}
