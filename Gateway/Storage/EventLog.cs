using System.Buffers;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Storage;

/// <summary>Takes a stream of events and stores each, several together where the database is slower than they come.</summary>
internal sealed class EventLog(RunStore store, Run run, TimeProvider time) : Stream
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly ArrayBufferWriter<byte> _half = new();
    private readonly Lock _lock = new();
    private EventSearch _search;
    private List<byte[]> _waiting = [];
    private Task _storing = Task.CompletedTask;
    private int _stored;

    /// <summary>The data of the last event that says how the whole ended.</summary>
    public ReadOnlyMemory<byte> End { get; private set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Whether an event says how the whole ended.</summary>
    public static bool IsEnd(ReadOnlySpan<byte> sse) =>
        sse.StartsWith("event: response.completed\n"u8) || sse.StartsWith("event: response.incomplete\n"u8) || sse.StartsWith("event: response.failed\n"u8);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _half.Write(buffer.Span);
        var bytes = _half.WrittenSpan;
        var done = 0;
        while (_search.EventLength(bytes[done..]) is var length and > 0)
        {
            Add(bytes.Slice(done, length).ToArray());
            done += length;
        }

        if (done > 0)
        {
            var rest = bytes[done..].ToArray();
            _half.ResetWrittenCount();
            _half.Write(rest);
        }

        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Ends when all is stored, or the run is over.</summary>
    public override async ValueTask DisposeAsync()
    {
        Task storing;
        lock (_lock)
        {
            storing = _storing;
        }

        await storing;
        await base.DisposeAsync();
    }

    /// <summary>The data of an event of one line.</summary>
    private static ReadOnlySpan<byte> DataOf(ReadOnlySpan<byte> sse)
    {
        var position = 0;
        while (SseReader.TryReadLine(sse, ref position, out var line))
        {
            if (SseReader.TryReadData(line, out var data))
            {
                return data;
            }
        }

        return [];
    }

    private void Add(byte[] @event)
    {
        if (IsEnd(@event))
        {
            End = DataOf(@event).ToArray();
        }

        lock (_lock)
        {
            _waiting.Add(@event);
            if (_storing.IsCompleted)
            {
                _storing = Task.Run(StoreAsync);
            }
        }
    }

    private async Task StoreAsync()
    {
        while (true)
        {
            List<byte[]> events;
            lock (_lock)
            {
                if (_waiting.Count == 0 || run.Cancelled.IsCancellationRequested)
                {
                    _storing = Task.CompletedTask; // In the lock: what comes next begins anew.
                    return;
                }

                (events, _waiting) = (_waiting, []);
            }

            if (!await StoreAsync([.. events]))
            {
                run.Cancel(); // It was deleted, cancelled or taken elsewhere.
                continue;
            }

            _stored += events.Count;
            run.HasChanged();
        }
    }

    /// <returns>Whether there is still a place for them.</returns>
    private async Task<bool> StoreAsync(byte[][] events)
    {
        while (!run.Cancelled.IsCancellationRequested)
        {
            try
            {
                return await store.AddEventsAsync(run, _stored, events, CancellationToken.None);
            }
            catch (StorageAwayException)
            {
                await Task.Delay(Pause, time, run.Cancelled).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return false;
    }
}
