using System.Text.Json.Nodes;
using Orrery.Contracts;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway.Responses;

/// <summary>What the answers of an engine that speaks chat completions become for a client of the Responses API; held against OpenAI's own API document.</summary>
public sealed class ResponsesAnswerTests
{
    private const string Path = "/v1/responses";

    [Theory]
    [InlineData("\"content\":\"H\\u00e9\"", "stop", "completed", """[{"id":"msg_abc_0","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"Hé"}]}]""")]
    [InlineData("\"content\":\"Hi\"", "length", "incomplete", """[{"id":"msg_abc_0","type":"message","role":"assistant","status":"incomplete","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"Hi"}]}]""")]
    [InlineData("\"content\":null,\"refusal\":\"No.\"", "content_filter", "incomplete", """[{"id":"msg_abc_0","type":"message","role":"assistant","status":"incomplete","content":[{"type":"refusal","refusal":"No."}]}]""")]
    [InlineData(
        "\"content\":\"I look\",\"reasoning_content\":\"hm\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"a\",\"arguments\":\"{\\\"x\\\": 1}\"}},{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"b\",\"arguments\":\"\"}}]",
        "tool_calls", "completed",
        """[{"id":"rs_abc_0","type":"reasoning","summary":[],"status":"completed","content":[{"type":"reasoning_text","text":"hm"}]},{"id":"msg_abc_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"I look"}]},{"id":"fc_abc_2","type":"function_call","status":"completed","call_id":"c1","name":"a","arguments":"{\"x\": 1}"},{"id":"fc_abc_3","type":"function_call","status":"completed","call_id":"c2","name":"b","arguments":""}]""")]
    public async Task A_completion_becomes_a_response(string message, string finish, string status, string items)
    {
        await using var engine = await StartAsync(Json("""{"id":"x","object":"chat.completion","created":1,"model":"upstream-model","choices":[{"index":0,"message":{"role":"assistant",""" + message + "},\"finish_reason\":\"" + finish
            + "\"" + """}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10,"prompt_tokens_details":{"cached_tokens":4}}}"""));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync("""{"model":"m","input":"Hi","instructions":"x","metadata":{"a":"b"}}""", Path, request => request.Headers.Add("x-request-id", "req_abc"));
        var text = await response.Content.ReadAsStringAsync();
        OpenAiSchema.Load().Validate("Response", text);
        var told = JsonNode.Parse(text)!;
        Assert.Equal(("resp_abc", "m", status, "x", "b"), ((string?)told["id"], (string?)told["model"], (string?)told["status"], (string?)told["instructions"], (string?)told["metadata"]!["a"]));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(items), told["output"]), $"Expected {items}\nbut got  {told["output"]!.ToJsonString()}");
        Assert.Equal("""{"input_tokens":7,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":0},"output_tokens":3,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":10}""", told["usage"]!.ToJsonString());
        Assert.Equal((7, 3, UsageOutcomes.Completed), ((await world.OnlyUsageAsync()) is var used ? (used.PromptTokens, used.CompletionTokens, used.Outcome) : default));
    }

    /// <summary>Every kind of event for reasoning, text, refusals and tools, in the order of OpenAI's reference; each as its document has it.</summary>
    [Fact]
    public async Task A_stream_becomes_events_in_their_order()
    {
        string[] chunks =
        [
            Role, Delta("\"reasoning\":\"hm\""), Chunk("Hel"), Chunk("lo \\u00e9"), Delta("\"refusal\":\"No.\""),
            Delta("\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"a\",\"arguments\":\"\"}}]"),
            Delta("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"x\\\":\"}}]"), Delta("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"1}\"}}]"),
            Delta("\"tool_calls\":[{\"index\":1,\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"b\",\"arguments\":\"{}\"}}]"),
            Chunk("", finish: "\"tool_calls\""), UsageChunk(7, 3), Done,
        ];
        string[] expected =
        [
            "response.created", "response.in_progress",
            "response.output_item.added 0 reasoning", "response.content_part.added 0 reasoning_text", "response.reasoning_text.delta 0 hm", "response.reasoning_text.done 0 hm", "response.content_part.done 0 reasoning_text", "response.output_item.done 0 reasoning",
            "response.output_item.added 1 message", "response.content_part.added 1 output_text", "response.output_text.delta 1 Hel", "response.output_text.delta 1 lo é", "response.output_text.done 1 Hello é", "response.content_part.done 1 output_text", "response.output_item.done 1 message",
            "response.output_item.added 2 message", "response.content_part.added 2 refusal", "response.refusal.delta 2 No.", "response.refusal.done 2 No.", "response.content_part.done 2 refusal", "response.output_item.done 2 message",
            "response.output_item.added 3 function_call", "response.function_call_arguments.delta 3 {\"x\":", "response.function_call_arguments.delta 3 1}", "response.function_call_arguments.done 3 {\"x\":1}", "response.output_item.done 3 function_call",
            "response.output_item.added 4 function_call", "response.function_call_arguments.delta 4 {}", "response.function_call_arguments.done 4 {}", "response.output_item.done 4 function_call",
            "response.completed",
        ];
        var bytes = string.Concat(chunks);
        foreach (var length in new[] { int.MaxValue, 37, 5 })
        {
            var events = Events(await StreamAsync([.. bytes.Chunk(length).Select(characters => new string(characters))]));
            Assert.Equal(expected, events.Select(Told));
            var final = events[^1]["response"]!;
            Assert.Equal(("completed", 5, 10), ((string?)final["status"], final["output"]!.AsArray().Count, (int)final["usage"]!["total_tokens"]!));

            // What was told item by item is what the response holds at the end.
            var items = events.Where(one => (string?)one["type"] == "response.output_item.done").Select(one => one["item"]!.ToJsonString());
            Assert.Equal(items, final["output"]!.AsArray().Select(item => item!.ToJsonString()));
        }
    }

    [Theory]
    [InlineData("\"stop\"", "response.completed", null)]
    [InlineData("\"length\"", "response.incomplete", "max_output_tokens")]
    [InlineData("\"content_filter\"", "response.incomplete", "content_filter")]
    public async Task Why_a_stream_ends(string finish, string name, string? reason)
    {
        var last = Events(await StreamAsync([Role, Chunk("Hi"), Chunk("", finish: finish)]))[^1]; // Without usage and [DONE]: whole all the same.
        Assert.Equal((name, reason), ((string?)last["type"], (string?)last["response"]!["incomplete_details"]?["reason"]));
    }

    /// <summary>A stream that breaks is never taken for a whole one.</summary>
    [Theory]
    [InlineData("data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n", "out of memory")]
    [InlineData("data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":3,\"function\":{\"arguments\":\"1\"}}]}}]}\n\n", "went on with a tool call")]
    public async Task A_broken_stream_fails_and_says_why(string last, string message)
    {
        await using var engine = await StartAsync(Sse([Role, Chunk("Hel"), string.Concat(Enumerable.Repeat(": ping\n\n", 2_000)), last]));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync("""{"model":"m","input":"Hi","stream":true}""", Path, stream: true);
        var events = Events(await CutAnswer.ReadAsync(response));
        Assert.Equal(["response.failed", "error"], events.TakeLast(2).Select(one => (string)one["type"]!));
        Assert.Equal("failed", (string?)events[^2]["response"]!["status"]);
        Assert.Contains(message, (string?)events[^1]["message"], StringComparison.Ordinal);
        Assert.Equal("upstream_error", (string?)events[^1]["error"]!["code"]);
    }

    private static string Delta(string delta) => """data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"upstream-model","choices":[{"index":0,"delta":{""" + delta + """},"finish_reason":null}]}""" + "\n\n";

    private static async Task<string> StreamAsync(string[] pieces)
    {
        await using var engine = await StartAsync(Sse(pieces));
        await using var world = await GatewayWorld.StartAsync(engine);
        using var response = await world.PostAsync("""{"model":"m","input":"Hi","stream":true}""", Path);
        return await response.Content.ReadAsStringAsync();
    }

    private static List<JsonNode> Events(string stream)
    {
        var events = new List<JsonNode>();
        foreach (var one in stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(one => one[0] != ':'))
        {
            var lines = one.Split('\n');
            var data = lines[1]["data: ".Length..];
            OpenAiSchema.Load().Validate("ResponseStreamEvent", data);
            events.Add(JsonNode.Parse(data)!);
            Assert.Equal(lines[0]["event: ".Length..], (string?)events[^1]["type"]);
            Assert.Equal(events.Count - 1, (int)events[^1]["sequence_number"]!);
        }

        return events;
    }

    private static string Told(JsonNode one) => string.Join(' ', new[]
    {
        (string?)one["type"], one["output_index"]?.ToJsonString(),
        (string?)(one["item"]?["type"] ?? one["part"]?["type"] ?? one["delta"] ?? one["text"] ?? one["refusal"] ?? one["arguments"]),
    }.Where(part => part is not null));
}
