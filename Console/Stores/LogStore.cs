using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Stores;

/// <summary>The newest log entries, in memory, in the order in which they came.</summary>
internal sealed class LogStore(IOptions<StoreLimits> limits)
{
    /// <summary>Looked at by one reader at a time without the lock; most questions are answered by the first.</summary>
    private const int Chunk = 1024;

    private readonly StoreLimits _limits = limits.Value;
    private readonly Lock _lock = new();
    private readonly Dictionary<TraceId, Queue<LogRecord>> _byTrace = [];
    private readonly LogRecord?[] _ring = new LogRecord?[limits.Value.MaxLogs]; // At number % length.
    private readonly Tally _services = new();
    private long _bytes;
    private long _received;
    private long _evicted;

    public ChangeSignal Changes { get; } = new();

    public StoreCounts Counts
    {
        get
        {
            lock (_lock)
            {
                return new(_received - _evicted, _limits.MaxLogs, _bytes, _received, _evicted, Dropped: 0, _received > _evicted ? At_NeedsLock(_evicted + 1).Time : null);
            }
        }
    }

    public void Add(IReadOnlyList<LogRecord> entries)
    {
        lock (_lock)
        {
            foreach (var entry in entries)
            {
                Add_NeedsLock(entry);
            }
        }

        if (entries.Count > 0)
        {
            Changes.Set();
        }
    }

    /// <returns>The newest that match, oldest first.</returns>
    public IReadOnlyList<LogRecord> List(LogFilter filter)
    {
        var found = new List<LogRecord>();
        if (filter.TraceId is { } trace)
        {
            foreach (var entry in OfTrace(trace).Reverse().Where(entry => Matches(entry, filter)).Take(filter.Limit))
            {
                found.Add(entry);
            }
        }
        else
        {
            Search(filter, found);
        }

        found.Reverse();
        return found;
    }

    /// <summary>Entries of a trace that are here.</summary>
    public int CountOf(TraceId trace)
    {
        lock (_lock)
        {
            return _byTrace.TryGetValue(trace, out var entries) ? entries.Count : 0;
        }
    }

    /// <summary>Every service with an entry here, by name.</summary>
    public IReadOnlyList<string> Services()
    {
        lock (_lock)
        {
            return _services.Names();
        }
    }

    private void Add_NeedsLock(LogRecord entry)
    {
        if (_received - _evicted == _ring.Length)
        {
            Evict_NeedsLock();
        }

        entry.Number = ++_received;
        _ring[entry.Number % _ring.Length] = entry;
        _services.Add(entry.Emitter.Service);
        _bytes += TextSize.Of(entry);
        if (!entry.TraceId.IsEmpty)
        {
            (CollectionsMarshal.GetValueRefOrAddDefault(_byTrace, entry.TraceId, out _) ??= new(1)).Enqueue(entry);
        }

        // The newest stays even when it alone is too large.
        while (_bytes > _limits.MaxLogBytes && _received - _evicted > 1)
        {
            Evict_NeedsLock();
        }
    }

    private void Evict_NeedsLock()
    {
        var oldest = At_NeedsLock(++_evicted);
        _ring[oldest.Number % _ring.Length] = null;
        _services.Remove(oldest.Emitter.Service);
        _bytes -= TextSize.Of(oldest);
        if (_byTrace.TryGetValue(oldest.TraceId, out var ofTrace))
        {
            ofTrace.Dequeue();
            if (ofTrace.Count == 0)
            {
                _byTrace.Remove(oldest.TraceId);
            }
        }
    }

    private LogRecord At_NeedsLock(long number) => _ring[number % _ring.Length]!;

    private LogRecord[] OfTrace(TraceId trace)
    {
        lock (_lock)
        {
            return _byTrace.TryGetValue(trace, out var entries) ? [.. entries] : [];
        }
    }

    /// <summary>From the newest backwards, a chunk at a time, so that writers wait for a copy and never for a search.</summary>
    private void Search(LogFilter filter, List<LogRecord> found)
    {
        var chunk = new LogRecord[Chunk];
        var next = filter.Before > 0 ? filter.Before - 1 : long.MaxValue;
        while (found.Count < filter.Limit)
        {
            var count = 0;
            lock (_lock)
            {
                next = Math.Min(next, _received);
                for (; count < Chunk && next > _evicted && next > filter.After; count++, next--)
                {
                    chunk[count] = At_NeedsLock(next);
                }
            }

            if (count == 0)
            {
                return;
            }

            for (var i = 0; i < count && found.Count < filter.Limit; i++)
            {
                if (Matches(chunk[i], filter))
                {
                    found.Add(chunk[i]);
                }
            }
        }
    }

    private static bool Matches(LogRecord entry, LogFilter filter) =>
        entry.Number > filter.After
        && (filter.Before == 0 || entry.Number < filter.Before)
        && entry.Severity >= filter.AtLeast
        && (filter.Service is null || entry.Emitter.Service == filter.Service || entry.Emitter.Instance == filter.Service)
        && (filter.From is not { } from || entry.Time >= from)
        && (filter.To is not { } to || entry.Time <= to)
        && (filter.Text is not { } text || Contains(entry.Body, text) || Contains(entry.Category, text) || entry.Tags.Any(tag => Contains(tag.Value, text)));

    private static bool Contains(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}
