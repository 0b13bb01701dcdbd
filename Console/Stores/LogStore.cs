using Microsoft.Extensions.Options;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Stores;

/// <summary>The newest log entries, in memory, in the order in which they came.</summary>
internal sealed class LogStore(IOptions<StoreLimits> limits)
{
    private readonly StoreLimits _limits = limits.Value;
    private readonly Lock _lock = new();
    private readonly Queue<LogRecord> _entries = new();
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
                return new(_entries.Count, _limits.MaxLogs, _bytes, _received, _evicted, Dropped: 0, _entries.TryPeek(out var oldest) ? oldest.Time : null);
            }
        }
    }

    public void Add(IReadOnlyList<LogRecord> entries)
    {
        lock (_lock)
        {
            foreach (var entry in entries)
            {
                entry.Number = ++_received;
                _entries.Enqueue(entry);
                _services.Add(entry.Emitter.Service);
                _bytes += SizeOf(entry);
            }

            while (_entries.Count > _limits.MaxLogs || (_bytes > _limits.MaxLogBytes && _entries.Count > 1))
            {
                var oldest = _entries.Dequeue();
                _services.Remove(oldest.Emitter.Service);
                _bytes -= SizeOf(oldest);
                _evicted++;
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
        LogRecord[] all;
        lock (_lock)
        {
            all = [.. _entries];
        }

        var found = new List<LogRecord>();
        for (var i = all.Length - 1; i >= 0 && found.Count < filter.Limit && all[i].Number > filter.After; i--)
        {
            if (Matches(all[i], filter))
            {
                found.Add(all[i]);
            }
        }

        found.Reverse();
        return found;
    }

    /// <summary>Every service with an entry here, by name.</summary>
    public IReadOnlyList<string> Services()
    {
        lock (_lock)
        {
            return _services.Names();
        }
    }

    private static bool Matches(LogRecord entry, LogFilter filter) =>
        (filter.Before == 0 || entry.Number < filter.Before)
        && entry.Severity >= filter.AtLeast
        && (filter.TraceId is not { } trace || entry.TraceId == trace)
        && (filter.Service is null || entry.Emitter.Service == filter.Service || entry.Emitter.Instance == filter.Service)
        && (filter.From is not { } from || entry.Time >= from)
        && (filter.To is not { } to || entry.Time <= to)
        && (filter.Text is not { } text || Contains(entry.Body, text) || Contains(entry.Category, text) || entry.Tags.Any(tag => Contains(tag.Value, text)));

    private static bool Contains(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);

    private static long SizeOf(LogRecord entry) => 160 + TextSize.Of(entry.Body) + TextSize.Of(entry.Tags);
}
