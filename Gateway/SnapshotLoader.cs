using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orrery.Contracts;

namespace Orrery.Gateway;

/// <summary>Holds one stream to the Catalogue and swaps the snapshot whenever it says something new; what it says last is kept on disk.</summary>
internal sealed partial class SnapshotLoader(
    IHttpClientFactory clients,
    CurrentSnapshot current,
    SnapshotBuilder builder,
    SnapshotFile file,
    TimeProvider time,
    Random random,
    ILogger<SnapshotLoader> logger) : BackgroundService
{
    /// <summary>Four heartbeats: longer silence is a dead connection, whatever TCP believes.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(2);

    /// <summary>How long a heartbeat may be ahead of what we hold before the stream is taken for broken.</summary>
    private static readonly TimeSpan LongestLag = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(1);

    /// <summary>A large snapshot takes long to write: no more than this share of the time goes into it.</summary>
    private const double SaveShare = 0.05;

    private readonly SnapshotReader _reader = new();
    private long? _savedRevision;
    private long _savedTimestamp;
    private TimeSpan _savePause = SaveInterval;
    private long? _behindSince;
    private bool _wantsWhole;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (await file.LoadAsync(cancellationToken) is { } document)
        {
            current.Swap(builder.Build(document));
            _savedRevision = document.Revision;
            Log.FromDisk(logger, document.Revision);
        }

        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = FirstPause;
        while (!stoppingToken.IsCancellationRequested)
        {
            var before = current.Value;
            try
            {
                await FollowAsync(stoppingToken);
                Log.Ended(logger);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested
                && error is HttpRequestException or IOException or JsonException or OperationCanceledException or InvalidDataException or TimeoutException
                    or Polly.Timeout.TimeoutRejectedException)
            {
                Log.Broken(logger, error.Message);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }

            pause = ReferenceEquals(before, current.Value) ? Min(pause * 2, LongestPause) : FirstPause;
            if (!await TryPauseAsync(pause * (0.5 + random.NextDouble()), stoppingToken))
            {
                break;
            }
        }

        await SaveAsync(CancellationToken.None);
    }

    /// <summary>One connection, until it breaks, falls silent or proves to be out of step.</summary>
    private async Task FollowAsync(CancellationToken stoppingToken)
    {
        var since = _wantsWhole ? 0 : current.Value?.Revision ?? 0;
        _behindSince = null;
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        silence.CancelAfter(LongestSilence);
        using var client = clients.CreateClient("catalogue");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/internal/snapshot?since={since}");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token);
        if (response.StatusCode == HttpStatusCode.Gone)
        {
            _wantsWhole = true;
            return;
        }

        response.EnsureSuccessStatusCode();
        await using var body = new PoolStream(await response.Content.ReadAsStreamAsync(silence.Token));
        var events = SseParser.Create(body, Read); // Read where it lies: a copy of a large snapshot is a large copy.
        await foreach (var item in events.EnumerateAsync(silence.Token))
        {
            silence.CancelAfter(LongestSilence);
            current.Heard();
            if (!Take(item.Data))
            {
                return;
            }

            await SaveWhenDueAsync(stoppingToken);
        }
    }

    /// <summary>Whether the stream still makes sense.</summary>
    private bool Take(object? said) => said switch
    {
        SnapshotDocument document => TakeWhole(document),
        SnapshotDelta delta => TakeDelta(delta),
        SnapshotHeartbeat heartbeat => IsInStep(heartbeat.Revision),
        _ => true,
    };

    private bool TakeWhole(SnapshotDocument document)
    {
        if (!IsReadable(document.Format))
        {
            return true;
        }

        Swap(document);
        _wantsWhole = false;
        return true;
    }

    private bool TakeDelta(SnapshotDelta delta)
    {
        if (!IsReadable(delta.Format))
        {
            return true;
        }

        if (current.Value is not { } held || held.Revision != delta.From)
        {
            _wantsWhole = true;
            Log.OutOfStep(logger, delta.From, current.Value?.Revision ?? 0);
            return false;
        }

        Swap(SnapshotMerge.Apply(held.Document, delta));
        return true;
    }

    private bool IsInStep(long revision)
    {
        if (revision <= (current.Value?.Revision ?? -1))
        {
            _behindSince = null;
            return true;
        }

        _behindSince ??= time.GetTimestamp();
        return time.GetElapsedTime(_behindSince.Value) <= LongestLag;
    }

    private void Swap(SnapshotDocument document)
    {
        current.Swap(builder.Build(document, current.Value));
        _behindSince = null;
        Log.Swapped(logger, document.Revision, document.Models.Count, document.Providers.Count, document.Keys.Count);
    }

    private bool IsReadable(int format)
    {
        if (format is >= SnapshotDocument.OldestFormat and <= SnapshotDocument.CurrentFormat)
        {
            return true;
        }

        Log.UnknownFormat(logger, format, SnapshotDocument.OldestFormat, SnapshotDocument.CurrentFormat);
        return false;
    }

    private async Task SaveWhenDueAsync(CancellationToken cancellationToken)
    {
        if (_savedRevision is null || time.GetElapsedTime(_savedTimestamp) >= _savePause)
        {
            await SaveAsync(cancellationToken);
        }
    }

    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        if (current.Value is { } held && held.Revision != _savedRevision)
        {
            var began = time.GetTimestamp();
            await file.SaveAsync(held.Document, cancellationToken);
            (_savedRevision, _savedTimestamp) = (held.Revision, time.GetTimestamp());
            _savePause = Max(SaveInterval, time.GetElapsedTime(began, _savedTimestamp) / SaveShare);
        }
    }

    private async Task<bool> TryPauseAsync(TimeSpan pause, CancellationToken stoppingToken)
    {
        await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !stoppingToken.IsCancellationRequested;
    }

    /// <returns><c>null</c>: a later release may say more.</returns>
    private object? Read(string type, ReadOnlySpan<byte> data) => type switch
    {
        SnapshotEvents.Snapshot => _reader.Read(data),
        SnapshotEvents.Delta => Read(type, data, ContractsJson.Default.SnapshotDelta),
        SnapshotEvents.Heartbeat => Read(type, data, ContractsJson.Default.SnapshotHeartbeat),
        _ => null,
    };

    private static T Read<T>(string type, ReadOnlySpan<byte> data, JsonTypeInfo<T> info) =>
        JsonSerializer.Deserialize(data, info) ?? throw new InvalidDataException($"The Catalogue sent an empty {type}.");

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static partial class Log
    {
        [LoggerMessage(221, LogLevel.Information, "Started from the snapshot on disk at revision {Revision}", EventName = "SnapshotFromDisk")]
        public static partial void FromDisk(ILogger logger, long revision);

        [LoggerMessage(222, LogLevel.Information, "Snapshot {Revision}: {Models} models, {Providers} providers, {Keys} keys", EventName = "SnapshotSwapped")]
        public static partial void Swapped(ILogger logger, long revision, int models, int providers, int keys);

        [LoggerMessage(223, LogLevel.Debug, "The Catalogue ended the snapshot stream; connecting again", EventName = "SnapshotStreamEnded")]
        public static partial void Ended(ILogger logger);

        [LoggerMessage(224, LogLevel.Warning, "The snapshot stream broke ({Reason}); traffic goes on with what is held, connecting again", EventName = "SnapshotStreamBroken")]
        public static partial void Broken(ILogger logger, string reason);

        [LoggerMessage(225, LogLevel.Warning, "A delta from revision {From} does not fit what is held ({Held}); asking for the whole", EventName = "SnapshotOutOfStep")]
        public static partial void OutOfStep(ILogger logger, long from, long held);

        [LoggerMessage(226, LogLevel.Error, "The Catalogue sends snapshot format {Format}, this release reads {Oldest} to {Newest}; the old snapshot stays in force. Upgrade this gateway", EventName = "SnapshotFormatUnknown")]
        public static partial void UnknownFormat(ILogger logger, int format, int oldest, int newest);
    }
}
