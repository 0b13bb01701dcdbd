using Microsoft.Extensions.Options;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.History;

/// <param name="Waiting">Spans and log entries on their way to the database.</param>
/// <param name="Written">Items that are there, since the start.</param>
/// <param name="Lost">Items that will never be: too many were waiting, or the database refused them, or their time is none.</param>
internal readonly record struct HistoryCounts(long Waiting, long Written, long Lost);

/// <summary>What has come and is not in the database yet. Taking telemetry in never waits for the database: what does not fit here is counted as lost.</summary>
internal sealed class HistoryQueue(IOptions<HistoryOptions> options)
{
    private readonly bool _isOn = options.Value.KeepFor is not null;
    private readonly int _most = options.Value.MaxWaiting;
    private readonly Lock _lock = new();
    private readonly long _mostBytes = options.Value.MaxWaitingBytes;
    private readonly Queue<Span> _spans = [];
    private readonly Queue<LogRecord> _logs = [];
    private long _bytes;
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _inHand;
    private long _written;
    private long _lost;

    public HistoryCounts Counts
    {
        get
        {
            lock (_lock)
            {
                return new(_spans.Count + _logs.Count + _inHand, _written, _lost);
            }
        }
    }

    public void Offer(IReadOnlyList<Span> spans) => Offer(spans, _spans, TextSize.Of);

    public void Offer(IReadOnlyList<LogRecord> entries) => Offer(entries, _logs, TextSize.Of);

    /// <summary>Ends as soon as something waits.</summary>
    public Task ArrivalAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _spans.Count + _logs.Count > 0 ? Task.CompletedTask : _arrived.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Hands out the oldest that wait; <see cref="Settle"/> tells what became of them.</summary>
    public (List<Span> Spans, List<LogRecord> Logs) Take(int most)
    {
        lock (_lock)
        {
            var taken = (Spans: Take(_spans, most), Logs: Take(_logs, most));
            _inHand += taken.Spans.Count + taken.Logs.Count;
            _bytes -= taken.Spans.Sum(TextSize.Of) + taken.Logs.Sum(TextSize.Of);
            return taken;
        }
    }

    public void Settle(int written, int lost)
    {
        lock (_lock)
        {
            _inHand -= written + lost;
            _written += written;
            _lost += lost;
        }
    }

    private void Offer<T>(IReadOnlyList<T> items, Queue<T> queue, Func<T, long> size)
    {
        if (!_isOn || items.Count == 0)
        {
            return;
        }

        TaskCompletionSource arrived;
        lock (_lock)
        {
            foreach (var item in items)
            {
                var bytes = size(item);
                if (queue.Count < _most && _bytes + bytes <= _mostBytes)
                {
                    queue.Enqueue(item);
                    _bytes += bytes;
                }
                else
                {
                    _lost++;
                }
            }

            arrived = _arrived;
            _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        arrived.SetResult();
    }

    private static List<T> Take<T>(Queue<T> queue, int most)
    {
        var taken = new List<T>(Math.Min(most, queue.Count));
        while (taken.Count < most && queue.TryDequeue(out var item))
        {
            taken.Add(item);
        }

        return taken;
    }
}
