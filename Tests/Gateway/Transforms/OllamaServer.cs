using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Orrery.Tests.Gateway.Transforms;

/// <summary>
/// Behaves like Ollama 0.12 by its own API (<c>docs/api.md</c>, <c>server/routes.go</c> and <c>api/types.go</c> of ollama/ollama): a stream is a line of JSON for each piece, in
/// chunks of HTTP and without an event around it; the last has <c>done</c> and the counts; arguments of tools are objects; an error in a stream is a line of its own.
/// </summary>
internal static class OllamaServer
{
    private const string Head = "\"model\":\"qwen3:8b\",\"created_at\":\"2026-11-20T08:00:00.125Z\"";

    public const string Counts = "\"total_duration\":2100000000,\"load_duration\":1000000,\"prompt_eval_count\":26,\"prompt_eval_duration\":90000000,\"eval_count\":5,\"eval_duration\":2000000000";

    public static RequestDelegate Answers(string message, string reason = "stop") =>
        ScriptedEngine.Json("{" + Head + ",\"message\":{\"role\":\"assistant\"," + message + "},\"done\":true,\"done_reason\":\"" + reason + "\"," + Counts + "}", headers: ("Content-Type", "application/json; charset=utf-8"));

    public static RequestDelegate Streams(IEnumerable<string> lines, bool cut = false) => http =>
    {
        return WithType(ScriptedEngine.Sse(lines, cut), "application/x-ndjson")(http);
    };

    public static RequestDelegate Embeds(params float[][] vectors) =>
        ScriptedEngine.Json($$"""{"model":"nomic-embed-text","embeddings":{{JsonSerializer.Serialize(vectors)}},"total_duration":12000000,"load_duration":1000000,"prompt_eval_count":8}""");

    /// <summary>As <c>server/routes.go</c> answers for a model that is not there.</summary>
    public static RequestDelegate NotFound => ScriptedEngine.Json("""{"error":"model 'qwen3:8b' not found"}""", 404);

    public static string Piece(string content) => Line($"\"content\":{JsonSerializer.Serialize(content)}");

    public static string Thinking(string words) => Line($"\"content\":\"\",\"thinking\":{JsonSerializer.Serialize(words)}");

    public static string Call(string name, string arguments) => Line("\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"" + name + "\",\"arguments\":" + arguments + "}}]");

    public static string Last(string reason = "stop") => "{" + Head + ",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"" + reason + "\"," + Counts + "}\n";

    private static string Line(string message) => "{" + Head + ",\"message\":{\"role\":\"assistant\"," + message + "},\"done\":false}\n";

    private static RequestDelegate WithType(RequestDelegate answer, string type) => http =>
    {
        http.Response.OnStarting(() =>
        {
            http.Response.ContentType = type;
            return Task.CompletedTask;
        });
        return answer(http);
    };
}
