using Microsoft.AspNetCore.Http;
using Orrery.Contracts;

namespace Orrery.Tests.Gateway.Providers;

/// <summary>
/// Behaves like generativelanguage.googleapis.com/v1beta/openai ("OpenAI compatibility" on ai.google.dev, page of June 2026): a bearer key; errors as a list of one
/// google.rpc.Status, as google-gemini/gemini-cli#14811 and SuzumiyaAkizuki/ComfyUI-NewBie-LLM-Formatter#3 show them; a bad key is 400 with the reason API_KEY_INVALID
/// (continuedev/continue#12960); usage so far with every chunk, thoughts in its sum alone (as mozilla-ai/any-llm#1290 shows of the numbers).
/// </summary>
internal static class GeminiEngine
{
    public const string Key = "AIzaSy-test-key-of-a-project-0001";

    public const string Answer = """{"choices":[{"finish_reason":"stop","index":0,"message":{"content":"Hello","role":"assistant"}}],"created":1763000000,"id":"abcDEF","model":"models/gemini-2.5-flash","object":"chat.completion","usage":{"completion_tokens":198,"prompt_tokens":20,"total_tokens":623}}""";

    public const string Embedding = """{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,0.2]}],"model":"models/gemini-embedding-001","usage":{"prompt_tokens":4,"total_tokens":4}}""";

    public const string BadKey = """
        [{
          "error": {
            "code": 400,
            "message": "API key not valid. Please pass a valid API key.",
            "status": "INVALID_ARGUMENT",
            "details": [
              { "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com", "metadata": { "service": "generativelanguage.googleapis.com" } },
              { "@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": "API key not valid. Please pass a valid API key." }
            ]
          }
        }
        ]
        """;

    public const string Unknown = """[{"error":{"code":400,"message":"Invalid JSON payload received. Unknown name \"reasoning\": Cannot find field.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"description":"Invalid JSON payload received. Unknown name \"reasoning\": Cannot find field."}]}]}}]""";

    public const string Exhausted = """[{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}}]""";

    public const string Overloaded = """[{"error":{"code":503,"message":"The model is overloaded. Please try again later.","status":"UNAVAILABLE"}}]""";

    public static SnapshotProvider Provider(string name, string url, params string[] keys) =>
        Vendor.With(GatewayWorld.Provider(name, url), keys.Length == 0 ? [Key] : keys) with { Provider = "google", Engine = Engines.Gemini };

    /// <summary>A stream of one piece for each text; the usage grows with it.</summary>
    public static string[] Stream(params string[] pieces) =>
    [
        .. pieces.Select((piece, i) =>
            $$$"""data: {"choices":[{"delta":{"content":"{{{piece}}}","role":"assistant"},"index":0{{{(i == pieces.Length - 1 ? ""","finish_reason":"stop" """ : "")}}}}],"created":1763000000,"id":"abcDEF","model":"gemini-2.5-flash","object":"chat.completion.chunk","usage":{"completion_tokens":{{{i + 1}}},"prompt_tokens":20,"total_tokens":{{{20 + i + 1 + 5}}}}}""" + "\n\n"),
        "data: [DONE]\n\n",
    ];

    public static RequestDelegate Serves(RequestDelegate answer) => http =>
        (http.Request.Path.Value!.StartsWith("/v1beta/openai/", StringComparison.Ordinal) ? answer : ScriptedEngine.Json("", 404))(http);
}
