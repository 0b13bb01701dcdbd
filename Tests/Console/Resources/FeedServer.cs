using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Orrery.Contracts;

namespace Orrery.Tests.WebConsole.Resources;

/// <summary>The other end of the feed: says what a test lets it say, and goes away when it is told.</summary>
internal sealed class FeedServer : IAsyncDisposable
{
    public const string Key = "key-of-this-run";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Channel<string>> _readers = new();

    private FeedServer(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        _app = builder.Build();
        _app.Use((http, next) =>
        {
            if (http.Request.Headers[ResourceFeedContract.KeyHeader] == Key)
            {
                return next(http);
            }

            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return http.Response.WriteAsync("Send this run's key.");
        });
        _app.MapGet(ResourceFeedContract.Stream, StreamAsync);
    }

    public WebApplication Routes => _app;

    public int Port => new Uri(_app.Urls.First()).Port;

    /// <summary>How often it has been asked for the stream.</summary>
    public int Asked => _readers.Count;

    public static async Task<FeedServer> StartAsync(int port = 0)
    {
        var server = new FeedServer(port);
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>To the newest reader, as it stands.</summary>
    public async Task SendAsync(string text)
    {
        await Eventually.Holds(() => !_readers.IsEmpty);
        _readers.Last().Writer.TryWrite(text);
    }

    /// <summary>Ends the newest reader's stream as HTTP ends one.</summary>
    public void End() => _readers.Last().Writer.Complete();

    /// <summary>Breaks the newest reader's stream off.</summary>
    public void BreakOff() => _readers.Last().Writer.Complete(new IOException());

    public ValueTask DisposeAsync()
    {
        foreach (var reader in _readers)
        {
            reader.Writer.TryComplete(new IOException());
        }

        return _app.DisposeAsync();
    }

    private async Task StreamAsync(HttpContext http)
    {
        http.Response.ContentType = "text/event-stream";
        await http.Response.WriteAsync(":\n\n", http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
        var reader = Channel.CreateUnbounded<string>();
        _readers.Enqueue(reader);
        try
        {
            await foreach (var text in reader.Reader.ReadAllAsync(http.RequestAborted))
            {
                await http.Response.WriteAsync(text, http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
            }
        }
        catch (IOException)
        {
            http.Abort();
        }
    }
}
