using Microsoft.Extensions.Options;
using Orrery.ServiceDefaults;
using Orrery.WebConsole.History;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;
using Attributes = Orrery.ServiceDefaults.GenAiNames.Attributes;

namespace Orrery.WebConsole.Pages;

/// <summary>Which charts, for which model, over which time.</summary>
public sealed record BoardFilter(string? Model, TimeSpan Within, DateTimeOffset? To);

/// <summary>A heading and its charts.</summary>
internal sealed record BoardSection(string Title, IReadOnlyList<Chart> Charts);

/// <summary>The charts of the page Metrics: what clients see, what the engines do, what the processes take.</summary>
internal sealed class MetricsBoard(TelemetryReader reader, GenAiNames names, IOptions<HistoryOptions> history, TimeProvider time)
{
    private const int Points = 90;
    private const int MostLines = 8;
    private static readonly TimeSpan LeastStep = TimeSpan.FromSeconds(10);
    private static readonly (string Name, double Q)[] Percentiles = [("median", 0.5), ("p95", 0.95), ("p99", 0.99)];

    /// <summary>What is shown lies beyond memory, and so does not change.</summary>
    public bool IsOld(BoardFilter filter)
    {
        var to = filter.To ?? time.GetUtcNow();
        return reader.IsBeyondMemory(to - filter.Within, to);
    }

    /// <exception cref="HistoryAwayException">The history is asked, and does not answer.</exception>
    public async Task<IReadOnlyList<BoardSection>> DrawAsync(BoardFilter filter, CancellationToken cancellationToken)
    {
        var to = filter.To ?? time.GetUtcNow();
        var least = IsOld(filter) ? 2 * history.Value.MetricsEvery : LeastStep; // A step without a point would be a gap.
        var step = TimeSpan.FromSeconds(Math.Max(least.TotalSeconds, Math.Ceiling(filter.Within.TotalSeconds / Points)));
        var pen = new Pen(reader, filter.Model, to - filter.Within, to, step, cancellationToken);
        return
        [
            new("What clients see",
            [
                await pen.RatesAsync("Requests a second", "{request}", "orrery.gateway.requests", Attributes.RequestModel),
                await pen.RatesAsync("Requests that failed, a second", "{request}", "orrery.gateway.requests", "orrery.outcome", series => series.Tags.Find("orrery.outcome") is not "completed"),
                await pen.PercentilesAsync("Until the first token", "s", names.TimeToFirstChunk),
                await pen.PercentilesAsync("Between two pieces of a stream", "s", names.TimePerOutputChunk),
                await pen.PercentilesAsync("Whole requests", "s", names.OperationDuration),
                names.TokenUsage is { } usage
                    ? await pen.RatesAsync("Tokens a second", "{token}", usage, Attributes.TokenType)
                    : await pen.EachAsync("Tokens a second", "{token}", ("input", names.Tokens!.InputTotal), ("output", names.Tokens.OutputTotal)),
                await pen.ValuesAsync("In flight", "{request}", "orrery.gateway.in_flight", Attributes.RequestModel),
            ]),
            new("Engines",
            [
                await pen.ValuesAsync("Running on the engine", "{request}", "vllm:num_requests_running", "model_name"),
                await pen.ValuesAsync("Waiting in the engine's queue", "{request}", "vllm:num_requests_waiting", "model_name"),
                await pen.ValuesAsync("KV cache in use", "%", "vllm:kv_cache_usage_perc", "model_name", factor: 100),
                await pen.PercentilesAsync("The engine's own time between tokens", "s", "vllm:inter_token_latency_seconds"),
                await pen.PercentilesAsync("The engine's own time to the first token", "s", "vllm:time_to_first_token_seconds"),
            ]),
            new("Processes",
            [
                await pen.RatesAsync("Processor, cores", "{core}", "dotnet.process.cpu.time", null),
                await pen.ValuesAsync("Memory", "By", "dotnet.process.memory.working_set", null),
            ]),
        ];
    }

    /// <summary>Draws one chart after the other over the same time.</summary>
    private sealed class Pen(TelemetryReader reader, string? model, DateTimeOffset from, DateTimeOffset to, TimeSpan step, CancellationToken cancellationToken)
    {
        /// <summary>A line for each value of a tag; for each process where there is none.</summary>
        public async Task<Chart> RatesAsync(string title, string unit, string instrument, string? by, Func<Series, bool>? only = null) =>
            Lines(title, unit, await GroupsAsync(instrument, by, only), series => SeriesMath.Rate(series, from, to, step));

        public async Task<Chart> ValuesAsync(string title, string unit, string instrument, string? by, double factor = 1) =>
            Lines(title, unit, await GroupsAsync(instrument, by, null), series => [.. SeriesMath.Sum(series, from, to, step).Select(point => (point.Time, point.Value * factor))]);

        public async Task<Chart> PercentilesAsync(string title, string unit, string instrument)
        {
            var series = await FindAsync(instrument);
            return new(title, unit, [.. MetricsBoard.Percentiles.Select(one => new ChartLine(one.Name, SeriesMath.Quantile(series, one.Q, from, to, step)))], from, to);
        }

        public async Task<Chart> EachAsync(string title, string unit, params (string Name, string Instrument)[] instruments)
        {
            var lines = new List<ChartLine>();
            foreach (var (name, instrument) in instruments)
            {
                lines.Add(new(name, SeriesMath.Rate(await FindAsync(instrument), from, to, step)));
            }

            return new(title, unit, lines, from, to);
        }

        private Chart Lines(
            string title, string unit, IEnumerable<IGrouping<string, Series>> groups, Func<IReadOnlyList<Series>, IReadOnlyList<(DateTimeOffset, double?)>> draw)
        {
            // The busiest are drawn; more than eight colours nobody can tell apart.
            var lines = groups.Select(group => new ChartLine(group.Key, draw([.. group]))).OrderByDescending(line => line.Points.Max(point => point.Value)).Take(MostLines);
            return new(title, unit, [.. lines.OrderBy(line => line.Name, StringComparer.Ordinal)], from, to);
        }

        private async Task<IEnumerable<IGrouping<string, Series>>> GroupsAsync(string instrument, string? by, Func<Series, bool>? only) => (await FindAsync(instrument))
            .Where(series => only?.Invoke(series) ?? true)
            .GroupBy(series => (by is null ? null : series.Tags.Find(by)) is { Length: > 0 } value ? value : by is null ? series.Instrument.Emitter.Instance : "no model");

        private async Task<IReadOnlyList<Series>> FindAsync(string instrument) =>
            [.. (await reader.SeriesAsync(instrument, from - 2 * step, to, step, cancellationToken)).Where(series => model is null || (series.Tags.Find(Attributes.RequestModel) ?? series.Tags.Find("model_name") ?? model) == model)];
    }
}
