using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Orrery.Contracts;

namespace Orrery.Tests.Gateway.Providers;

/// <summary>
/// Behaves like Azure's OpenAI service, data plane 2024-10-21 and v1 (REST reference on learn.microsoft.com; specification AzureOpenAI/inference/stable/2024-10-21 in
/// Azure/azure-rest-api-specs): paths and errors from there; the chunk without choices as pydantic/pydantic-ai#797 and microsoft/autogen#6465 show it, the chunk without
/// a delta as langchain-ai/langchain#18977, the content filter's error as openai/openai-dotnet#55, unknown stream_options as agno-agi/agno#1066.
/// </summary>
internal static class AzureEngine
{
    public const string Key = "0123456789abcdef0123456789abcdef";
    public const string Deployment = "upstream-model";

    public const string Answer = """{"choices":[{"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}},"finish_reason":"stop","index":0,"logprobs":null,"message":{"content":"Hello","refusal":null,"role":"assistant"}}],"created":1736407895,"id":"chatcmpl-AnhIt2rw8vL8czymkCwEOKKTg7HPc","model":"gpt-4o-mini-2024-07-18","object":"chat.completion","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"},"jailbreak":{"filtered":false,"detected":false}}}],"system_fingerprint":"fp_5154047bf2","usage":{"completion_tokens":3,"prompt_tokens":7,"total_tokens":10,"completion_tokens_details":null,"prompt_tokens_details":null}}""";

    public const string Filtered = """{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry. To learn more about our content filtering policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":false,"severity":"safe"},"sexual":{"filtered":true,"severity":"high"}}}}}""";

    public const string Throttled = """{"error":{"code":"429","message":"Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 7 seconds."}}""";

    private const string FilterChunk = """data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"},"self_harm":{"filtered":false,"severity":"safe"}}}]}""" + "\n\n";
    private const string LateFilterChunk = """data: {"id":"","object":"","created":0,"model":"","choices":[{"index":0,"finish_reason":null,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}},"content_filter_offsets":{"check_offset":44,"start_offset":44,"end_offset":198}}],"usage":null}""" + "\n\n";

    public static SnapshotProvider Provider(string name, string url, string? apiVersion) =>
        Vendor.With(GatewayWorld.Provider(name, url), Key) with { Provider = "azure", Engine = Engines.AzureOpenAi, ApiVersion = apiVersion };

    public static string[] Stream(params string[] words) =>
    [
        FilterChunk,
        Chunk("""{"content_filter_results":{},"delta":{"content":"","refusal":null,"role":"assistant"},"finish_reason":null,"index":0,"logprobs":null}"""),
        .. words.Select(word => Chunk("""{"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}},"delta":{"content":"WORD"},"finish_reason":null,"index":0,"logprobs":null}""".Replace("WORD", word, StringComparison.Ordinal))),
        LateFilterChunk,
        Chunk("""{"content_filter_results":{},"delta":{},"finish_reason":"stop","index":0,"logprobs":null}"""),
        """data: {"choices":[],"created":1736407895,"id":"chatcmpl-1","model":"gpt-4o-mini-2024-07-18","object":"chat.completion.chunk","system_fingerprint":"fp_1","usage":{"completion_tokens":2,"prompt_tokens":7,"total_tokens":9}}""" + "\n\n",
        "data: [DONE]\n\n",
    ];

    /// <summary>Serves what <paramref name="answer"/> does, once the request is one that the real server would take.</summary>
    public static RequestDelegate Serves(RequestDelegate answer) => http =>
    {
        http.Response.Headers["apim-request-id"] = "11111111-2222-3333-4444-555555555555";
        http.Response.Headers["x-ms-region"] = "Sweden Central";
        return (Fault(http) is var (status, body) ? ScriptedEngine.Json(body, status) : answer)(http);
    };

    private static (int Status, string Body)? Fault(HttpContext http)
    {
        if (http.Request.Headers["api-key"] != Key)
        {
            return (401, """{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."}}""");
        }

        using var body = JsonDocument.Parse((string)http.Items[ScriptedEngine.BodyItem]!);
        var version = http.Request.Query["api-version"].ToString();
        var path = http.Request.Path.Value!;
        string deployment;
        if (path.StartsWith("/openai/v1/", StringComparison.Ordinal))
        {
            deployment = body.RootElement.GetProperty("model").GetString()!;
            if (version is not ("" or "preview" or "latest" or "v1"))
            {
                return (400, """{"error":{"code":"BadRequest","message":"API version not supported"}}""");
            }
        }
        else if (path.StartsWith("/openai/deployments/", StringComparison.Ordinal) && DateOnly.TryParseExact(version.Replace("-preview", "", StringComparison.Ordinal), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            deployment = path.Split('/')[3];
            if (date < new DateOnly(2024, 9, 1) && body.RootElement.TryGetProperty("stream_options", out _))
            {
                return (400, """{"error":{"message":"Unknown parameter: 'stream_options'.","type":"invalid_request_error","param":"stream_options","code":"unknown_parameter"}}""");
            }
        }
        else
        {
            return (404, """{"error":{"code":"404","message":"Resource not found"}}""");
        }

        return deployment == Deployment
            ? null
            : (404, """{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again."}}""");
    }

    private static string Chunk(string choice) =>
        $$"""data: {"choices":[{{choice}}],"created":1736407895,"id":"chatcmpl-1","model":"gpt-4o-mini-2024-07-18","object":"chat.completion.chunk","system_fingerprint":"fp_1"}""" + "\n\n";
}
