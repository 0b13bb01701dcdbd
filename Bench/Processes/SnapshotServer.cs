using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Orrery.Contracts;

namespace Orrery.Bench.Processes;

/// <summary>What a gateway sees of the Catalogue, over real HTTP: the stream of snapshots, with heartbeats, and an open hand for usage.</summary>
internal sealed class SnapshotServer : IAsyncDisposable
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private readonly List<Channel<byte[]>> _streams = [];
    private WebApplication _app = null!;
    private byte[] _whole = [];
    private long _revision;
    private long _used;

    public string Address => _app.Urls.First();

    /// <summary>Usage events that have come.</summary>
    public long Used => Interlocked.Read(ref _used);

    public static async Task<SnapshotServer> StartAsync(SnapshotDocument document)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new SnapshotServer { _app = builder.Build() };
        server.Hold(document);
        server._app.MapGet("/internal/snapshot", (RequestDelegate)server.ServeAsync);
        server._app.MapPost("/internal/usage", (RequestDelegate)server.TakeUsageAsync);
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Makes what the next whole snapshot is; nobody is told.</summary>
    public void Hold(SnapshotDocument document) =>
        (_whole, _revision) = (Event(SnapshotEvents.Snapshot, JsonSerializer.SerializeToUtf8Bytes(document, ContractsJson.Default.SnapshotDocument)), document.Revision);

    public void SendWhole() => Send(_whole);

    public void Send(SnapshotDelta delta)
    {
        _revision = delta.Revision;
        Send(Event(SnapshotEvents.Delta, JsonSerializer.SerializeToUtf8Bytes(delta, ContractsJson.Default.SnapshotDelta)));
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _streams.ForEach(stream => stream.Writer.TryComplete());
        }

        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private void Send(byte[] sse)
    {
        lock (_lock)
        {
            _streams.ForEach(stream => stream.Writer.TryWrite(sse));
        }
    }

    private static byte[] Event(string type, byte[] json) => [.. Encoding.UTF8.GetBytes($"event: {type}\ndata: "), .. json, .. "\n\n"u8];

    private async Task ServeAsync(HttpContext http)
    {
        var stream = Channel.CreateUnbounded<byte[]>();
        stream.Writer.TryWrite(_whole);
        lock (_lock)
        {
            _streams.Add(stream);
        }

        http.Response.ContentType = "text/event-stream";
        try
        {
            using var beat = new PeriodicTimer(Heartbeat);
            var tick = beat.WaitForNextTickAsync(http.RequestAborted).AsTask();
            var next = stream.Reader.WaitToReadAsync(http.RequestAborted).AsTask();
            while (true)
            {
                if (await Task.WhenAny(next, tick) == next)
                {
                    if (!await next)
                    {
                        http.Abort();
                        return;
                    }

                    while (stream.Reader.TryRead(out var sse))
                    {
                        await http.Response.Body.WriteAsync(sse, http.RequestAborted);
                    }

                    next = stream.Reader.WaitToReadAsync(http.RequestAborted).AsTask();
                }
                else
                {
                    await tick;
                    await http.Response.WriteAsync($"event: {SnapshotEvents.Heartbeat}\ndata: {{\"revision\":{_revision}}}\n\n", http.RequestAborted);
                    tick = beat.WaitForNextTickAsync(http.RequestAborted).AsTask();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The gateway went away.
        }
        finally
        {
            lock (_lock)
            {
                _streams.Remove(stream);
            }
        }
    }

    private async Task TakeUsageAsync(HttpContext http)
    {
        var batch = await JsonSerializer.DeserializeAsync(http.Request.Body, ContractsJson.Default.UsageBatch, http.RequestAborted);
        Interlocked.Add(ref _used, batch!.Events.Count);
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(JsonSerializer.Serialize(new UsageReceipt(batch.Events.Count, 0), ContractsJson.Default.UsageReceipt), http.RequestAborted);
    }
}
