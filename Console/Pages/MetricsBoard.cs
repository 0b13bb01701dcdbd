using Orrery.ServiceDefaults;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;
using Attributes = Orrery.ServiceDefaults.GenAiNames.Attributes;

namespace Orrery.WebConsole.Pages;

/// <summary>Which charts, for which model, over which time.</summary>
public sealed record BoardFilter(string? Model, TimeSpan Within);

/// <summary>A heading and its charts.</summary>
internal sealed record BoardSection(string Title, IReadOnlyList<Chart> Charts);

/// <summary>The charts of the page Metrics: what clients see, what the engines do, what the processes take.</summary>
internal sealed class MetricsBoard(MetricStore store, GenAiNames names, TimeProvider time)
{
    private const int Points = 90;
    private const int MostLines = 8;
    private static readonly TimeSpan LeastStep = TimeSpan.FromSeconds(10);
    private static readonly (string Name, double Q)[] Percentiles = [("median", 0.5), ("p95", 0.95), ("p99", 0.99)];

    public IReadOnlyList<BoardSection> Draw(BoardFilter filter)
    {
        var to = time.GetUtcNow();
        var step = TimeSpan.FromSeconds(Math.Max(LeastStep.TotalSeconds, Math.Ceiling(filter.Within.TotalSeconds / Points)));
        var pen = new Pen(store, filter.Model, to - filter.Within, to, step);
        return
        [
            new("What clients see",
            [
                pen.Rates("Requests a second", "{request}", "orrery.gateway.requests", Attributes.RequestModel),
                pen.Rates("Requests that failed, a second", "{request}", "orrery.gateway.requests", "orrery.outcome", series => series.Tags.Find("orrery.outcome") is not "completed"),
                pen.Percentiles("Until the first token", "s", names.TimeToFirstChunk),
                pen.Percentiles("Between two pieces of a stream", "s", names.TimePerOutputChunk),
                pen.Percentiles("Whole requests", "s", names.OperationDuration),
                names.TokenUsage is { } usage
                    ? pen.Rates("Tokens a second", "{token}", usage, Attributes.TokenType)
                    : pen.Each("Tokens a second", "{token}", ("input", names.Tokens!.InputTotal), ("output", names.Tokens.OutputTotal)),
                pen.Values("In flight", "{request}", "orrery.gateway.in_flight", Attributes.RequestModel),
            ]),
            new("Engines",
            [
                pen.Values("Running on the engine", "{request}", "vllm:num_requests_running", "model_name"),
                pen.Values("Waiting in the engine's queue", "{request}", "vllm:num_requests_waiting", "model_name"),
                pen.Values("KV cache in use", "%", "vllm:kv_cache_usage_perc", "model_name", factor: 100),
                pen.Percentiles("The engine's own time between tokens", "s", "vllm:inter_token_latency_seconds"),
                pen.Percentiles("The engine's own time to the first token", "s", "vllm:time_to_first_token_seconds"),
            ]),
            new("Processes",
            [
                pen.Rates("Processor, cores", "{core}", "dotnet.process.cpu.time", null),
                pen.Values("Memory", "By", "dotnet.process.memory.working_set", null),
            ]),
        ];
    }

    /// <summary>Draws one chart after the other over the same time.</summary>
    private sealed class Pen(MetricStore store, string? model, DateTimeOffset from, DateTimeOffset to, TimeSpan step)
    {
        /// <summary>A line for each value of a tag; for each process where there is none.</summary>
        public Chart Rates(string title, string unit, string instrument, string? by, Func<Series, bool>? only = null) =>
            Lines(title, unit, Groups(instrument, by, only), series => SeriesMath.Rate(series, from, to, step));

        public Chart Values(string title, string unit, string instrument, string? by, double factor = 1) =>
            Lines(title, unit, Groups(instrument, by, null), series => [.. SeriesMath.Sum(series, from, to, step).Select(point => (point.Time, point.Value * factor))]);

        public Chart Percentiles(string title, string unit, string instrument)
        {
            var series = Find(instrument);
            return new(title, unit, [.. MetricsBoard.Percentiles.Select(one => new ChartLine(one.Name, SeriesMath.Quantile(series, one.Q, from, to, step)))], from, to);
        }

        public Chart Each(string title, string unit, params (string Name, string Instrument)[] instruments) =>
            new(title, unit, [.. instruments.Select(one => new ChartLine(one.Name, SeriesMath.Rate(Find(one.Instrument), from, to, step)))], from, to);

        private Chart Lines(
            string title, string unit, IEnumerable<IGrouping<string, Series>> groups, Func<IReadOnlyList<Series>, IReadOnlyList<(DateTimeOffset, double?)>> draw)
        {
            // The busiest are drawn; more than eight colours nobody can tell apart.
            var lines = groups.Select(group => new ChartLine(group.Key, draw([.. group]))).OrderByDescending(line => line.Points.Max(point => point.Value)).Take(MostLines);
            return new(title, unit, [.. lines.OrderBy(line => line.Name, StringComparer.Ordinal)], from, to);
        }

        private IEnumerable<IGrouping<string, Series>> Groups(string instrument, string? by, Func<Series, bool>? only) => Find(instrument)
            .Where(series => only?.Invoke(series) ?? true)
            .GroupBy(series => (by is null ? null : series.Tags.Find(by)) is { Length: > 0 } value ? value : by is null ? series.Instrument.Emitter.Instance : "no model");

        private IReadOnlyList<Series> Find(string instrument) =>
            [.. store.Find(instrument, from - 2 * step).Where(series => model is null || (series.Tags.Find(Attributes.RequestModel) ?? series.Tags.Find("model_name") ?? model) == model)];
    }
}
