using System.Globalization;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Stores;

/// <summary>A trace as it grows. The store's lock guards it.</summary>
internal sealed class TraceState(Span first)
{
    /// <summary>By start; two that begin at once by id, so that none hides the other.</summary>
    public static readonly IComparer<TraceState> ByStart = Comparer<TraceState>.Create(
        (one, other) => one.Start.CompareTo(other.Start) is not 0 and var order ? order : one.Id.Value.CompareTo(other.Id.Value));

    /// <summary>How far a parent is looked for, so that circles end.</summary>
    private const int FurthestParent = 64;

    private readonly List<Span> _spans = [];
    private readonly Dictionary<SpanId, Span> _byId = [];
    private Span _outermost = first;
    private Span? _modelSpan;
    private HashSet<string>? _answering;
    private int _failed;

    public TraceId Id { get; } = first.TraceId;

    public DateTimeOffset Start { get; private set; } = first.Start;

    public DateTimeOffset End { get; private set; } = first.End;

    public long Bytes { get; private set; }

    public string? RequestId { get; private set; }

    public string? Model { get; private set; }

    public List<KeyValuePair<string, int>> Services { get; } = [];

    public int Count => _spans.Count;

    private TimeSpan Duration => End - Start;

    /// <summary>An earlier span has come. Apart from <see cref="Add"/>, since the store's order hangs on the start.</summary>
    public void BeginAt(DateTimeOffset start) => Start = start;

    public bool Has(SpanId id) => _byId.ContainsKey(id);

    /// <summary>Takes a span that is not here yet.</summary>
    /// <returns>It is the first of its service.</returns>
    public bool Add(Span span)
    {
        _spans.Add(span);
        _byId.Add(span.Id, span);
        End = span.End > End ? span.End : End;
        Bytes += TextSize.Of(span);
        _failed += span.Status == SpanStatus.Error ? 1 : 0;
        RequestId ??= span.Tags.Find("orrery.request_id");
        if (IsFurtherOut(span, _outermost))
        {
            _outermost = span;
        }

        if (span.Tags.Find("gen_ai.request.model") is { } model && (_modelSpan is null || IsFurtherOut(span, _modelSpan)))
        {
            (_modelSpan, Model) = (span, model);
        }

        if (span.Tags.Find("gen_ai.response.model") is { } answering)
        {
            (_answering ??= []).Add(answering);
        }

        var place = Services.FindIndex(service => service.Key == span.Emitter.Service);
        if (place < 0)
        {
            Services.Add(new(span.Emitter.Service, 1));
            return true;
        }

        Services[place] = new(span.Emitter.Service, Services[place].Value + 1);
        return false;
    }

    public bool Matches(in TraceMatch match)
    {
        var filter = match.Filter;
        return (filter.To is not { } to || Start <= to)
            && (filter.Failed is not { } failed || failed == _failed > 0)
            && (filter.AtLeast is not { } least || Duration >= least)
            && (filter.AtMost is not { } most || Duration <= most)
            && (filter.Model is null || filter.Model == Model || _answering?.Contains(filter.Model) is true)
            && (filter.Scope == TraceScope.Everything || (filter.Scope == TraceScope.Models ? Model is not null : _outermost.Kind == SpanKind.Server))
            && (filter.Service is null || TakesPart(filter.Service))
            && (filter.Text is null || Contains(_outermost.Name, filter.Text) || Contains(RequestId, filter.Text) || match.IsInId(Id));
    }

    public TraceSummary Summarise() => new()
    {
        Id = Id,
        Name = _outermost.Name,
        Service = _outermost.Emitter.Service,
        Start = Start,
        Duration = Duration,
        Spans = Count,
        FailedSpans = _failed,
        Services = [.. Services.OrderByDescending(service => service.Key == _outermost.Emitter.Service).ThenByDescending(service => service.Value)],
        IsWhole = _outermost.ParentId.IsEmpty,
        Kind = _outermost.Kind,
        Model = Model,
        Models = [.. (_answering ?? []).Append(Model).OfType<string>().Distinct()],
        RequestId = RequestId,
        InputTokens = Number("gen_ai.usage.input_tokens"),
        OutputTokens = Number("gen_ai.usage.output_tokens"),
        TimeToFirstChunk = double.TryParse(FindTag("gen_ai.response.time_to_first_chunk"), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            && seconds is >= 0 and < 1e6
            ? TimeSpan.FromSeconds(seconds)
            : null,
    };

    public Trace ToTrace() => new(Summarise(), [.. _spans.OrderBy(span => span.Start).ThenBy(Depths())]);

    /// <summary>How far each span is from the outermost that is here; no further than the number of spans, should parents go in a circle.</summary>
    private Func<Span, int> Depths()
    {
        var depths = new Dictionary<SpanId, int>();
        return span =>
        {
            var way = new List<SpanId>();
            var depth = -1;
            for (var at = span; at is not null && !depths.TryGetValue(at.Id, out depth) && way.Count <= _spans.Count; at = _byId.GetValueOrDefault(at.ParentId))
            {
                way.Add(at.Id);
                depth = -1;
            }

            for (var i = way.Count - 1; i >= 0; i--)
            {
                depths[way[i]] = ++depth;
            }

            return depths[span.Id];
        };
    }

    /// <summary>A span without a parent is the outermost; else one that the other comes from; else the one that began first, should what lies between not be here.</summary>
    private bool IsFurtherOut(Span span, Span than) =>
        span.ParentId.IsEmpty != than.ParentId.IsEmpty ? span.ParentId.IsEmpty
        : ComesFrom(than, span) || (!ComesFrom(span, than) && span.Start < than.Start);

    private bool ComesFrom(Span span, Span from)
    {
        for (var steps = 0; steps < FurthestParent && span.ParentId != from.Id; steps++)
        {
            if (!_byId.TryGetValue(span.ParentId, out var parent))
            {
                return false;
            }

            span = parent;
        }

        return span.ParentId == from.Id;
    }

    private bool TakesPart(string service)
    {
        foreach (var (name, _) in Services)
        {
            if (name == service)
            {
                return true;
            }
        }

        return false;
    }

    private static bool Contains(string? text, string part) => text is not null && text.Contains(part, StringComparison.OrdinalIgnoreCase);

    private long? Number(string key) => long.TryParse(FindTag(key), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>The model request's own word, else anybody's.</summary>
    private string? FindTag(string key) =>
        _modelSpan?.Tags.Find(key) ?? (_modelSpan is null ? null : _spans.Select(span => span.Tags.Find(key)).FirstOrDefault(value => value is not null));
}
