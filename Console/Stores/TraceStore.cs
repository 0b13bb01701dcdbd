using Microsoft.Extensions.Options;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Stores;

/// <summary>The newest traces, in memory. One lock; under it nothing waits.</summary>
internal sealed class TraceStore(IOptions<StoreLimits> limits)
{
    private readonly StoreLimits _limits = limits.Value;
    private readonly Lock _lock = new();
    private readonly Dictionary<TraceId, TraceState> _traces = [];
    private readonly Dictionary<string, TraceId> _byRequest = new(StringComparer.Ordinal);
    private readonly Queue<TraceState> _arrived = new(); // Oldest first: who has to go.
    private readonly SortedSet<TraceState> _byStart = new(TraceState.ByStart);
    private readonly Tally _services = new();
    private readonly Tally _models = new();
    private long _held;
    private long _bytes;
    private long _received;
    private long _evicted;
    private long _dropped;

    public ChangeSignal Changes { get; } = new();

    public StoreCounts Counts
    {
        get
        {
            lock (_lock)
            {
                return new(_held, _limits.MaxSpans, _bytes, _received, _evicted, _dropped, _byStart.Min?.Start);
            }
        }
    }

    /// <summary>Adds spans; one that is here already is left as it is.</summary>
    /// <returns>How many could not be kept, because their trace has too many.</returns>
    public int Add(IReadOnlyList<Span> spans)
    {
        long received, tooMany;
        lock (_lock)
        {
            (received, tooMany) = (_received, _dropped);
            foreach (var span in spans)
            {
                Add_NeedsLock(span);
            }

            Evict_NeedsLock();
            (received, tooMany) = (_received - received, _dropped - tooMany);
        }

        if (received > 0)
        {
            Changes.Set();
        }

        return (int)tooMany;
    }

    public TraceList List(TraceFilter filter)
    {
        var (found, matches) = (new List<TraceSummary>(), 0);
        var match = new TraceMatch(filter);
        lock (_lock)
        {
            foreach (var trace in _byStart.Reverse())
            {
                if (filter.From is { } from && trace.Start < from)
                {
                    break; // All that follow began before it too.
                }

                if (trace.Matches(match) && matches++ >= filter.Skip && found.Count < filter.Limit)
                {
                    found.Add(trace.Summarise());
                }
            }
        }

        return new(found, matches);
    }

    public Trace? Find(TraceId id)
    {
        lock (_lock)
        {
            return _traces.GetValueOrDefault(id)?.ToTrace();
        }
    }

    /// <summary>Spans of a trace that are here.</summary>
    public int SpansOf(TraceId id)
    {
        lock (_lock)
        {
            return _traces.GetValueOrDefault(id)?.Count ?? 0;
        }
    }

    public TraceSummary? Summarise(TraceId id)
    {
        lock (_lock)
        {
            return _traces.GetValueOrDefault(id)?.Summarise();
        }
    }

    /// <summary>The trace that these spans, all of one, make.</summary>
    public static Trace Assemble(IReadOnlyList<Span> spans)
    {
        var state = new TraceState(spans[0]);
        foreach (var span in spans.Where(span => !state.Has(span.Id)))
        {
            state.Add(span);
            state.BeginAt(span.Start < state.Start ? span.Start : state.Start);
        }

        return state.ToTrace();
    }

    /// <summary>The trace that carries the tag <c>orrery.request_id</c>.</summary>
    public TraceId? FindByRequest(string requestId)
    {
        lock (_lock)
        {
            return _byRequest.TryGetValue(requestId, out var id) ? id : null;
        }
    }

    /// <summary>Every service with a trace here, by name.</summary>
    public IReadOnlyList<string> Services()
    {
        lock (_lock)
        {
            return _services.Names();
        }
    }

    /// <summary>Every model that a trace here asks for, by name.</summary>
    public IReadOnlyList<string> Models()
    {
        lock (_lock)
        {
            return _models.Names();
        }
    }

    private void Add_NeedsLock(Span span)
    {
        if (!_traces.TryGetValue(span.TraceId, out var trace))
        {
            _traces[span.TraceId] = trace = new(span);
            _arrived.Enqueue(trace);
            _byStart.Add(trace);
        }
        else if (trace.Has(span.Id))
        {
            return; // A retry.
        }
        else if (trace.Count >= _limits.MaxSpansPerTrace)
        {
            _received++;
            _dropped++;
            return;
        }
        else if (span.Start < trace.Start)
        {
            _byStart.Remove(trace);
            trace.BeginAt(span.Start);
            _byStart.Add(trace);
        }

        var (before, model) = (trace.Bytes, trace.Model);
        if (trace.Add(span))
        {
            _services.Add(span.Emitter.Service);
        }

        _received++;
        _held++;
        _bytes += trace.Bytes - before;
        if (trace.Model != model)
        {
            _models.Remove(model);
            _models.Add(trace.Model);
        }

        if (trace.RequestId is { } request)
        {
            _byRequest[request] = trace.Id;
        }
    }

    private void Evict_NeedsLock()
    {
        // The newest trace stays even when it alone is too large: what is looked at now is worth most.
        while ((_held > _limits.MaxSpans || _bytes > _limits.MaxTraceBytes) && _arrived.Count > 1)
        {
            var oldest = _arrived.Dequeue();
            _traces.Remove(oldest.Id);
            _byStart.Remove(oldest);
            _held -= oldest.Count;
            _bytes -= oldest.Bytes;
            _evicted += oldest.Count;
            _models.Remove(oldest.Model);
            foreach (var (service, _) in oldest.Services)
            {
                _services.Remove(service);
            }

            if (oldest.RequestId is { } request && _byRequest.GetValueOrDefault(request) == oldest.Id)
            {
                _byRequest.Remove(request);
            }
        }
    }
}
