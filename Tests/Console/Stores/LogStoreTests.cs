using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;
using static Orrery.Tests.WebConsole.Stores.Made;

namespace Orrery.Tests.WebConsole.Stores;

public sealed class LogStoreTests
{
    [Fact]
    public void The_newest_are_given_oldest_first_and_pages_and_tails_follow()
    {
        var store = new LogStore(Limits(limits => limits.MaxLogs = 3_000));
        for (var batch = 0; batch < 5; batch++)
        {
            store.Add([.. Enumerable.Range(0, 1_000).Select(i => Log($"entry {(batch * 1000) + i}"))]);
        }

        Assert.Equal(["entry 4998", "entry 4999"], store.List(new() { Limit = 2 }).Select(entry => entry.Body));
        Assert.Equal(["entry 2999", "entry 3000"], store.List(new() { Before = 3_002, Limit = 2 }).Select(entry => entry.Body));
        Assert.Equal(["entry 4999"], store.List(new() { After = 4_999 }).Select(entry => entry.Body));
        Assert.Equal(3_000, store.List(new() { Limit = 10_000 }).Count);
        Assert.Equal("entry 2000", store.List(new() { Limit = 10_000 })[0].Body);
        Assert.Equal((3_000L, 5_000L, 2_000L), (store.Counts.Held, store.Counts.Received, store.Counts.Evicted));
    }

    [Fact]
    public void Every_filter_restricts()
    {
        var store = new LogStore(Limits());
        store.Add([Log("one", trace: 5, by: Engine), Log("TWO", severity: LogSeverity.Error), Log("three", trace: 5)]);
        Assert.Equal(["one", "three"], Bodies(new() { TraceId = new(5) }));
        Assert.Equal(["three"], Bodies(new() { TraceId = new(5), Limit = 1 }));
        Assert.Equal(["three"], Bodies(new() { TraceId = new(5), Service = "gateway" }));
        Assert.Equal(["one"], Bodies(new() { Service = "engine-1" }));
        Assert.Equal(["TWO"], Bodies(new() { AtLeast = LogSeverity.Warning }));
        Assert.Equal(["TWO"], Bodies(new() { Text = "two" }));
        Assert.Empty(Bodies(new() { From = Start.AddSeconds(1) }));
        Assert.Empty(Bodies(new() { To = Start.AddSeconds(-1) }));
        Assert.Empty(Bodies(new() { TraceId = new(6) }));

        IEnumerable<string> Bodies(LogFilter filter) => store.List(filter).Select(entry => entry.Body);
    }

    [Fact]
    public void Bytes_are_bounded_and_a_trace_whose_entries_are_gone_has_none()
    {
        var store = new LogStore(Limits(limits => limits.MaxBytes = 1 << 20));
        for (var i = 1; i <= 100; i++)
        {
            store.Add([Log(new string('x', 10_000), trace: i)]);
            Assert.InRange(store.Counts.Bytes, 1, 1 << 18);
        }

        Assert.Empty(store.List(new() { TraceId = new(1) }));
        Assert.Single(store.List(new() { TraceId = new(100) }));
    }
}
