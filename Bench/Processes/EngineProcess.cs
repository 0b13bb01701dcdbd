using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Orrery.Bench.Processes;

/// <summary>
/// An engine that answers at once, in the shape of vLLM's server 0.11: a chat completion of about 600 bytes, or a stream of as many chunks as <c>max_tokens</c> says, each in a
/// write of its own.
/// </summary>
internal static class EngineProcess
{
    public const string Role = "engine";

    private static readonly byte[] Answer = Encoding.UTF8.GetBytes(
        """
        {"id":"chatcmpl-6f0a3d4c2b1e4f58","object":"chat.completion","created":1763700000,"model":"upstream-model","choices":[{"index":0,"message":{"role":"assistant","content":"Every request that this benchmark sends is answered with these words, which are about as many as a short answer has, so that the relay has something to carry.","refusal":null,"tool_calls":[],"reasoning_content":null},"logprobs":null,"finish_reason":"stop","stop_reason":null}],"service_tier":null,"system_fingerprint":null,"usage":{"prompt_tokens":96,"total_tokens":128,"completion_tokens":32,"prompt_tokens_details":null},"prompt_logprobs":null}
        """);

    private static readonly byte[] Last = Encoding.UTF8.GetBytes(
        "data: " + """{"id":"chatcmpl-6f0a3d4c2b1e4f58","object":"chat.completion.chunk","created":1763700000,"model":"upstream-model","choices":[{"index":0,"delta":{"content":""},"logprobs":null,"finish_reason":"stop","stop_reason":null}],"usage":{"prompt_tokens":96,"total_tokens":128,"completion_tokens":32}}""" + "\n\ndata: [DONE]\n\n");

    /// <summary>A chunk as vLLM writes it when it is asked for usage in each.</summary>
    public static byte[] Chunk { get; } = Encoding.UTF8.GetBytes(
        "data: " + """{"id":"chatcmpl-6f0a3d4c2b1e4f58","object":"chat.completion.chunk","created":1763700000,"model":"upstream-model","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"usage":{"prompt_tokens":96,"total_tokens":108,"completion_tokens":12}}""" + "\n\n");

    public static async Task<int> RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.Run(AnswerAsync);
        await app.ServeUntilInputEndsAsync();
        return 0;
    }

    private static async Task AnswerAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        var chunks = ChunksOf(Encoding.UTF8.GetString(body.GetBuffer().AsSpan(0, (int)body.Length)));
        if (chunks == 0)
        {
            http.Response.ContentType = "application/json";
            http.Response.ContentLength = Answer.Length;
            await http.Response.Body.WriteAsync(Answer, http.RequestAborted);
            return;
        }

        http.Response.ContentType = "text/event-stream; charset=utf-8";
        for (var i = 0; i < chunks; i++)
        {
            await http.Response.Body.WriteAsync(Chunk, http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }

        await http.Response.Body.WriteAsync(Last, http.RequestAborted);
    }

    /// <summary>0 where no stream is asked for.</summary>
    private static int ChunksOf(string body)
    {
        const string Bound = "\"max_tokens\":";
        if (!body.Contains("\"stream\":true", StringComparison.Ordinal))
        {
            return 0;
        }

        var digits = body.AsSpan(body.IndexOf(Bound, StringComparison.Ordinal) + Bound.Length);
        return int.Parse(digits[..digits.IndexOfAnyExceptInRange('0', '9')], CultureInfo.InvariantCulture);
    }
}
