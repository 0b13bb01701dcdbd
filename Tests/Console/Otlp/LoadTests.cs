using System.Net;
using Orrery.WebConsole.Stores;
using static Orrery.Tests.WebConsole.Otlp.ProtoBytes;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Orrery.Tests.WebConsole.Otlp;

/// <summary>50,000 spans a minute, and as many as there can be, over real OTLP/HTTP from four emitters while somebody looks.</summary>
[Trait("Category", "Long")]
public sealed class LoadTests
{
    private const int Emitters = 4, Batch = 512, SpansAMinute = 50_000;

    [Fact]
    public async Task Fifty_thousand_spans_a_minute_are_kept_and_listed()
    {
        var pace = TimeSpan.FromMinutes((double)Emitters * Batch / SpansAMinute);
        var rounds = (int)(TimeSpan.FromMinutes(2) / pace);
        var p95 = await RunAsync(async (collector, emitter) =>
        {
            var (clock, sent) = (Stopwatch.StartNew(), 0);
            for (var round = 0; round < rounds; round++)
            {
                sent += await SendAsync(collector, emitter, round);
                if (((round + 1) * pace) - clock.Elapsed is var rest && rest > TimeSpan.Zero)
                {
                    await Task.Delay(rest, TimeProvider.System, TestContext.Current.CancellationToken);
                }
            }

            return sent;
        });
        Assert.InRange(p95, 0, 100);
    }

    [Fact]
    public async Task As_fast_as_it_goes_nothing_is_dropped_below_the_limit() =>
        await RunAsync(async (collector, emitter) =>
        {
            var (clock, sent) = (Stopwatch.StartNew(), 0);
            for (var round = 0; clock.Elapsed < TimeSpan.FromSeconds(10); round++)
            {
                sent += await SendAsync(collector, emitter, round);
            }

            return sent;
        });

    /// <returns>The 95th percentile of the times that listing took, in milliseconds.</returns>
    private static async Task<double> RunAsync(Func<Collector, int, Task<int>> send)
    {
        await using var collector = await Collector.StartAsync();
        await SendAsync(collector, 9, 0); // Compiled before it is measured.
        var warm = collector.Traces.Counts.Received;
        var (heapBefore, setBefore, cpuBefore) = (GC.GetTotalMemory(forceFullCollection: true) >> 20, Environment.WorkingSet >> 20, Environment.CpuUsage.TotalTime);
        using var stop = new CancellationTokenSource();
        var reading = Task.Run(() => ReadAsync(collector, stop.Token));
        var clock = Stopwatch.StartNew();
        var sent = (await Task.WhenAll(Enumerable.Range(1, Emitters).Select(emitter => Task.Run(() => send(collector, emitter))))).Sum();
        var took = clock.Elapsed;
        await stop.CancelAsync();
        var lists = (await reading).Order().ToList();
        var cpu = Environment.CpuUsage.TotalTime - cpuBefore;
        var set = Environment.WorkingSet >> 20;
        var counts = collector.Traces.Counts;
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{sent} spans in {took.TotalSeconds:F1} s ({sent / took.TotalSeconds:F0}/s); {cpu.TotalSeconds / took.TotalSeconds:P0} of a core, sender and reader included; "
            + $"held {counts.Held}, evicted {counts.Evicted}, dropped {counts.Dropped}, estimated {counts.Bytes >> 20} MB; "
            + $"heap {heapBefore} -> {GC.GetTotalMemory(forceFullCollection: true) >> 20} MB, working set {setBefore} -> {set} MB; "
            + $"{lists.Count} lists: median {lists[lists.Count / 2]:F1} ms, p95 {lists[lists.Count * 95 / 100]:F1} ms, worst {lists[^1]:F1} ms");

        Assert.Equal(sent + warm, counts.Received);
        Assert.Equal(0, counts.Dropped);
        Assert.Equal(counts.Received, counts.Held + counts.Evicted);
        Assert.True(counts.Evicted == 0 || counts.Held > counts.Limit - 10);
        Assert.InRange(set, 0, 1_500);
        return lists[lists.Count * 95 / 100];
    }

    private static async Task<List<double>> ReadAsync(Collector collector, CancellationToken stop)
    {
        TraceFilter[] filters =
        [
            new() { Scope = TraceScope.Everything },
            new() { Scope = TraceScope.Everything, Service = "emitter2", Failed = false },
            new() { Scope = TraceScope.Models, Model = "model-3", AtLeast = TimeSpan.FromMilliseconds(1) },
            new() { Scope = TraceScope.Everything, Text = "embeddings" },
        ];
        var times = new List<double>();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!stop.IsCancellationRequested)
        {
            var clock = Stopwatch.StartNew();
            collector.Traces.List(filters[times.Count % filters.Length]);
            times.Add(clock.Elapsed.TotalMilliseconds);
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        return times;
    }

    /// <summary>A batch of traces of two spans each, as a gateway's and an engine's with their tags.</summary>
    private static async Task<int> SendAsync(Collector collector, int emitter, int round)
    {
        var now = TimeProvider.System.GetUtcNow();
        var spans = new List<byte[]>(Batch);
        for (var i = 0; i < Batch / 2; i++)
        {
            var trace = ((UInt128)(uint)emitter << 96) | ((UInt128)(uint)round << 32) | (uint)(i + 1);
            spans.Add(Span(trace, 1, 0, "POST /v1/chat/completions", now, 20, Tags(emitter, round, i)));
            spans.Add(Span(trace, 2, 1, "chat model", now, 19, [.. Tags(emitter, round, i), Tag(9, "gen_ai.request.model", Text(1, $"model-{i % 5}")), Tag(9, "gen_ai.usage.input_tokens", Number(3, (ulong)i))]));
        }

        using var answer = await collector.PostAsync("/v1/traces", Request("emitter" + emitter, [.. spans]));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(0, answer.Content.Headers.ContentLength ?? 0);
        return Batch;
    }

    private static byte[][] Tags(int emitter, int round, int i) =>
    [
        Tag(9, "http.request.method", Text(1, "POST")), Tag(9, "url.path", Text(1, "/v1/chat/completions")), Tag(9, "http.response.status_code", Number(3, 200)),
        Tag(9, "server.address", Text(1, "gateway.example")), Tag(9, "server.port", Number(3, 8080)), Tag(9, "network.protocol.version", Text(1, "1.1")),
        Tag(9, "orrery.request_id", Text(1, $"req-{emitter}-{round}-{i}")), Tag(9, "client.address", Text(1, "127.0.0.1")),
    ];
}
