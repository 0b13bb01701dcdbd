using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Orrery.Tests.Gateway.Transforms;

/// <summary>
/// Behaves like Text Generation Inference 3.0 by its own API (<c>router/src/server.rs</c>, <c>lib.rs</c> and <c>infer/mod.rs</c> of huggingface/text-generation-inference):
/// a token is an event without a blank after <c>data:</c>, the last holds the text and the details, an error in a stream is an event of status 200, and what the
/// router's validation refuses is 422.
/// </summary>
internal static class TgiServer
{
    public static RequestDelegate Answers(string text, string reason = "eos_token", int tokens = 3) => http => Checked(http, "/generate", () =>
    {
        http.Response.Headers["x-compute-type"] = "1-nvidia-h100";
        http.Response.Headers["x-generated-tokens"] = $"{tokens}";
        return ScriptedEngine.Json(
            $$$"""{"generated_text":{{{JsonSerializer.Serialize(text)}}},"details":{"finish_reason":"{{{reason}}}","generated_tokens":{{{tokens}}},"seed":null,"prefill":[],"tokens":[{"id":1,"text":"H","logprob":-0.1,"special":false}]}}""")(http);
    });

    public static RequestDelegate Streams(IEnumerable<string> events, bool cut = false) => http => Checked(http, "/generate_stream", () =>
    {
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.Headers["x-accel-buffering"] = "no";
        return ScriptedEngine.Sse(events, cut)(http);
    });

    public static RequestDelegate Fails(int status, string type, string message) => ScriptedEngine.Json(Error(type, message), status);

    public static string Token(int index, string text) =>
        $$"""data:{"index":{{index}},"token":{"id":{{100 + index}},"text":{{JsonSerializer.Serialize(text)}},"logprob":-0.34,"special":false},"generated_text":null,"details":null}""" + "\n\n";

    public static string Last(int index, string text, string reason = "eos_token") =>
        $$$"""data:{"index":{{{index}}},"token":{"id":2,"text":"</s>","logprob":-0.01,"special":true},"generated_text":{{{JsonSerializer.Serialize(text)}}},"details":{"finish_reason":"{{{reason}}}","generated_tokens":{{{index}}},"seed":null,"input_length":17}}""" + "\n\n";

    public static string ErrorEvent(string type, string message) => "data:" + Error(type, message) + "\n\n";

    private static string Error(string type, string message) => $$"""{"error":"{{message}}","error_type":"{{type}}"}""";

    private static Task Checked(HttpContext http, string path, Func<Task> answer)
    {
        if (http.Request.Path != path)
        {
            http.Response.StatusCode = 404;
            return Task.CompletedTask;
        }

        var parameters = JsonDocument.Parse((string)http.Items[ScriptedEngine.BodyItem]!).RootElement.GetProperty("parameters");
        return parameters.TryGetProperty("temperature", out var temperature) && temperature.GetDouble() <= 0
                ? Fails(422, "validation", "Input validation error: `temperature` must be strictly positive")(http)
            : parameters.TryGetProperty("top_p", out var top) && top.GetDouble() is <= 0 or >= 1
                ? Fails(422, "validation", "Input validation error: `top_p` must be > 0.0 and < 1.0")(http)
            : answer();
    }
}
