using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Orrery.Tests.Gateway.Transforms;

/// <summary>
/// Behaves like Triton Inference Server 25.01 with its vLLM backend at the generate extension (<c>docs/protocol/extension_generate.md</c>, <c>src/http_server.cc</c>): both URLs
/// answer the same object, a stream just ends, and an error inside one is <c>{"error"}</c> with status 200.
/// </summary>
internal static class TritonServer
{
    public static RequestDelegate Answers(string text) => http => Checked(http, "generate", ScriptedEngine.Json(Object(text)));

    public static RequestDelegate Streams(IEnumerable<string> texts, string? error = null, bool cut = false) => http => Checked(http, "generate_stream", inner =>
    {
        inner.Response.ContentType = "text/event-stream; charset=utf-8";
        string[] events = [.. texts.Select(text => $"data: {Object(text)}\n\n"), .. error is null ? Array.Empty<string>() : [$"data: {{\"error\":\"{error}\"}}\n\n"]];
        return ScriptedEngine.Sse(events, cut)(inner);
    });

    private static string Object(string text) => $$"""{"model_name":"vllm_model","model_version":"1","text_output":{{JsonSerializer.Serialize(text)}}}""";

    private static Task Checked(HttpContext http, string end, RequestDelegate answer)
    {
        if (http.Request.Path != $"/v2/models/vllm_model/{end}")
        {
            return ScriptedEngine.Json("""{"error":"Request for unknown model: 'other' is not found"}""", 404)(http);
        }

        var body = JsonDocument.Parse((string)http.Items[ScriptedEngine.BodyItem]!).RootElement;
        return body.GetProperty("parameters").GetProperty("stream").GetBoolean() == (end == "generate_stream")
            ? answer(http)
            : ScriptedEngine.Json("""{"error":"generate expects model to produce exactly 1 response, use generate stream for model types with multiple responses"}""", 400)(http);
    }
}
