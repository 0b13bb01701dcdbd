using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Orrery.Tests.Gateway;

/// <summary>
/// A model server on a port of its own that does exactly what a test says, byte by byte. What it says by itself is in the form of vLLM 0.11's OpenAI server
/// (<c>vllm/entrypoints/openai/protocol.py</c>, behind uvicorn: chunked, each event flushed by itself), shortened to what is needed; other servers have fakes of their own.
/// </summary>
internal sealed class ScriptedEngine : IAsyncDisposable
{
    public const string Answer = """{"id":"x","object":"chat.completion","created":1,"model":"upstream-model","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10,"prompt_tokens_details":{"cached_tokens":4}}}""";

    /// <summary>Where a script finds the request's body, which has been read.</summary>
    public const string BodyItem = "body";

    private readonly WebApplication _app;

    private ScriptedEngine(WebApplication app, RequestDelegate script)
    {
        (_app, Script) = (app, script);
    }

    /// <summary>What it does with a request; may be changed while it runs.</summary>
    public RequestDelegate Script { get; set; }

    /// <summary>What it does with a health check: as vLLM's api_server.py, 200 without a body.</summary>
    public RequestDelegate Health { get; set; } = _ => Task.CompletedTask;

    /// <summary>Health checks, which are not among the requests.</summary>
    public ConcurrentQueue<Received> Checks { get; } = new();

    public ConcurrentQueue<Received> Requests { get; } = new();

    /// <summary>Requests whose client hung up before they were answered.</summary>
    public int Abandoned;

    public string Address => _app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();

    public string Url => Address + "/v1";

    public Received Last => Requests.Last();

    public static async Task<ScriptedEngine> StartAsync(RequestDelegate? script = null, string url = "http://127.0.0.1:0", Encoding? headerEncoding = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.ResponseHeaderEncodingSelector = _ => headerEncoding;
        });
        var engine = new ScriptedEngine(builder.Build(), script ?? Json(Answer));
        engine._app.Run(engine.Serve);
        await engine._app.StartAsync();
        return engine;
    }

    public static RequestDelegate Json(string body, int status = 200, params (string Name, string Value)[] headers) => async http =>
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        foreach (var (name, value) in headers)
        {
            http.Response.Headers[name] = value;
        }

        await http.Response.WriteAsync(body);
    };

    /// <summary>A stream of these pieces, each flushed on its own. Ends as HTTP says unless <paramref name="cut"/>.</summary>
    public static RequestDelegate Sse(IEnumerable<string> pieces, bool cut = false) => async http =>
    {
        if (!http.Response.HasStarted)
        {
            http.Response.ContentType = "text/event-stream";
        }

        foreach (var piece in pieces)
        {
            await http.Response.WriteAsync(piece);
            await http.Response.Body.FlushAsync();
        }

        if (cut)
        {
            // Not before the peer has what was written: an abort drops what is still queued.
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
            http.Abort();
        }
    };

    public static string Chunk(string content, string? usage = null, string finish = "null") =>
        Event($$"""[{"index":0,"delta":{"content":"{{content}}"},"finish_reason":{{finish}}}]""" + (usage is null ? "" : ",\"usage\":" + usage));

    public static string Role => Event("""[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]""");

    public static string UsageChunk(int prompt, int completion) => Event("[],\"usage\":" + Usage(prompt, completion));

    public static string Usage(int prompt, int completion) => $$"""{"prompt_tokens":{{prompt}},"completion_tokens":{{completion}},"total_tokens":{{prompt + completion}}}""";

    private static string Event(string choices) =>
        """data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"upstream-model","choices":""" + choices + "}\n\n";

    public const string Done = "data: [DONE]\n\n";

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task Serve(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync();
        http.Items[BodyItem] = body;
        var received = new Received(http.Request.Path, body, http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase)) { Query = http.Request.QueryString.ToString() };
        if (HttpMethods.IsGet(http.Request.Method) && received.Path.EndsWith("/health", StringComparison.Ordinal))
        {
            Checks.Enqueue(received);
            await Health(http);
            return;
        }

        Requests.Enqueue(received);
        var counted = 0;
        using var left = http.RequestAborted.Register(Count);
        try
        {
            await Script(http);
        }
        catch (OperationCanceledException)
        {
            // The gateway hung up, and the test looks at Abandoned.
        }

        if (http.RequestAborted.IsCancellationRequested)
        {
            Count(); // The script heard of it first, and the registration goes before its turn.
        }

        void Count()
        {
            if (Interlocked.Exchange(ref counted, 1) == 0)
            {
                Interlocked.Increment(ref Abandoned);
            }
        }
    }

    internal sealed record Received(string Path, string Body, IReadOnlyDictionary<string, string> Headers)
    {
        public string Query { get; init; } = "";
    }
}
