using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Orrery.Contracts;

namespace Orrery.Gateway.Usage;

/// <summary>
/// Usage events on disk before they are anywhere else: one JSON line each, appended to a segment file, one write and at times one sync for all
/// that wait. A segment is closed when the sender asks for it and deleted when the Catalogue has acknowledged it.
/// </summary>
/// <remarks>
/// The queue in between is bounded because a dead disk must not end the process; what does not fit is lost, counted and
/// logged, since holding up answers instead would turn a full disk into an outage.
/// </remarks>
internal sealed partial class UsageSpool : BackgroundService
{
    private const int LongestSegment = 4 << 20;
    private static readonly TimeSpan DiskRetry = TimeSpan.FromSeconds(1);

    /// <summary>Between two writes.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(10);

    /// <summary>Between two syncs while events keep coming; they are dear. When none come for <see cref="Gathering"/>, what is written is synced.</summary>
    private static readonly TimeSpan LongestUnsynced = TimeSpan.FromMilliseconds(50);

    private readonly Channel<UsageEvent> _waiting;
    private readonly Channel<bool> _written = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly SemaphoreSlim _file = new(1, 1);
    private readonly DataSlot _slot;
    private readonly GatewayTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly ILogger<UsageSpool> _logger;
    private readonly ArrayBufferWriter<byte> _lines = new(64 << 10);
    private readonly Utf8JsonWriter _json;
    private FileStream? _segment;
    private long _segmentNumber;
    private long? _unsyncedSince;
    private int _lostSinceLogged;

    public UsageSpool(DataSlot slot, GatewayTelemetry telemetry, IOptions<GatewayOptions> options, TimeProvider time, ILogger<UsageSpool> logger)
    {
        (_slot, _telemetry, _time, _logger) = (slot, telemetry, time, logger);
        _json = new Utf8JsonWriter(_lines);
        _waiting = Channel.CreateBounded<UsageEvent>(new BoundedChannelOptions(options.Value.MaxWaitingUsage) { SingleReader = true });
        _segmentNumber = SpoolSegment.In(slot.Directory).Select(segment => segment.Number).DefaultIfEmpty(0).Max();
    }

    /// <summary>Queues an event for the disk. Never waits.</summary>
    public void Add(UsageEvent used)
    {
        if (!_waiting.Writer.TryWrite(used))
        {
            _telemetry.UsageLost();
            Interlocked.Increment(ref _lostSinceLogged);
        }
    }

    /// <summary>Ends when something has been written since the last call, with <c>false</c> when nothing ever will be.</summary>
    public async ValueTask<bool> WaitForDataAsync(CancellationToken cancellationToken)
    {
        if (!await _written.Reader.WaitToReadAsync(cancellationToken))
        {
            return false;
        }

        _written.Reader.TryRead(out _);
        return true;
    }

    /// <summary>Closes the present segment and returns all closed ones, oldest first.</summary>
    public async Task<IReadOnlyList<SpoolSegment>> TakeClosedAsync(CancellationToken cancellationToken)
    {
        await _file.WaitAsync(cancellationToken);
        try
        {
            await CloseSegmentAsync();
            return SpoolSegment.In(_slot.Directory);
        }
        finally
        {
            _file.Release();
        }
    }

    /// <summary>Runs until the queue is completed and empty, also while the host stops: what is waiting then goes to disk.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var completion = stoppingToken.UnsafeRegister(static self => ((UsageSpool)self!)._waiting.Writer.TryComplete(), this);
        while (await _waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            Gather();
            await AppendUntilWrittenAsync(stoppingToken);
            await Task.Delay(Gathering, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_waiting.Reader.TryPeek(out _))
            {
                await SyncAsync();
            }
        }

        await TakeClosedAsync(CancellationToken.None);
        _written.Writer.TryComplete();
    }

    private void Gather()
    {
        _lines.ResetWrittenCount();
        while (_lines.WrittenCount < LongestSegment && _waiting.Reader.TryRead(out var used))
        {
            _json.Reset();
            JsonSerializer.Serialize(_json, used, UsageLineJson.Default.UsageEvent);
            _json.Flush();
            _lines.Write("\n"u8);
        }

        var lost = Interlocked.Exchange(ref _lostSinceLogged, 0);
        if (lost > 0)
        {
            Log.Lost(_logger, lost);
        }
    }

    private async Task AppendUntilWrittenAsync(CancellationToken stoppingToken)
    {
        while (!await TryAppendAsync())
        {
            if (stoppingToken.IsCancellationRequested)
            {
                return; // The disk refuses and the host is going: this is the loss that was logged.
            }

            await Task.Delay(DiskRetry, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _written.Writer.TryWrite(true);
    }

    private async Task<bool> TryAppendAsync()
    {
        await _file.WaitAsync(CancellationToken.None);
        var start = _segment?.Length ?? 0;
        try
        {
            _segment ??= SpoolSegment.Create(_slot.Directory, ++_segmentNumber);
            await _segment.WriteAsync(_lines.WrittenMemory);
            _unsyncedSince ??= _time.GetTimestamp();
            if (_time.GetElapsedTime(_unsyncedSince.Value) >= LongestUnsynced)
            {
                Sync_NeedsFile();
            }

            if (_segment.Length > LongestSegment)
            {
                await CloseSegmentAsync();
            }

            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log.DiskRefuses(_logger, _slot.Directory, error);
            await AbandonSegmentAsync(start);
            return false;
        }
        finally
        {
            _file.Release();
        }
    }

    private async Task SyncAsync()
    {
        await _file.WaitAsync(CancellationToken.None);
        try
        {
            Sync_NeedsFile();
        }
        catch (IOException error)
        {
            Log.DiskRefuses(_logger, _slot.Directory, error);
        }
        finally
        {
            _file.Release();
        }
    }

    private void Sync_NeedsFile()
    {
        if (_segment is not null && _unsyncedSince is not null)
        {
            RandomAccess.FlushToDisk(_segment.SafeFileHandle);
        }

        _unsyncedSince = null;
    }

    private async Task CloseSegmentAsync()
    {
        if (_segment is not null)
        {
            Sync_NeedsFile();
            await _segment.DisposeAsync();
            _segment = null;
        }
    }

    /// <summary>Cuts off what a failed write may have left, and leaves the segment to the sender.</summary>
    private async Task AbandonSegmentAsync(long length)
    {
        try
        {
            _segment?.SetLength(length);
            await CloseSegmentAsync();
        }
        catch (IOException error)
        {
            Log.DiskRefuses(_logger, _slot.Directory, error);
            _segment = null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(901, LogLevel.Error, "{Count} usage events are lost: the disk does not keep up and the queue is full (Gateway:MaxWaitingUsage)", EventName = "UsageLost")]
        public static partial void Lost(ILogger logger, int count);

        [LoggerMessage(902, LogLevel.Error, "Usage cannot be written below {Directory}; trying again until it can", EventName = "UsageDiskRefuses")]
        public static partial void DiskRefuses(ILogger logger, string directory, Exception error);
    }
}
