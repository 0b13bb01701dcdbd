using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Pages;

/// <summary>One line of a waterfall.</summary>
/// <param name="Depth">Parents above it.</param>
/// <param name="From">Where its bar begins, in thousandths of the trace.</param>
/// <param name="Width">In thousandths; never so little that it cannot be seen.</param>
/// <param name="Colour">0 to 7, one a service.</param>
internal sealed record WaterfallRow(Span Span, int Depth, double From, double Width, int Colour)
{
    /// <summary>What is deeper stands no further in: nobody could see it, and a line for each parent of each row makes a page that no browser takes.</summary>
    private const int MostIndent = 24;

    /// <summary>How far in it is drawn.</summary>
    public int Indent => Math.Min(Depth, MostIndent);
}

/// <summary>A trace as rows, a parent directly before its children, by start.</summary>
internal sealed class Waterfall
{
    public const double Whole = 1_000;
    private const int Colours = 8;
    private const double LeastWidth = 3;

    private Waterfall(IReadOnlyList<WaterfallRow> rows, IReadOnlyList<KeyValuePair<string, int>> services, TimeSpan length) =>
        (Rows, Services, Length) = (rows, services, length);

    public IReadOnlyList<WaterfallRow> Rows { get; }

    /// <summary>Each service and its colour.</summary>
    public IReadOnlyList<KeyValuePair<string, int>> Services { get; }

    public TimeSpan Length { get; }

    public static Waterfall Of(Trace trace)
    {
        var length = Math.Max(trace.Summary.Duration.TotalMilliseconds, 0.001);
        var colours = trace.Summary.Services.Select((service, i) => KeyValuePair.Create(service.Key, i % Colours)).ToList();
        var colourOf = colours.ToDictionary();
        var known = trace.Spans.Select(span => span.Id).ToHashSet();
        var children = trace.Spans.Where(span => known.Contains(span.ParentId)).ToLookup(span => span.ParentId);
        var rows = new List<WaterfallRow>(trace.Spans.Count);

        // Not recursive: a trace may be as deep as it has spans. A span whose parent never came stands as a root; of those that go in a circle, the first.
        var shown = new HashSet<SpanId>();
        var open = new Stack<(Span Span, int Depth)>(trace.Spans.Where(span => !known.Contains(span.ParentId)).Concat(trace.Spans).Reverse().Select(span => (span, 0)));
        while (open.TryPop(out var next))
        {
            if (!shown.Add(next.Span.Id))
            {
                continue;
            }

            rows.Add(Row(next.Span, next.Depth));
            foreach (var child in children[next.Span.Id].Reverse())
            {
                open.Push((child, next.Depth + 1));
            }
        }

        return new(rows, colours, trace.Summary.Duration);

        WaterfallRow Row(Span span, int depth)
        {
            var from = Math.Clamp((span.Start - trace.Summary.Start).TotalMilliseconds / length * Whole, 0, Whole - LeastWidth);
            var width = Math.Clamp(span.Duration.TotalMilliseconds / length * Whole, LeastWidth, Whole - from);
            return new(span, depth, from, width, colourOf.GetValueOrDefault(span.Emitter.Service));
        }
    }

    /// <summary>Where a moment lies, in thousandths.</summary>
    public double At(DateTimeOffset time, DateTimeOffset start) =>
        Math.Clamp((time - start).TotalMilliseconds / Math.Max(Length.TotalMilliseconds, 0.001) * Whole, 0, Whole);
}
