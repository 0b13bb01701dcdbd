using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;
using static Orrery.Tests.WebConsole.Stores.Made;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Orrery.Tests.WebConsole.Stores;

public sealed class TraceStoreTests
{
    private static readonly TraceFilter All = new() { Scope = TraceScope.Everything };

    [Fact]
    public void A_summary_does_not_depend_on_the_order_in_which_spans_arrive()
    {
        Span[] spans =
        [
            Span(1, 1, name: "POST /v1/chat/completions", seconds: 3, tags: [("orrery.request_id", "req-1")]),
            Span(1, 2, 1, at: 0, name: "chat", seconds: 2.9, tags: [("gen_ai.request.model", "public"), ("gen_ai.response.model", "answering"), ("gen_ai.usage.input_tokens", "7"), ("gen_ai.usage.output_tokens", "9"), ("gen_ai.response.time_to_first_chunk", "0.25")]),
            Span(1, 3, 2, at: 0, name: "engine", by: Engine, failed: true, tags: [("gen_ai.request.model", "inner"), ("gen_ai.usage.input_tokens", "8")]),
        ];
        foreach (var order in new int[][] { [0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1] })
        {
            var store = new TraceStore(Limits());
            foreach (var place in order)
            {
                store.Add([spans[place]]);
            }

            var trace = store.Find(new(1))!;
            Assert.Equal(["POST /v1/chat/completions", "chat", "engine"], trace.Spans.Select(span => span.Name));
            var summary = Assert.Single(store.List(All).Traces);
            Assert.Equal(("POST /v1/chat/completions", "gateway", true, 3, 1), (summary.Name, summary.Service, summary.IsWhole, summary.Spans, summary.FailedSpans));
            Assert.Equal(("public", "req-1", 7L, 9L, TimeSpan.FromSeconds(0.25)), (summary.Model, summary.RequestId, summary.InputTokens!.Value, summary.OutputTokens!.Value, summary.TimeToFirstChunk!.Value));
            Assert.Equal(TimeSpan.FromSeconds(3), summary.Duration);
            Assert.Equal([new("gateway", 2), new("engine", 1)], summary.Services);
            Assert.Equal(new TraceId(1), store.FindByRequest("req-1"));
            Assert.Equal(["engine", "gateway"], store.Services());
            Assert.Equal(["public"], store.Models());
            Assert.Equal(1, store.List(All with { Model = "answering" }).Matches);
        }
    }

    [Fact]
    public void A_span_that_comes_twice_counts_once()
    {
        var store = new TraceStore(Limits());
        Assert.Equal(0, store.Add([Span(1, 1), Span(1, 1), Span(1, 2, 1)]));
        var (bytes, version) = (store.Counts.Bytes, store.Changes.Version);
        Assert.Equal(0, store.Add([Span(1, 2, 1), Span(1, 1)]));
        Assert.Equal((2L, 2L, bytes, version), (store.Counts.Held, store.Counts.Received, store.Counts.Bytes, store.Changes.Version));
    }

    [Fact]
    public void The_newest_come_first_and_pages_follow_each_other()
    {
        var store = new TraceStore(Limits());
        store.Add([.. Enumerable.Range(1, 20).Select(trace => Span(trace, 1, at: trace % 7))]);
        store.Add([Span(3, 2, at: -5)]); // Its start moves.
        var starts = store.List(All).Traces.Select(trace => trace.Start).ToList();
        Assert.Equal(starts.OrderDescending(), starts);
        Assert.Equal(Start.AddSeconds(-5), starts[^1]);
        var pages = Enumerable.Range(0, 4).SelectMany(page => store.List(All with { Skip = page * 5, Limit = 5 }).Traces).Select(trace => trace.Id);
        Assert.Equal(store.List(All).Traces.Select(trace => trace.Id), pages);
        Assert.Equal(20, store.List(All with { Limit = 1 }).Matches);
    }

    [Fact]
    public void Every_filter_restricts()
    {
        var store = new TraceStore(Limits());
        store.Add([Span(0xABC, 1, name: "GET /models"), Span(2, 1, at: 10, seconds: 5, by: Engine, failed: true, tags: [("gen_ai.request.model", "m"), ("orrery.request_id", "req-9")])]);
        Only(2, All with { Service = "engine" });
        Only(2, All with { Model = "m" });
        Only(2, All with { Failed = true });
        Only(0xABC, All with { Failed = false });
        Only(2, All with { AtLeast = TimeSpan.FromSeconds(2) });
        Only(0xABC, All with { AtMost = TimeSpan.FromSeconds(2) });
        Only(2, All with { From = Start.AddSeconds(1) });
        Only(0xABC, All with { To = Start.AddSeconds(1) });
        Only(2, All with { Scope = TraceScope.Models });
        Only(0xABC, All with { Text = "MODELS" });
        Only(0xABC, All with { Text = "0aBc" });
        Only(2, All with { Text = "REQ-9" });
        Assert.Equal(0, store.List(All with { Service = "gateway", Model = "m" }).Matches);

        void Only(int trace, TraceFilter filter) => Assert.Equal((UInt128)trace, Assert.Single(store.List(filter).Traces).Id.Value);
    }

    [Fact]
    public void Whole_traces_make_room_the_first_that_came_first()
    {
        var store = new TraceStore(Limits(limits => limits.MaxSpans = 6));
        for (var trace = 1; trace <= 4; trace++)
        {
            store.Add([Span(trace, 1, at: -trace, tags: [("orrery.request_id", "req-" + trace), ("gen_ai.request.model", "m" + trace)]), Span(trace, 2, 1, at: -trace)]);
        }

        Assert.Null(store.Find(new(1)));
        Assert.Null(store.FindByRequest("req-1"));
        Assert.Equal(["m2", "m3", "m4"], store.Models());
        Assert.Equal((6L, 8L, 2L, 0L), (store.Counts.Held, store.Counts.Received, store.Counts.Evicted, store.Counts.Dropped));
        Assert.Equal(3, store.List(All).Matches);
    }

    [Fact]
    public void Bytes_are_bounded_and_so_is_one_trace()
    {
        var store = new TraceStore(Limits(limits => (limits.MaxBytes, limits.MaxSpansPerTrace) = (1 << 20, 10)));
        var text = new string('x', 10_000);
        for (var trace = 1; trace <= 200; trace++)
        {
            store.Add([Span(trace, 1, tags: [("text", text)])]);
            Assert.InRange(store.Counts.Bytes, 20_000, (1 << 20) / 4 * 3);
        }

        Assert.Equal(200 - store.Counts.Held, store.Counts.Evicted);
        Assert.Equal(3, store.Add([.. Enumerable.Range(1, 13).Select(id => Span(500, id))]));
        Assert.Equal(3, store.Counts.Dropped);
        Assert.Equal(10, store.Find(new(500))!.Spans.Count);
    }

    [Fact]
    public void Parents_in_a_circle_are_shown_all_the_same()
    {
        var store = new TraceStore(Limits());
        store.Add([Span(1, 1, 2), Span(1, 2, 1), Span(1, 3, 3)]);
        Assert.Equal(3, store.Find(new(1))!.Spans.Count);
        Assert.False(store.List(All).Traces[0].IsWhole);
    }

    [Fact]
    public void Fifty_thousand_traces_are_listed_in_milliseconds()
    {
        var store = new TraceStore(Limits());
        for (var trace = 1; trace <= 50_000; trace++)
        {
            store.Add([Span(trace, 1, at: trace, name: "POST /v1/chat/completions"), Span(trace, 2, 1, at: trace, by: Engine, tags: [("gen_ai.request.model", "m" + (trace % 5))])]);
        }

        foreach (var filter in new[] { All, All with { Model = "m3", Failed = false }, All with { Text = "embeddings" }, All with { Text = "00c3", Service = "engine" } })
        {
            var times = Enumerable.Range(0, 21).Select(_ =>
            {
                var clock = Stopwatch.StartNew();
                store.List(filter);
                return clock.Elapsed.TotalMilliseconds;
            }).Order().ToList();
            TestContext.Current.TestOutputHelper!.WriteLine($"{filter.Model}{filter.Text}: median {times[10]:F1} ms, worst {times[20]:F1} ms");
            Assert.InRange(times[10], 0, 250); // Some 10 on a quiet machine; a store that looked at spans would take seconds.
        }
    }
}
