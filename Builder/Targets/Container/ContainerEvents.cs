using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;

namespace Orrery.Builder.Targets.Container;

/// <summary>Tells of which deployments something has changed: by the tool's events, and by what this process sees itself.</summary>
internal sealed partial class ContainerEvents(ContainerTool tool, Fleet fleet, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly List<ChannelWriter<string>> _listeners = [];

    /// <summary>Something has changed with this deployment.</summary>
    public void Hint(string uid)
    {
        lock (_lock)
        {
            _listeners.ForEach(listener => listener.TryWrite(uid));
        }
    }

    public async IAsyncEnumerable<string> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Hints only: where nobody reads them, the oldest may go.
        var hints = Channel.CreateBounded<string>(new BoundedChannelOptions(1_000) { FullMode = BoundedChannelFullMode.DropOldest });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        lock (_lock)
        {
            _listeners.Add(hints.Writer);
        }

        var listening = ListenAsync(hints.Writer, stop.Token);
        try
        {
            await foreach (var uid in hints.Reader.ReadAllAsync(cancellationToken))
            {
                yield return uid;
            }
        }
        finally
        {
            lock (_lock)
            {
                _listeners.Remove(hints.Writer);
            }

            await stop.CancelAsync();
            await listening;
        }
    }

    /// <summary>Reads the tool's events; when they end, they begin again, and what was missed is told as a hint of everything.</summary>
    private async Task ListenAsync(ChannelWriter<string> hints, CancellationToken cancellationToken)
    {
        var pause = First;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var began = time.GetTimestamp();
                await ReadAsync(hints, cancellationToken);
                pause = time.GetElapsedTime(began) > Most ? First : pause * 2 < Most ? pause * 2 : Most;
                Log.Ended(logger, pause);
                await Task.Delay(pause, time, cancellationToken);
                foreach (var container in await fleet.AllAsync(cancellationToken))
                {
                    hints.TryWrite(container.Labels.Key.Uid);
                }
            }
            catch (TargetException error)
            {
                Log.Failed(logger, error.Message);
                await WaitAsync(Most, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ReadAsync(ChannelWriter<string> hints, CancellationToken cancellationToken)
    {
        var podman = (await tool.FindAsync(cancellationToken)).IsPodman;
        string[] arguments =
        [
            "events", "--format", podman ? "json" : "{{json .}}",
            "--filter", "type=container", "--filter", $"label={ContainerLabels.InstallationLabel}={fleet.Installation}",
        ];
        await foreach (var line in tool.StreamAsync(arguments, null, cancellationToken))
        {
            if (!line.IsError && UidOf(line.Text) is { } uid)
            {
                hints.TryWrite(uid);
            }
        }
    }

    private async Task WaitAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(pause, time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The listener has left.
        }
    }

    /// <summary>podman has the labels at the top, docker with the actor.</summary>
    internal static string? UidOf(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement.TryGetProperty("Actor", out var actor) ? actor : document.RootElement;
            return root.TryGetProperty("Attributes", out var labels) && labels.ValueKind == JsonValueKind.Object && labels.TryGetProperty(ContainerLabels.UidLabel, out var uid) ? uid.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3321, LogLevel.Debug, "The container tool's events have ended; they begin again in {Pause}", EventName = "ContainerEventsEnded")]
        public static partial void Ended(ILogger logger, TimeSpan pause);

        [LoggerMessage(3322, LogLevel.Warning, "Containers are not watched: {Message}", EventName = "ContainerEventsFailed")]
        public static partial void Failed(ILogger logger, string message);
    }
}
