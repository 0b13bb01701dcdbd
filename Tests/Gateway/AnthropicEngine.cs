using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;

namespace Orrery.Tests.Gateway;

/// <summary>
/// Behaves like Anthropic's server, api.anthropic.com with anthropic-version 2023-06-01: status, headers, event names and the
/// flow of a stream as its reference describes them ("Messages", "Streaming messages", "Errors", "Rate limits"; field for field
/// as in @anthropic-ai/sdk 0.120.0). It refuses what the real one refuses of a conversation's shape.
/// </summary>
internal static class AnthropicEngine
{
    public const string Key = "sk-ant-test-key";

    public const string Usage = """{"input_tokens":9,"cache_creation_input_tokens":4,"cache_read_input_tokens":100,"cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":0},"output_tokens":12,"service_tier":"standard","server_tool_use":null,"output_tokens_details":{"thinking_tokens":5}}""";

    public static SnapshotProvider Provider(string name, string url) =>
        GatewayWorld.Provider(name, url) with { Provider = "anthropic", Engine = Engines.Anthropic };

    public static SnapshotDocument Document(params string[] urls) => GatewayWorld.Document(urls.Select((url, i) => Provider($"p{i + 1}", url)).ToArray());

    public static string Message(string content = """[{"type":"text","text":"Hello"}]""", string stop = "end_turn", string usage = Usage) =>
        $$"""{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"upstream-model","content":{{content}},"stop_reason":"{{stop}}","stop_sequence":null,"stop_details":null,"container":null,"usage":{{usage}}}""";

    /// <summary>Answers with a message, after it has looked at the request as the real server does.</summary>
    public static RequestDelegate Answers(string message) => http => Checked(http, () => ScriptedEngine.Json(message)(http));

    /// <summary>Answers with a stream of these pieces.</summary>
    public static RequestDelegate Streams(IEnumerable<string> pieces, bool cut = false) => http => Checked(http, () =>
    {
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.ContentType = "text/event-stream; charset=utf-8";
        return ScriptedEngine.Sse(pieces, cut)(http);
    });

    public static RequestDelegate Fails(int status, string type, string message, params (string Name, string Value)[] headers) => http =>
    {
        PutHeaders(http);
        return ScriptedEngine.Json(Error(type, message), status, headers)(http);
    };

    public static string Error(string type, string message) =>
        $$$"""{"type":"error","error":{"type":"{{{type}}}","message":"{{{message}}}"},"request_id":"req_011CSHoEeqs5C35K2UUqR7Fy"}""";

    public static string Event(string name, string data) => $"event: {name}\ndata: {data}\n\n";

    public static string Start(string usage = """{"input_tokens":9,"cache_creation_input_tokens":4,"cache_read_input_tokens":100,"output_tokens":1,"service_tier":"standard"}""") => Event(
        "message_start",
        $$$"""{"type":"message_start","message":{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"upstream-model","content":[],"stop_reason":null,"stop_sequence":null,"usage":{{{usage}}}}}""");

    public static string Ping => Event("ping", """{"type": "ping"}""");

    public static string BlockStart(int index, string block) =>
        Event("content_block_start", $$$"""{"type":"content_block_start","index":{{{index}}},"content_block":{{{block}}}}""");

    public static string TextStart(int index) => BlockStart(index, """{"type":"text","text":""}""");

    public static string ToolStart(int index, string id, string name) =>
        BlockStart(index, $$$"""{"type":"tool_use","id":"{{{id}}}","name":"{{{name}}}","input":{},"caller":{"type":"direct"}}""");

    public static string Delta(int index, string type, string field, string words) =>
        Event("content_block_delta", $$$"""{"type":"content_block_delta","index":{{{index}}},"delta":{"type":"{{{type}}}","{{{field}}}":{{{Quote(words)}}}}}""");

    public static string Text(int index, string text) => Delta(index, "text_delta", "text", text);

    public static string Json(int index, string json) => Delta(index, "input_json_delta", "partial_json", json);

    public static string BlockStop(int index) => Event("content_block_stop", $$$"""{"type":"content_block_stop","index":{{{index}}}}""");

    public static string End(string stop = "end_turn", int output = 12) => Event(
        "message_delta",
        $$$"""{"type":"message_delta","delta":{"stop_reason":"{{{stop}}}","stop_sequence":null},"usage":{"input_tokens":9,"cache_creation_input_tokens":4,"cache_read_input_tokens":100,"output_tokens":{{{output}}}}}""");

    public static string Stop => Event("message_stop", """{"type":"message_stop"}""");

    public static string[] Said(params string[] words) => [Start(), TextStart(0), Ping, .. words.Select(word => Text(0, word)), BlockStop(0), End(), Stop];

    private static string Quote(string text) => "\"" + JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping) + "\"";

    private static async Task Checked(HttpContext http, Func<Task> answer)
    {
        PutHeaders(http);
        if (Fault(http) is var (status, type, message))
        {
            await ScriptedEngine.Json(Error(type, message), status)(http);
            return;
        }

        await answer();
    }

    private static void PutHeaders(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers["request-id"] = "req_011CSHoEeqs5C35K2UUqR7Fy";
        headers["anthropic-organization-id"] = "5a3f9c1e-0000-4000-8000-000000000000";
        headers["anthropic-ratelimit-requests-limit"] = "50";
        headers["anthropic-ratelimit-requests-remaining"] = "49";
        headers["anthropic-ratelimit-requests-reset"] = DateTimeOffset.UnixEpoch.ToString("O", CultureInfo.InvariantCulture);
        headers["anthropic-ratelimit-tokens-remaining"] = "40000";
    }

    /// <summary>The checks of the real server that translators trip over.</summary>
    private static (int Status, string Type, string Message)? Fault(HttpContext http)
    {
        if (http.Request.Path != "/v1/messages")
        {
            return (404, "not_found_error", "Not found");
        }

        if (http.Request.Headers["anthropic-version"] != "2023-06-01")
        {
            return Invalid("anthropic-version: header is required");
        }

        using var document = JsonDocument.Parse((string)http.Items[ScriptedEngine.BodyItem]!);
        var body = document.RootElement;
        if (!body.TryGetProperty("max_tokens", out var limit))
        {
            return Invalid("max_tokens: Field required");
        }

        if (body.TryGetProperty("thinking", out var thinking) && thinking.TryGetProperty("budget_tokens", out var budget)
            && (budget.GetInt64() < 1024 || budget.GetInt64() >= limit.GetInt64()))
        {
            return Invalid("`max_tokens` must be greater than `thinking.budget_tokens`.");
        }

        var open = new HashSet<string>();
        foreach (var (i, message) in body.GetProperty("messages").EnumerateArray().Index())
        {
            var role = message.GetProperty("role").GetString();
            if (role is not ("user" or "assistant"))
            {
                return Invalid($"messages: Unexpected role \"{role}\". The Messages API accepts a top-level `system` parameter, not \"{role}\" as an input message role.");
            }

            var results = new HashSet<string>();
            foreach (var block in Blocks(message.GetProperty("content")))
            {
                switch (block.GetProperty("type").GetString())
                {
                    case "text" when string.IsNullOrWhiteSpace(block.GetProperty("text").GetString()):
                        return Invalid("messages: text content blocks must be non-empty");
                    case "tool_result":
                        results.Add(block.GetProperty("tool_use_id").GetString()!);
                        break;
                }
            }

            if (!open.SetEquals(results))
            {
                return Invalid($"messages.{i - 1}: `tool_use` ids were found without `tool_result` blocks immediately after");
            }

            open = [.. Blocks(message.GetProperty("content")).Where(block => block.GetProperty("type").GetString() == "tool_use").Select(block => block.GetProperty("id").GetString()!)];
            if (open.FirstOrDefault(id => !id.All(one => char.IsAsciiLetterOrDigit(one) || one is '_' or '-')) is { } odd)
            {
                return Invalid($"messages.{i}.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$' ({odd})");
            }
        }

        return null;
    }

    private static IEnumerable<JsonElement> Blocks(JsonElement content) => content.ValueKind == JsonValueKind.Array ? content.EnumerateArray() : [];

    private static (int Status, string Type, string Message) Invalid(string message) => (400, "invalid_request_error", message);
}
