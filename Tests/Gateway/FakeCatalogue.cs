using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orrery.Contracts;

namespace Orrery.Tests.Gateway;

/// <summary>The other side of the gateway's internal connections, over real HTTP: serves the snapshot stream and records usage by event id.</summary>
internal sealed class FakeCatalogue : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _lock = new();
    private readonly List<Channel<(string Event, string Json)>> _streams = [];
    private readonly ConcurrentDictionary<Guid, UsageEvent> _usage = new();
    private SnapshotDocument _document;

    private FakeCatalogue(WebApplication app, SnapshotDocument document)
    {
        (_app, _document) = (app, document);
    }

    public string Address { get; private set; } = "";

    public IReadOnlyCollection<UsageEvent> Usage => [.. _usage.Values.OrderBy(used => used.StartedAt)];

    public ConcurrentQueue<long> AskedSince { get; } = new();

    /// <summary>Batches that arrived, recorded or not.</summary>
    public int Batches;

    public int Duplicates;

    /// <summary>Records what comes and answers 500 all the same, as a server that dies in between does.</summary>
    public bool FailsAfterRecording { get; set; }

    /// <summary>Answers 400 to a batch that holds an event of this request, and records none of it.</summary>
    public string? RefusedRequestId { get; set; }

    public bool Heartbeats { get; set; } = true;

    public static async Task<FakeCatalogue> StartAsync(SnapshotDocument document)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var catalogue = new FakeCatalogue(builder.Build(), document);
        catalogue._app.MapGet("/internal/snapshot", (RequestDelegate)catalogue.ServeSnapshot);
        catalogue._app.MapPost("/internal/usage", (RequestDelegate)catalogue.TakeUsage);
        await catalogue._app.StartAsync();
        catalogue.Address = catalogue._app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        return catalogue;
    }

    /// <summary>Changes the document and tells every gateway that listens.</summary>
    public void Send(SnapshotDelta delta)
    {
        lock (_lock)
        {
            _document = Orrery.Gateway.SnapshotMerge.Apply(_document, delta);
            Tell(SnapshotEvents.Delta, JsonSerializer.Serialize(delta, ContractsJson.Default.SnapshotDelta));
        }
    }

    /// <summary>Sends an event as it is, and changes nothing here.</summary>
    public void Tell(string @event, string json)
    {
        lock (_lock)
        {
            foreach (var stream in _streams)
            {
                stream.Writer.TryWrite((@event, json));
            }
        }
    }

    /// <summary>Replaces what the next connection gets.</summary>
    public void Replace(SnapshotDocument document)
    {
        lock (_lock)
        {
            _document = document;
        }
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

    private async Task ServeSnapshot(HttpContext http)
    {
        var since = long.Parse(http.Request.Query["since"]!, System.Globalization.CultureInfo.InvariantCulture);
        AskedSince.Enqueue(since);
        if (!http.Request.Headers.ContainsKey("X-Orrery-Internal"))
        {
            http.Response.StatusCode = 401;
            return;
        }

        var stream = Channel.CreateUnbounded<(string Event, string Json)>();
        lock (_lock)
        {
            if (since > _document.Revision)
            {
                http.Response.StatusCode = 410;
                return;
            }

            if (since < _document.Revision || since == 0)
            {
                stream.Writer.TryWrite((SnapshotEvents.Snapshot, JsonSerializer.Serialize(_document, ContractsJson.Default.SnapshotDocument)));
            }

            _streams.Add(stream);
        }

        http.Response.ContentType = "text/event-stream";
        await http.Response.Body.FlushAsync();
        try
        {
            while (true)
            {
                while (stream.Reader.TryRead(out var item))
                {
                    await http.Response.WriteAsync($"event: {item.Event}\ndata: {item.Json}\n\n", http.RequestAborted);
                }

                using var pause = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
                pause.CancelAfter(TimeSpan.FromMilliseconds(200));
                try
                {
                    if (!await stream.Reader.WaitToReadAsync(pause.Token))
                    {
                        http.Abort();
                        return;
                    }
                }
                catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
                {
                    if (Heartbeats)
                    {
                        await http.Response.WriteAsync($"event: heartbeat\ndata: {{\"revision\":{_document.Revision}}}\n\n", http.RequestAborted);
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The gateway went away, as gateways do.
        }
        finally
        {
            lock (_lock)
            {
                _streams.Remove(stream);
            }
        }
    }

    private async Task TakeUsage(HttpContext http)
    {
        var batch = await JsonSerializer.DeserializeAsync(http.Request.Body, ContractsJson.Default.UsageBatch);
        Interlocked.Increment(ref Batches);
        if (batch!.Events.Any(used => used.RequestId == RefusedRequestId))
        {
            http.Response.StatusCode = 400;
            return;
        }

        var recorded = batch.Events.Count(used => _usage.TryAdd(used.Id, used));
        Interlocked.Add(ref Duplicates, batch.Events.Count - recorded);
        if (FailsAfterRecording)
        {
            http.Response.StatusCode = 500;
            return;
        }

        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(JsonSerializer.Serialize(new UsageReceipt(recorded, batch.Events.Count - recorded), ContractsJson.Default.UsageReceipt));
    }
}
