using Orrery.WebConsole.SignIn;

namespace Orrery.WebConsole.Live;

/// <summary>A stream of server-sent events that ends when its reader leaves or the Console stops.</summary>
internal sealed class EventStream : IAsyncDisposable
{
    private readonly HttpContext _http;
    private readonly CancellationTokenSource _closed;
    private readonly Task _watching;

    public EventStream(HttpContext http)
    {
        _http = http;
        _closed = CancellationTokenSource.CreateLinkedTokenSource(
            http.RequestAborted, http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        _watching = WatchAsync(http, _closed);
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no"; // nginx would hold events back
    }

    public CancellationToken Closed => _closed.Token;

    /// <param name="name">The event's name.</param>
    /// <param name="data">One line.</param>
    public Task SendAsync(string name, string data) => WriteAsync($"event: {name}\ndata: {data}\n\n");

    public Task BeatAsync() => WriteAsync(":\n\n");

    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync();
        await _watching;
        _closed.Dispose();
    }

    /// <summary>Who may no longer look sees nothing more: a stream ends with its session, as the next page would.</summary>
    private static async Task WatchAsync(HttpContext http, CancellationTokenSource closed)
    {
        var sessions = http.RequestServices.GetRequiredService<Sessions>();
        var (time, interval) = (http.RequestServices.GetRequiredService<TimeProvider>(), sessions.CheckInterval);
        try
        {
            while (true)
            {
                await Task.Delay(interval, time, closed.Token);
                if (await sessions.FindAsync(http, closed.Token) is null)
                {
                    await closed.CancelAsync();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The reader left, or was sent away.
        }
    }

    private async Task WriteAsync(string text)
    {
        await _http.Response.WriteAsync(text, Closed);
        await _http.Response.Body.FlushAsync(Closed);
    }
}
