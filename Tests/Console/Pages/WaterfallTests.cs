using FsCheck;
using FsCheck.Fluent;
using Orrery.WebConsole.Pages;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;
using static Orrery.Tests.WebConsole.Stores.Made;

namespace Orrery.Tests.WebConsole.Pages;

/// <summary>Traces as rows, also those that cannot be as they say.</summary>
public sealed class WaterfallTests
{
    [Fact]
    public void A_parent_stands_directly_before_its_children_in_the_order_of_their_start()
    {
        var fall = Of(
            Span(1, 4, 2, at: 0.3, seconds: 0.2, name: "late grandchild"), Span(1, 5, 1, at: 0.7, seconds: 0.1, name: "second child"), Span(1, 1, seconds: 1, name: "root"),
            Span(1, 3, 2, at: 0.2, seconds: 0.4, name: "grandchild"), Span(1, 2, 1, at: 0.1, seconds: 0.5, name: "child", by: Engine));
        Assert.Equal(
            [("root", 0, 0.0, 1000.0), ("child", 1, 100, 500), ("grandchild", 2, 200, 400), ("late grandchild", 2, 300, 200), ("second child", 1, 700, 100)],
            fall.Rows.Select(row => (row.Span.Name, row.Depth, Math.Round(row.From, 6), Math.Round(row.Width, 6))));
        Assert.Equal(TimeSpan.FromSeconds(1), fall.Length);
        Assert.Equal([new("gateway", 0), new("engine", 1)], fall.Services);
        Assert.Equal([0, 1, 0, 0, 0], fall.Rows.Select(row => row.Colour));
    }

    [Fact]
    public void A_span_whose_parent_never_came_stands_as_a_root_with_its_own_below_it()
    {
        var fall = Of(Span(1, 1, name: "root"), Span(1, 3, 2, at: 0.5, name: "orphan"), Span(1, 4, 3, at: 0.6, name: "its child"), Span(1, 5, 1, at: 0.9, name: "child"));
        Assert.Equal([("root", 0), ("child", 1), ("orphan", 0), ("its child", 1)], fall.Rows.Select(row => (row.Span.Name, row.Depth)));
    }

    [Fact]
    public void Spans_whose_parents_go_in_a_circle_are_shown()
    {
        Assert.Equal([(1UL, 0)], Rows(Span(1, 1, parent: 1)));
        Assert.Equal([(1UL, 0), (2UL, 1), (3UL, 2)], Rows(Span(1, 1, parent: 3, at: 0), Span(1, 2, parent: 1, at: 1), Span(1, 3, parent: 2, at: 2)));
        Assert.Equal([(9UL, 0), (1UL, 0), (2UL, 1), (3UL, 1)], Rows(Span(1, 9, at: 5), Span(1, 1, parent: 2, at: 0), Span(1, 2, parent: 1, at: 1), Span(1, 3, parent: 1, at: 2)));

        static IEnumerable<(ulong, int)> Rows(params Span[] spans) => Of(spans).Rows.Select(row => (row.Span.Id.Value, row.Depth));
    }

    [Fact]
    public void Where_clocks_disagree_the_parent_still_stands_above_and_bars_stay_within()
    {
        var fall = Of(Span(1, 1, at: 2, seconds: 1, name: "gateway"), Span(1, 2, 1, at: 0, seconds: 0.5, name: "engine, two seconds behind", by: Engine), Span(1, 3, 1, at: 9, seconds: 1, name: "ahead"));
        Assert.Equal([("gateway", 0, 200.0, 100.0), ("engine, two seconds behind", 1, 0, 50), ("ahead", 1, 900, 100)], fall.Rows.Select(row => (row.Span.Name, row.Depth, Math.Round(row.From, 6), Math.Round(row.Width, 6))));
        Assert.Equal(TimeSpan.FromSeconds(10), fall.Length);
    }

    [Fact]
    public void What_took_no_time_can_be_seen()
    {
        var nothing = Assert.Single(Of(Span(1, 1, seconds: 0)).Rows);
        Assert.Equal((0.0, 3.0), (nothing.From, nothing.Width));
        var atTheEnd = Of(Span(1, 1, seconds: 3600), Span(1, 2, 1, at: 3600, seconds: 0)).Rows[1];
        Assert.Equal((997.0, 3.0), (atTheEnd.From, atTheEnd.Width));
    }

    [Fact]
    public void A_moment_outside_of_the_trace_is_drawn_at_its_edge()
    {
        var fall = Of(Span(1, 1, seconds: 2));
        Assert.Equal([0, 0, 500, 1000, 1000], new[] { -1.0, 0, 1, 2, 3 }.Select(at => fall.At(Start.AddSeconds(at), Start)));
    }

    [Fact]
    public void Every_service_has_a_colour_of_eight()
    {
        var fall = Of([Span(1, 1, seconds: 30), .. Enumerable.Range(2, 20).Select(i => Span(1, i, 1, at: i, by: new($"service-{i % 10}", $"{i}", [])))]);
        Assert.Equal(11, fall.Services.Count);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2], fall.Services.Select(service => service.Value));
        Assert.All(fall.Rows, row => Assert.Equal(fall.Services.Single(service => service.Key == row.Span.Emitter.Service).Value, row.Colour));
    }

    [Fact]
    public void Any_parents_and_clocks_give_each_span_one_row_under_its_parent()
    {
        var spans = from parents in Gen.Choose(0, 12).NonEmptyListOf()
                    from times in Gen.Choose(0, 1_000).Two().ListOf(parents.Count)
                    select parents.Select((parent, i) => Span(1, i + 1, parent, times[i].Item1, times[i].Item2)).ToArray();
        Prop.ForAll(spans.ToArbitrary(), made =>
        {
            var rows = Of(made).Rows;
            Assert.Equal(made.Select(span => span.Id.Value).Order(), rows.Select(row => row.Span.Id.Value).Order());
            var above = new Dictionary<int, SpanId>();
            foreach (var row in rows)
            {
                Assert.True(row.Depth == 0 || above[row.Depth - 1] == row.Span.ParentId);
                above[row.Depth] = row.Span.Id;
                Assert.InRange(row.From, 0, 997);
                Assert.InRange(row.Width, 3, 1000.001 - row.From);
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task A_trace_as_deep_as_it_may_be_is_a_page_of_bearable_size()
    {
        const int Deepest = 5_000;
        await using var world = await ConsoleWorld.StartAsync();
        world.Traces.Add([.. Enumerable.Range(1, Deepest).Select(i => Span(1, i, i - 1, at: i / 1000.0, seconds: 10, name: $"call {i}"))]);
        Assert.Equal(Deepest - 1, Waterfall.Of(world.Traces.Find(new(1))!).Rows[^1].Depth);
        using var reader = await world.ReaderAsync();
        var html = await reader.GetStringAsync($"/traces/{new TraceId(1)}", TestContext.Current.CancellationToken);
        Assert.Contains($"call {Deepest}<", html, StringComparison.Ordinal);
        Assert.InRange(html.Length, 1, 32 << 20);
    }

    private static Waterfall Of(params Span[] spans)
    {
        var store = new TraceStore(Limits());
        Assert.Equal(0, store.Add(spans));
        return Waterfall.Of(store.Find(new(1))!);
    }
}
