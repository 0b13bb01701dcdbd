using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orrery.Contracts;

namespace Orrery.Gateway.Usage;

/// <summary>Posts what the spool holds until the Catalogue has acknowledged it; its own segments, and those that ended replicas left behind.</summary>
internal sealed partial class UsageSender(
    IHttpClientFactory clients,
    UsageSpool spool,
    DataSlot slot,
    IOptions<GatewayOptions> options,
    TimeProvider time,
    Random random,
    ILogger<UsageSender> logger) : BackgroundService
{
    private const int MostEvents = 500;
    private static readonly TimeSpan PostTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FarewellTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan OrphanInterval = TimeSpan.FromSeconds(30);

    /// <summary>Apart from the requests', which are counted.</summary>
    private readonly BufferPool _buffers = new();

    /// <summary>Comes after the spool's: everything is on disk then, and one more try brings it home.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var farewell = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        farewell.CancelAfter(FarewellTimeout);
        foreach (var segment in await spool.TakeClosedAsync(CancellationToken.None))
        {
            if (await TrySendAsync(segment, farewell.Token) is { } fault)
            {
                Log.LeftBehind(logger, slot.Directory, fault);
                return;
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await SendAllAsync(await spool.TakeClosedAsync(stoppingToken), stoppingToken);
            var orphansTimestamp = await SendOrphansAsync(stoppingToken);
            while (true)
            {
                if (await HasDataAsync(stoppingToken))
                {
                    await SendAllAsync(await spool.TakeClosedAsync(stoppingToken), stoppingToken);
                    await Task.Delay(options.Value.UsageInterval, time, stoppingToken);
                }

                if (time.GetElapsedTime(orphansTimestamp) >= OrphanInterval)
                {
                    orphansTimestamp = await SendOrphansAsync(stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Log.Stopping(logger);
        }
    }

    /// <summary>Whether something was written; waits no longer than orphans may.</summary>
    private async Task<bool> HasDataAsync(CancellationToken stoppingToken)
    {
        using var patience = new CancellationTokenSource(OrphanInterval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, patience.Token);
        try
        {
            return await spool.WaitForDataAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<long> SendOrphansAsync(CancellationToken stoppingToken)
    {
        foreach (var orphan in slot.TakeOrphans())
        {
            using (orphan)
            {
                await SendAllAsync(SpoolSegment.In(orphan.Directory), stoppingToken);
            }
        }

        return time.GetTimestamp();
    }

    /// <summary>For ever, with growing pauses: the segments wait on disk, and nobody waits for them.</summary>
    private async Task SendAllAsync(IReadOnlyList<SpoolSegment> segments, CancellationToken stoppingToken)
    {
        foreach (var segment in segments)
        {
            var pause = FirstPause;
            while (await TrySendAsync(segment, stoppingToken) is { } fault)
            {
                Log.NotTaken(logger, fault, pause);
                await Task.Delay(pause * (0.5 + random.NextDouble()), time, stoppingToken);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    /// <returns><c>null</c> when every event of the segment is acknowledged and the file gone; else what is wrong.</returns>
    private async Task<string?> TrySendAsync(SpoolSegment segment, CancellationToken cancellationToken)
    {
        try
        {
            using (var events = new SegmentReader(segment.Path, _buffers))
            {
                while (await events.ReadAsync(MostEvents, cancellationToken))
                {
                    await PostOrSetAsideAsync(segment, events, 0, events.Count, cancellationToken);
                }

                if (events.Skipped > 0)
                {
                    Log.Skipped(logger, segment.Path, events.Skipped);
                }
            }

            File.Delete(segment.Path);
            return null;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException or InvalidDataException
            || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return error.Message;
        }
    }

    /// <summary>An event that the Catalogue will never take is found by halving and set aside: it must not hold up those behind it.</summary>
    private async Task PostOrSetAsideAsync(SpoolSegment segment, SegmentReader events, int start, int count, CancellationToken cancellationToken)
    {
        try
        {
            await PostAsync(events.Events(start, count), count, cancellationToken);
        }
        catch (HttpRequestException error) when (error.StatusCode == HttpStatusCode.BadRequest)
        {
            if (count == 1)
            {
                Log.SetAside(logger, await segment.SetAsideAsync(events.Events(start, 1), cancellationToken));
                return;
            }

            await PostOrSetAsideAsync(segment, events, start, count / 2, cancellationToken);
            await PostOrSetAsideAsync(segment, events, start + (count / 2), count - (count / 2), cancellationToken);
        }
    }

    private async Task PostAsync(ReadOnlyMemory<byte> events, int count, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(PostTimeout);
        using var client = clients.CreateClient("catalogue");
        using var content = new UsageContent(events);
        using var response = await client.PostAsync("/internal/usage", content, patience.Token);
        await SocketThreads.Leave(); // What follows touches files.
        response.EnsureSuccessStatusCode();
        var receipt = await response.Content.ReadFromJsonAsync(ContractsJson.Default.UsageReceipt, patience.Token);
        if (receipt is null || receipt.Recorded + receipt.Duplicates != count)
        {
            throw new InvalidDataException($"The Catalogue acknowledged {receipt?.Recorded} new and {receipt?.Duplicates} known of {count} events.");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(911, LogLevel.Warning, "The Catalogue has not taken usage ({Fault}); it waits on disk, next try in about {Pause}", EventName = "UsageNotTaken")]
        public static partial void NotTaken(ILogger logger, string fault, TimeSpan pause);

        [LoggerMessage(912, LogLevel.Error, "{Path} holds {Count} lines that are no usage events; they are passed over", EventName = "UsageLinesSkipped")]
        public static partial void Skipped(ILogger logger, string path, int count);

        [LoggerMessage(913, LogLevel.Warning, "Usage stays in {Directory} for the next start ({Fault})", EventName = "UsageLeftBehind")]
        public static partial void LeftBehind(ILogger logger, string directory, string fault);

        [LoggerMessage(915, LogLevel.Error, "The Catalogue refuses a usage event as malformed; it is kept in {Path} and not sent again", EventName = "UsageSetAside")]
        public static partial void SetAside(ILogger logger, string path);

        [LoggerMessage(914, LogLevel.Debug, "Usage is no longer posted in the background; the stop posts what is left", EventName = "UsageSenderStopping")]
        public static partial void Stopping(ILogger logger);
    }
}
