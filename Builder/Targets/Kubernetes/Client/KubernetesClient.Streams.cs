using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orrery.Builder.Targets.Kubernetes.Client;

/// <summary>What does not end: watches and logs.</summary>
internal sealed partial class KubernetesClient
{
    /// <summary>Of a line of a log; the rest of a longer one follows as lines of their own.</summary>
    private const int LongestLogLine = 64 * 1024;

    private static readonly TimeSpan LongestWatchPause = TimeSpan.FromSeconds(30);

    /// <summary>
    /// All objects there are, and from then on every change, until it is cancelled: where the stream ends, it goes on after what was seen last;
    /// where the server remembers that no more (410), all are listed anew. Failures are logged and tried again with growing pauses.
    /// </summary>
    public async IAsyncEnumerable<WatchEvent> WatchAsync(
        KubernetesResource resource, string? ns, string? labelSelector, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? version = null;
        var failures = 0;
        while (true)
        {
            // A list ends too, and the watch follows at once.
            var isList = version is null;
            await using var source = (version is null ? ListedAsync(resource, ns, labelSelector, cancellationToken) : ChangesAsync(resource, ns, labelSelector, version, cancellationToken))
                .GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                Exception? failure = null;
                var more = false;
                try
                {
                    more = await source.MoveNextAsync();
                }
                catch (Exception error) when (error is KubernetesException or TargetException)
                {
                    failure = error;
                }

                if (failure is KubernetesException { Status: 410 })
                {
                    version = null;
                    break;
                }

                if (failure is not null)
                {
                    var pause = TimeSpan.FromTicks(Math.Min((Backoff(++failures) * 4).Ticks, LongestWatchPause.Ticks));
                    Log.WatchEnds(logger, failure.Message, pause);
                    await Task.Delay(pause, time, cancellationToken);
                    break;
                }

                if (!more)
                {
                    // Servers end watches now and then; one that ends every one at once is not asked without a breath.
                    await Task.Delay(isList ? TimeSpan.Zero : FirstPause, time, cancellationToken);
                    break;
                }

                failures = 0;
                version = source.Current.ResourceVersion ?? version;
                if (source.Current.Object is not null)
                {
                    yield return source.Current;
                }
            }
        }
    }

    /// <summary>The lines of a container's log.</summary>
    public async IAsyncEnumerable<LogLine> LogsAsync(
        string ns, string pod, string container, LogQuestion question, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await SendAsync(
            new(HttpMethod.Get, "get", KubernetesResource.Pods, ns, pod, "log")
            {
                Query =
                [
                    ("container", container), ("timestamps", "true"), ("follow", question.Follow ? "true" : null), ("previous", question.Previous ? "true" : null),
                    ("tailLines", question.Tail?.ToString(CultureInfo.InvariantCulture)),
                ],
                Accept = "*/*",
            },
            cancellationToken);
        await foreach (var line in LinesAsync(await response.Content.ReadAsStreamAsync(cancellationToken), LongestLogLine, question.Follow ? null : Deadline, cancellationToken))
        {
            yield return ReadLogLine(line);
        }
    }

    private async IAsyncEnumerable<WatchEvent> ListedAsync(
        KubernetesResource resource, string? ns, string? labelSelector, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var list = await ListAsync(resource, ns, cancellationToken, labelSelector);
        foreach (var item in list.Items)
        {
            yield return new WatchEvent("LISTED", item, null);
        }

        // Only now: whoever stops in between has to list again.
        yield return new WatchEvent("BOOKMARK", null, list.ResourceVersion);
    }

    private async IAsyncEnumerable<WatchEvent> ChangesAsync(
        KubernetesResource resource, string? ns, string? labelSelector, string version, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await SendAsync(
            new(HttpMethod.Get, "watch", resource, ns)
            {
                Query =
                [
                    ("watch", "true"), ("labelSelector", labelSelector), ("resourceVersion", version), ("allowWatchBookmarks", "true"),
                    // The server ends it before we would take it for dead.
                    ("timeoutSeconds", Math.Max(1, (int)(WatchIdle.TotalSeconds * 0.8)).ToString(CultureInfo.InvariantCulture)),
                ],
            },
            cancellationToken);
        await foreach (var line in LinesAsync(await response.Content.ReadAsStreamAsync(cancellationToken), LargestAnswer, WatchIdle, cancellationToken))
        {
            if (line.Length > 0)
            {
                yield return ReadEvent(line, resource);
            }
        }
    }

    private WatchEvent ReadEvent(string line, KubernetesResource resource)
    {
        JsonObject? root;
        try
        {
            root = JsonNode.Parse(line) as JsonObject;
        }
        catch (JsonException error)
        {
            throw new KubernetesException(0, "NoJson", $"{Where} sent a line of a watch of {resource.Plural} that is no JSON.", error);
        }

        var body = root.Map("object");
        return root.Text("type") switch
        {
            "ERROR" => throw new KubernetesException(body.Whole("code") ?? 0, body.Text("reason") ?? "Error", $"The API server ended a watch of {resource.Plural}: {body.Text("message")}"),
            "BOOKMARK" => new WatchEvent("BOOKMARK", null, body.Text("metadata", "resourceVersion")),
            var type => new WatchEvent(type ?? "", body, body.Text("metadata", "resourceVersion")),
        };
    }

    /// <summary>Lines of a body, the last one too where nothing ends it.</summary>
    /// <param name="idle">How long nothing may come; absent: for ever.</param>
    private async IAsyncEnumerable<string> LinesAsync(Stream body, int longest, TimeSpan? idle, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(body);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var timer = time.CreateTimer(_ => deadline.Cancel(), null, idle ?? Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            while (true)
            {
                ReadResult result;
                try
                {
                    result = await reader.ReadAsync(deadline.Token);
                }
                catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
                {
                    throw new KubernetesException(
                        0, "Unreachable", $"{Where} {(error is OperationCanceledException ? $"said nothing for {idle?.TotalSeconds:0} s" : $"broke off ({error.Message.TrimEnd('.')})")}.", error);
                }

                timer.Change(idle ?? Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                var buffer = result.Buffer;
                while (buffer.PositionOf((byte)'\n') is { } end)
                {
                    var line = buffer.Slice(0, end);
                    buffer = buffer.Slice(buffer.GetPosition(1, end));
                    yield return Encoding.UTF8.GetString(line).TrimEnd('\r');
                }

                if (buffer.Length > longest || (result.IsCompleted && buffer.Length > 0))
                {
                    yield return Encoding.UTF8.GetString(buffer);
                    buffer = buffer.Slice(buffer.End);
                }

                reader.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted)
                {
                    yield break;
                }
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    // "2026-01-01T00:00:00.123456789Z text"
    private static LogLine ReadLogLine(string line)
    {
        var blank = line.IndexOf(' ', StringComparison.Ordinal);
        return blank > 0 && DateTimeOffset.TryParse(line.AsSpan(0, blank), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? new LogLine(at, line[(blank + 1)..])
            : new LogLine(null, line);
    }
}

/// <param name="Type"><c>LISTED</c>, <c>ADDED</c>, <c>MODIFIED</c>, <c>DELETED</c>; <c>BOOKMARK</c> without an object.</param>
/// <param name="ResourceVersion">From where to go on; absent while a list is handed out.</param>
internal sealed record WatchEvent(string Type, JsonObject? Object, string? ResourceVersion);
