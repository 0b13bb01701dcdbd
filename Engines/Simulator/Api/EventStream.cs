using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

namespace Orrery.Simulator.Api;

/// <summary>Server-sent events, each written straight into the response's buffer by one reused writer; the caller decides when to flush.</summary>
internal sealed class EventStream : IDisposable
{
    private readonly PipeWriter _body;
    private readonly Utf8JsonWriter _json;

    private EventStream(PipeWriter body)
    {
        _body = body;
        _json = new Utf8JsonWriter(body, JsonFormat.Options);
    }

    /// <summary>Sends the headers at once, as vLLM does: the status is out long before the first token.</summary>
    public static async Task<EventStream> StartAsync(HttpContext http)
    {
        http.Response.ContentType = "text/event-stream; charset=utf-8";
        http.Response.Headers.CacheControl = "no-cache";
        await http.Response.StartAsync(http.RequestAborted);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        return new EventStream(http.Response.BodyWriter);
    }

    /// <summary>Begins an event; write one JSON value with the result, then <see cref="EndEvent"/>.</summary>
    public Utf8JsonWriter BeginEvent()
    {
        _body.Write("data: "u8);
        _json.Reset(_body);
        return _json;
    }

    public void EndEvent()
    {
        _json.Flush();
        _body.Write("\n\n"u8);
    }

    public void WriteRaw(ReadOnlySpan<byte> data)
    {
        _body.Write("data: "u8);
        _body.Write(data);
        _body.Write("\n\n"u8);
    }

    public ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken) => _body.FlushAsync(cancellationToken);

    public void Dispose() => _json.Dispose();
}
