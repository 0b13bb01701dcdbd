using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Orrery.Tests.Gateway.Videos;

/// <summary>
/// A server that makes videos as jobs. As OpenAI's Videos API: POST answers 200 with the video object; GET; content with a length, a tag and ranges; DELETE; 404 with an error
/// object. Or, <paramref name="isPlain"/>, as a FastAPI server behind uvicorn: POST answers 202 <c>{"job_id","status"}</c>, GET <c>{"status":"processing","progress":0.4}</c>,
/// content chunked, 405 for DELETE, 404 <c>{"detail":"Not Found"}</c>.
/// </summary>
internal sealed class JobEngine(bool isPlain) : IAsyncDisposable
{
    public const string Credential = "key-of-the-engine";
    public static readonly byte[] Bytes = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7))];

    private int _count;

    public ScriptedEngine Server { get; private set; } = null!;

    /// <summary>By id: what the engine says of each job.</summary>
    public ConcurrentDictionary<string, Job> Jobs { get; } = new();

    /// <summary>Questions how far a job is.</summary>
    public int Asked;

    public ConcurrentQueue<string> Deleted { get; } = new();

    /// <summary>What else happens before a request is answered.</summary>
    public Func<HttpContext, Task<bool>>? Before { get; set; }

    /// <summary>Stands in the answers of completed jobs.</summary>
    public string? Output { get; set; }

    public static async Task<JobEngine> StartAsync(bool isPlain = false)
    {
        var engine = new JobEngine(isPlain);
        engine.Server = await ScriptedEngine.StartAsync(engine.AnswerAsync);
        return engine;
    }

    public void Set(string status, int progress = 0)
    {
        foreach (var id in Jobs.Keys)
        {
            Jobs[id] = new(status, progress);
        }
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        if (Before is not null && await Before(http))
        {
            return;
        }

        var path = http.Request.Path.Value!;
        var id = path.Split('/').ElementAtOrDefault(3) ?? "";
        if (HttpMethods.IsPost(http.Request.Method))
        {
            id = $"job-{Interlocked.Increment(ref _count).ToString(CultureInfo.InvariantCulture)}";
            Jobs[id] = new("queued", 0);
            await ScriptedEngine.Json(isPlain ? $$"""{"job_id":"{{id}}","status":"submitted"}""" : Object(id), isPlain ? 202 : 200)(http);
        }
        else if (!Jobs.TryGetValue(id, out var job))
        {
            await ScriptedEngine.Json(isPlain ? """{"detail":"Not Found"}""" : """{"error":{"message":"Video not found","type":"invalid_request_error","param":null,"code":"not_found"}}""", 404)(http);
        }
        else if (HttpMethods.IsDelete(http.Request.Method))
        {
            Deleted.Enqueue(id);
            await ScriptedEngine.Json(isPlain ? """{"detail":"Method Not Allowed"}""" : $$"""{"id":"{{id}}","object":"video.deleted","deleted":true}""", isPlain ? 405 : 200)(http);
        }
        else if (path.EndsWith("/content", StringComparison.Ordinal))
        {
            await SendAsync(http);
        }
        else
        {
            Interlocked.Increment(ref Asked);
            await ScriptedEngine.Json(isPlain ? Plain(job) : Object(id))(http);
        }
    }

    private string Plain(Job job)
    {
        var status = job.Status switch { "queued" => "pending", "in_progress" => "processing", "completed" => "succeeded", _ => "error" };
        var output = Output is not null && job.Status == "completed" ? $",\"output\":{JsonSerializer.Serialize(Output)}" : "";
        return $$"""{"status":"{{status}}","progress":{{(job.Progress / 100.0).ToString("0.0#", CultureInfo.InvariantCulture)}}{{(job.Status == "failed" ? ",\"error\":\"out of memory\"" : "")}}{{output}}}""";
    }

    private string Object(string id)
    {
        var job = Jobs[id];
        var error = job.Status == "failed" ? """{"code":"moderation_blocked","message":"said by the engine"}""" : "null";
        return $$"""{"id":"{{id}}","object":"video","created_at":1712697600,"status":"{{job.Status}}","completed_at":{{(job.Status == "completed" ? "1712697700" : "null")}},"error":{{error}},"expires_at":null,"model":"upstream-model","progress":{{job.Progress}},"prompt":"p","remixed_from_video_id":null,"seconds":"8","size":"1280x720"}""";
    }

    private async Task SendAsync(HttpContext http)
    {
        http.Response.ContentType = http.Request.Query["variant"] == "thumbnail" ? "image/webp" : "video/mp4";
        if (isPlain)
        {
            foreach (var piece in Bytes.Chunk(40_000))
            {
                await http.Response.Body.WriteAsync(piece);
                await http.Response.Body.FlushAsync();
            }

            return;
        }

        await Results.Bytes(Bytes, http.Response.ContentType, enableRangeProcessing: true, entityTag: new("\"e\"")).ExecuteAsync(http);
    }

    internal sealed record Job(string Status, int Progress);
}
