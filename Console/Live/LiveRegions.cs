using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Orrery.WebConsole.Stores;

namespace Orrery.WebConsole.Live;

/// <summary>Parts of a page that the server renders anew, and sends, whenever what they show has changed.</summary>
/// <remarks>
/// Server-sent events: <c>html</c> with the part as a JSON string. The page's script puts it in place of what was there, so a page without its script is
/// whole, only not live.
/// </remarks>
internal static class LiveRegions
{
    /// <summary>Changes nearer to each other than this are sent together.</summary>
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(700);

    /// <summary>Sends a comment when nothing changes, so that a connection that is gone is noticed.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Times as long as drawing took.</summary>
    private const int RestOfWork = 9;

    /// <summary>Readers at once; a browser that is told 503 tries again.</summary>
    private const int MostStreams = 100;

    private static int _streams;

    /// <summary>Lines in one event, at most.</summary>
    private const int MostLines = 500;

    /// <summary>Serves the part <typeparamref name="TPart"/> at <paramref name="pattern"/>.</summary>
    /// <param name="routes">Where it is added.</param>
    /// <param name="pattern">The address that the page gives its part.</param>
    /// <param name="changes">What tells that there is something new.</param>
    /// <param name="parameters">The part's parameters, read from the address.</param>
    /// <param name="version">Reads the address once, and gives a function that tells whether the part itself has changed; absent: every change may be its.</param>
    public static void MapLive<TPart>(
        this IEndpointRouteBuilder routes, string pattern, Func<HttpContext, ChangeSignal> changes, Func<HttpContext, Dictionary<string, object?>> parameters,
        Func<HttpContext, Func<long>>? version = null)
        where TPart : IComponent =>
        routes.MapGet(pattern, http => BoundedAsync(http, () => StreamAsync<TPart>(http, changes(http), parameters(http), version?.Invoke(http))));

    /// <summary>Serves what is added to a list at <paramref name="pattern"/>: each time <paramref name="next"/> has something, rendered by <typeparamref name="TPart"/>.</summary>
    /// <param name="routes">Where it is added.</param>
    /// <param name="pattern">The address that the page gives its list.</param>
    /// <param name="changes">What tells that there is something new.</param>
    /// <param name="next">Reads the address once, and gives a function that returns what is new since it was last called; <c>null</c> for nothing.</param>
    public static void MapTail<TPart>(
        this IEndpointRouteBuilder routes, string pattern, Func<HttpContext, ChangeSignal> changes, Func<HttpContext, Func<Dictionary<string, object?>?>> next)
        where TPart : IComponent =>
        routes.MapGet(pattern, http => BoundedAsync(http, () => TailAsync<TPart>(http, changes(http), next(http))));

    /// <summary>Serves lines as they come, those that come together in one event.</summary>
    /// <param name="routes">Where it is added.</param>
    /// <param name="pattern">The address that the page gives its list.</param>
    /// <param name="parameter">The parameter of <typeparamref name="TPart"/> that takes the lines.</param>
    /// <param name="lines">Gives them, until its token ends.</param>
    public static void MapLines<TPart, TLine>(
        this IEndpointRouteBuilder routes, string pattern, string parameter, Func<HttpContext, CancellationToken, IAsyncEnumerable<TLine>> lines)
        where TPart : IComponent => routes.MapGet(pattern, http => BoundedAsync(http, async () =>
    {
        await using var renderer = new HtmlRenderer(http.RequestServices, http.RequestServices.GetRequiredService<ILoggerFactory>());
        await using var stream = new EventStream(http);
        try
        {
            await stream.BeatAsync();
            await foreach (var batch in lines(http, stream.Closed).TogetherAsync(MostLines, stream.Closed))
            {
                await stream.SendAsync("append", JsonSerializer.Serialize(await RenderAsync<TPart>(renderer, new() { [parameter] = batch })));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or HttpRequestException or IOException)
        {
            // The reader left, or the AppHost is gone; the page tries again.
        }
    }));

    private static async Task BoundedAsync(HttpContext http, Func<Task> stream)
    {
        try
        {
            if (Interlocked.Increment(ref _streams) > MostStreams)
            {
                http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                http.Response.Headers.RetryAfter = "5";
                await http.Response.WriteAsync($"{MostStreams} readers follow live already.", http.RequestAborted);
                return;
            }

            await stream();
        }
        finally
        {
            Interlocked.Decrement(ref _streams);
        }
    }

    private static Task TailAsync<TPart>(HttpContext http, ChangeSignal changes, Func<Dictionary<string, object?>?> next)
        where TPart : IComponent => FollowAsync(http, changes, async (renderer, stream) =>
    {
        if (next() is { } parameters)
        {
            await stream.SendAsync("append", JsonSerializer.Serialize(await RenderAsync<TPart>(renderer, parameters)));
        }
    });

    private static Task StreamAsync<TPart>(HttpContext http, ChangeSignal changes, Dictionary<string, object?> parameters, Func<long>? version)
        where TPart : IComponent
    {
        var (sent, shown) = ("", long.MinValue);
        return FollowAsync(http, changes, async (renderer, stream) =>
        {
            if (version is not null)
            {
                var now = version();
                if (now == shown)
                {
                    return;
                }

                shown = now;
            }

            var html = await RenderAsync<TPart>(renderer, parameters);
            if (html != sent)
            {
                await stream.SendAsync("html", JsonSerializer.Serialize(sent = html));
            }
        });
    }

    private static async Task FollowAsync(HttpContext http, ChangeSignal changes, Func<HtmlRenderer, EventStream, Task> send)
    {
        var time = http.RequestServices.GetRequiredService<TimeProvider>();
        await using var renderer = new HtmlRenderer(http.RequestServices, http.RequestServices.GetRequiredService<ILoggerFactory>());
        await using var stream = new EventStream(http);
        try
        {
            await stream.BeatAsync();
            while (true)
            {
                var (seen, began) = (changes.Version, time.GetTimestamp());
                await send(renderer, stream);

                // What takes long to draw is drawn less often, so that readers of large pages leave room for what comes in.
                await Task.Delay(TimeSpan.FromTicks(Math.Max(LeastPause.Ticks, RestOfWork * time.GetElapsedTime(began).Ticks)), time, stream.Closed);
                while (!await ChangedAsync(changes, seen, time, stream.Closed))
                {
                    await stream.BeatAsync();
                }
            }
        }
        catch (OperationCanceledException) when (stream.Closed.IsCancellationRequested)
        {
            // The reader left, or the Console stops.
        }
    }

    private static async Task<bool> ChangedAsync(ChangeSignal changes, long seen, TimeProvider time, CancellationToken closed)
    {
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(closed);
        var changed = changes.WaitAsync(seen, pause.Token);
        var first = await Task.WhenAny(changed, Task.Delay(Heartbeat, time, pause.Token));
        await pause.CancelAsync();
        closed.ThrowIfCancellationRequested();
        return first == changed;
    }

    private static Task<string> RenderAsync<TPart>(HtmlRenderer renderer, Dictionary<string, object?> parameters)
        where TPart : IComponent =>
        renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<TPart>(ParameterView.FromDictionary(parameters))).ToHtmlString());
}
