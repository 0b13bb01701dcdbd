namespace Orrery.WebConsole.Live;

/// <summary>A stream of server-sent events that ends when its reader leaves or the Console stops.</summary>
internal sealed class EventStream : IDisposable
{
    private readonly HttpContext _http;
    private readonly CancellationTokenSource _closed;

    public EventStream(HttpContext http)
    {
        _http = http;
        _closed = CancellationTokenSource.CreateLinkedTokenSource(
            http.RequestAborted, http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no"; // nginx would hold events back
    }

    public CancellationToken Closed => _closed.Token;

    /// <param name="name">The event's name.</param>
    /// <param name="data">One line.</param>
    public Task SendAsync(string name, string data) => WriteAsync($"event: {name}\ndata: {data}\n\n");

    public Task BeatAsync() => WriteAsync(":\n\n");

    public void Dispose() => _closed.Dispose();

    private async Task WriteAsync(string text)
    {
        await _http.Response.WriteAsync(text, Closed);
        await _http.Response.Body.FlushAsync(Closed);
    }
}
