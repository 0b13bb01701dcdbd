using System.Globalization;
using Microsoft.AspNetCore.Http;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway.Sending;

/// <summary>How an engine fails, by the names that <c>docs/retries.md</c> gives.</summary>
internal static class FailureScripts
{
    /// <summary>What the engine says of itself where it says anything.</summary>
    public const string OwnCode = "engine_code";

    public const string Refused = "refuses the connection";
    public const string Silent = "says nothing within `timeouts.perRequest`";
    public const string Stopping = "begins, and then says nothing within `timeouts.idle`";

    private const string Role = """data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"upstream-model","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""" + "\n\n";

    private static readonly Dictionary<string, Func<bool, RequestDelegate>> All = new()
    {
        [Refused] = _ => Unreachable,
        ["closes the connection instead of answering"] = _ => http =>
        {
            http.Abort();
            return Task.CompletedTask;
        },
        ["closes the connection after the head"] = isStream => async http =>
        {
            http.Response.ContentType = isStream ? "text/event-stream" : "application/json";
            await http.Response.StartAsync(http.RequestAborted);
            await Sse([], cut: true)(http);
        },
        [Silent] = _ => http => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted),
        [Stopping] = isStream => async http =>
        {
            http.Response.ContentType = isStream ? "text/event-stream" : "application/json";
            await http.Response.WriteAsync(isStream ? Role : "{\"id\":");
            await http.Response.Body.FlushAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        },
        ["307"] = _ => Json("", 307, ("Location", "/elsewhere")),
        ["400"] = _ => Json(Error(), 400),
        ["401"] = _ => Json(Error(), 401),
        ["403"] = _ => Json(Error(), 403),
        ["404"] = _ => Json(Error(), 404),
        ["408"] = _ => Json(Error(), 408),
        ["409"] = _ => Json(Error(), 409),
        ["413"] = _ => Json(Error(), 413),
        ["422"] = _ => Json(Error(), 422),
        ["425"] = _ => Json(Error(), 425),
        ["429"] = _ => Json(Error(), 429),
        ["429, `Retry-After: 7`"] = _ => Json(Error(), 429, ("Retry-After", "7")),
        ["429, `Retry-After` as a date 7 s from now"] = _ => http =>
            Json(Error(), 429, ("Retry-After", TimeProvider.System.GetUtcNow().AddSeconds(7).ToString("R", CultureInfo.InvariantCulture)))(http),
        ["429, `retry-after-ms: 6500`"] = _ => Json(Error(), 429, ("retry-after-ms", "6500")),
        ["500"] = _ => Json(Error(), 500),
        ["502"] = _ => Json("<html>", 502),
        ["503"] = _ => Json(Error(), 503),
        ["503, `Retry-After: 7`"] = _ => Json(Error(), 503, ("Retry-After", "7")),
        ["504"] = _ => Json("", 504),
        ["529"] = _ => Json(Error(), 529),
        ["200 with an error object"] = _ => Json(Error()),
        ["200 with an error object that says 400"] = _ => Json(VllmError(400)),
        ["200 with an error object that says 429"] = _ => Json(VllmError(429)),
        ["200 and nothing"] = isStream => isStream ? Sse([]) : Json(""),
        ["200 with a page"] = _ => http =>
        {
            http.Response.ContentType = "text/html";
            return http.Response.WriteAsync("<!doctype html><title>Welcome</title>");
        },
        ["200 with half of an object"] = isStream => isStream ? Sse(["data: {\"id\":\"x\",\"cho"]) : Json("{\"id\":\"x\",\"cho"),
        ["200 without `choices`"] = _ => Json("""{"id":"x","object":"chat.completion","choices":[]}"""),
        ["an error as the first event"] = _ => Sse([$"data: {Error()}\n\n", Done]),
        ["an error after comments and the role"] = _ => Sse([": ping\n\n", Role, ": ping\n\n", $"data: {Error()}\n\n", Done]),
        ["an error that says 429 after comments and the role"] = _ => Sse([": ping\n\n", Role, $"data: {VllmError(429)}\n\n", Done]),
        ["an error as a named event"] = _ => Sse([$"event: error\ndata: {Error()}\n\n"]),
        ["a first event that is no JSON"] = _ => Sse(["data: oops\n\n", Done]),
        ["ends the stream after the role"] = _ => Sse([Role]),
        ["`[DONE]` before any content"] = _ => Sse([Role, Done]),
    };

    public static IEnumerable<string> Names => All.Keys;

    public static RequestDelegate Of(string failure, bool isStream) => All[failure](isStream);

    private static string Error() => $$$"""{"error":{"message":"said by the engine","type":"engine_error","param":null,"code":"{{{OwnCode}}}"}}""";

    /// <remarks>As vLLM before 0.10 wrote its errors: the status is the code.</remarks>
    private static string VllmError(int code) => $$"""{"object":"error","message":"said by the engine","type":"engine_error","param":null,"code":{{code}}}""";

    private static Task Unreachable(HttpContext http) => throw new InvalidOperationException("Nothing listens there.");
}
