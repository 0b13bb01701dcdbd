using System.Net;
using Orrery.WebConsole.History;
using static Orrery.Tests.WebConsole.Otlp.ProtoBytes;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Orrery.Tests.WebConsole.Otlp;

/// <summary>50,000 spans a minute, and as many as there can be, over real OTLP/HTTP from four emitters while somebody looks at the pages and all of it goes to PostgreSQL.</summary>
[Trait("Category", "Long")]
[Collection(Alone)]
[CollectionDefinition(Alone, DisableParallelization = true)] // What the process grows by is judged, so nobody else may grow it.
public sealed class LoadTests(PostgresServer postgres)
{
    public const string Alone = "load of the Console";
    private const int Emitters = 4, Batch = 512, SpansAMinute = 50_000;

    [Fact]
    public async Task Fifty_thousand_spans_a_minute_are_kept_and_listed()
    {
        var pace = TimeSpan.FromMinutes((double)Emitters * Batch / SpansAMinute);
        var rounds = (int)(TimeSpan.FromMinutes(2) / pace);
        var p95 = await RunAsync(withHistory: true, async (collector, emitter) =>
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
        Assert.InRange(p95, 0, 300);
    }

    [Fact]
    public async Task As_fast_as_it_goes_nothing_is_dropped_below_the_limit() =>
        await RunAsync(withHistory: false, async (collector, emitter) =>
        {
            var (clock, sent) = (Stopwatch.StartNew(), 0);
            for (var round = 0; clock.Elapsed < TimeSpan.FromSeconds(10); round++)
            {
                sent += await SendAsync(collector, emitter, round);
            }

            return sent;
        });

    /// <returns>The 95th percentile of the times that listing took, in milliseconds.</returns>
    private async Task<double> RunAsync(bool withHistory, Func<ConsoleWorld, int, Task<int>> send)
    {
        string[] history = withHistory ? ["--Console:History:Keep=1d", $"--ConnectionStrings:orrery={await postgres.CreateDatabaseAsync()}"] : [];
        await using var collector = await ConsoleWorld.StartAsync(history);
        using var reader = await collector.ReaderAsync();
        await SendAsync(collector, 9, 0); // Compiled before it is measured.
        var warm = collector.Traces.Counts.Received;
        var (heapBefore, setBefore, cpuBefore) = (GC.GetTotalMemory(forceFullCollection: true) >> 20, Environment.WorkingSet >> 20, Environment.CpuUsage.TotalTime);
        using var stop = new CancellationTokenSource();
        var reading = Task.Run(() => ReadAsync(reader, stop.Token));
        var clock = Stopwatch.StartNew();
        var sent = (await Task.WhenAll(Enumerable.Range(1, Emitters).Select(emitter => Task.Run(() => send(collector, emitter))))).Sum();
        var took = clock.Elapsed;
        await stop.CancelAsync();
        var lists = (await reading).Order().ToList();
        var cpu = Environment.CpuUsage.TotalTime - cpuBefore;
        var (set, heap) = (Environment.WorkingSet >> 20, GC.GetTotalMemory(forceFullCollection: true) >> 20);
        var counts = collector.Traces.Counts;
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{sent} spans in {took.TotalSeconds:F1} s ({sent / took.TotalSeconds:F0}/s); {cpu.TotalSeconds / took.TotalSeconds:P0} of a core, sender and reader included; "
            + $"held {counts.Held}, evicted {counts.Evicted}, dropped {counts.Dropped}, estimated {counts.Bytes >> 20} MB; "
            + $"heap {heapBefore} -> {heap} MB, working set {setBefore} -> {set} MB; "
            + $"{lists.Count} pages: median {lists[lists.Count / 2]:F1} ms, p95 {lists[lists.Count * 95 / 100]:F1} ms, worst {lists[^1]:F1} ms; history {collector.History.Counts}");

        Assert.Equal(sent + warm, counts.Received);
        Assert.Equal(0, counts.Dropped);
        Assert.Equal(counts.Received, counts.Held + counts.Evicted);
        Assert.True(counts.Evicted == 0 || counts.Held > counts.Limit - 10);
        Assert.True(Math.Min(set - setBefore, heap - heapBefore) < 1_000, "The process grew by more than 1,000 MB."); // Other tests share it, and grow and shrink it too.
        await Eventually.Holds(() => Task.FromResult(collector.History.Counts), kept => kept.Waiting == 0 && (!withHistory || kept == new HistoryCounts(0, sent + warm, 0)));
        return lists[lists.Count * 95 / 100];
    }

    private static async Task<List<double>> ReadAsync(HttpClient reader, CancellationToken stop)
    {
        string[] lists = ["show=everything", "show=everything&service=emitter2&status=ok", "show=models&model=model-3&least=1ms", "show=everything&text=embeddings"];
        var times = new List<double>();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (!stop.IsCancellationRequested)
        {
            var clock = Stopwatch.StartNew();
            await reader.GetByteArrayAsync($"/traces?{lists[times.Count % lists.Length]}", CancellationToken.None);
            times.Add(clock.Elapsed.TotalMilliseconds);
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        return times;
    }

    /// <summary>A batch of traces of two spans each, as a gateway's and an engine's with their tags.</summary>
    private static async Task<int> SendAsync(ConsoleWorld collector, int emitter, int round)
    {
        var now = TimeProvider.System.GetUtcNow();
        var spans = new List<byte[]>(Batch);
        for (var i = 0; i < Batch / 2; i++)
        {
            var trace = ((UInt128)(uint)emitter << 96) | ((UInt128)(uint)round << 32) | (uint)(i + 1);
            spans.Add(Span(trace, 1, 0, "POST /v1/chat/completions", now, 20, Tags(emitter, round, i)));
            spans.Add(Span(trace, 2, 1, "chat model", now, 19, [.. Tags(emitter, round, i), Tag(9, "gen_ai.request.model", Text(1, $"model-{i % 5}")), Tag(9, "gen_ai.usage.input_tokens", Number(3, (ulong)i))]));
        }

        using var body = new ByteArrayContent(Request("emitter" + emitter, [.. spans])) { Headers = { ContentType = new("application/x-protobuf") } };
        using var answer = await collector.Collector.PostAsync("/v1/traces", body, TestContext.Current.CancellationToken);
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
