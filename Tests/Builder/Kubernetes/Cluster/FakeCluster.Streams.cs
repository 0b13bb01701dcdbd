using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Orrery.Tests.Builder.Kubernetes.Cluster;

/// <summary>Watches and logs.</summary>
internal sealed partial class FakeCluster
{
    private TaskCompletionSource _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What pods have written, by name, and before by <c>NAME previous</c>.</summary>
    public ConcurrentDictionary<string, string> Logs { get; } = new();

    /// <summary>The watches that were begun, with the resourceVersion that they go on from.</summary>
    public ConcurrentQueue<string> Watches { get; } = new();

    /// <summary>Ends all watches as a server that restarts would.</summary>
    public void CutWatches()
    {
        var cut = _cut;
        _cut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cut.TrySetResult();
    }

    private async Task WatchAsync(HttpContext context, At at)
    {
        var from = int.Parse(context.Request.Query["resourceVersion"].ToString(), System.Globalization.CultureInfo.InvariantCulture);
        Watches.Enqueue($"{at.Plural} {from}");
        var cut = _cut.Task;
        context.Response.ContentType = "application/json";
        await context.Response.StartAsync(context.RequestAborted);
        await WriteEventAsync(context, "BOOKMARK", new JsonObject { ["kind"] = "Bookmark", ["metadata"] = new JsonObject { ["resourceVersion"] = Text(from) } });
        while (!cut.IsCompleted && !_stop.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            List<Happening> news;
            Task more;
            lock (_lock)
            {
                more = _changed.Task;
                news = [.. _changes.Where(one => one.Version > from && Belongs(at, one.Path) && Matches(one.Object, context.Request.Query["labelSelector"], context.Request.Query["fieldSelector"]))];
                if (from < _forgotten)
                {
                    news = [new Happening(0, "ERROR", "", Status(410, "Expired", "too old resource version").Answer.AsObject())];
                }
            }

            foreach (var one in news)
            {
                from = one.Version;
                await WriteEventAsync(context, one.Type, one.Object);
            }

            if (news is [{ Type: "ERROR" }])
            {
                return;
            }

            await Task.WhenAny(more, cut, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted), Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stop.Token));
        }
    }

    private static async Task WriteEventAsync(HttpContext context, string type, JsonObject body)
    {
        await context.Response.WriteAsync(new JsonObject { ["type"] = type, ["object"] = body.DeepClone() }.ToJsonString() + "\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    private async Task LogAsync(HttpContext context, At at)
    {
        var previous = context.Request.Query["previous"] == "true";
        if (!Logs.TryGetValue(previous ? $"{at.Name} previous" : at.Name!, out var log))
        {
            await WriteAsync(context, Status(400, "BadRequest", previous
                ? $"previous terminated container \"server\" in pod \"{at.Name}\" not found"
                : $"container \"server\" in pod \"{at.Name}\" is waiting to start: ContainerCreating"));
            return;
        }

        var lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var tail = int.TryParse(context.Request.Query["tailLines"], out var asked) ? asked : lines.Length;
        context.Response.ContentType = "text/plain";
        foreach (var line in lines.TakeLast(tail))
        {
            await context.Response.WriteAsync($"2026-01-01T00:00:00.000000000Z {line}\n", context.RequestAborted);
        }

        await context.Response.Body.FlushAsync(context.RequestAborted);
        if (context.Request.Query["follow"] == "true")
        {
            while (Logs.TryGetValue(at.Name!, out var now) && !_stop.IsCancellationRequested)
            {
                if (now.Length > log.Length)
                {
                    await context.Response.WriteAsync($"2026-01-01T00:00:01.000000000Z {now[log.Length..].Trim()}\n", context.RequestAborted);
                    await context.Response.Body.FlushAsync(context.RequestAborted);
                    log = now;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, context.RequestAborted);
            }
        }
    }
}
