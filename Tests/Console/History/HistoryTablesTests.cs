using Dapper;
using Npgsql;
using Orrery.Tests.WebConsole.Stores;
using Orrery.WebConsole.History;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;

namespace Orrery.Tests.WebConsole.History;

/// <summary>What is written, and what goes when it is old enough.</summary>
public sealed class HistoryTablesTests(PostgresServer postgres)
{
    private readonly ManualTime _time = new();

    private static CancellationToken Soon => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_too_old_goes_by_the_day_and_what_has_no_possible_time_never_comes()
    {
        await using var database = await DatabaseAsync();
        var tables = new HistoryTables(database, new TraceStore(Made.Limits()), _time);
        var keep = TimeSpan.FromDays(2);
        Assert.Equal(2, await tables.WriteAsync([Made.Span(1, 1), Made.Span(1, 2, parent: 1), Made.Span(2, 1, at: 7_200), Made.Span(3, 1, at: -10 * 86_400)], [], _time.GetUtcNow() - keep, Soon));
        Assert.Equal(1, await tables.WriteAsync([], [Made.Log("early")], _time.GetUtcNow() - keep, Soon));
        var series = new Series(Made.Instrument(InstrumentKind.Histogram, null, 1, 2), [new("tag", "value")], [new(Made.Start, 3, 2, [1, 1, 0])]);
        await tables.WriteAsync([series], _time.GetUtcNow() - keep, Soon);
        Assert.Equal((2, 1, 1, 1, 1), await CountAsync(database));

        _time.Advance(TimeSpan.FromDays(2.5));
        Assert.False(await tables.ForgetBeforeAsync(_time.GetUtcNow() - keep, Soon));
        Assert.Equal((2, 0, 1, 0, 1), await CountAsync(database)); // The day is not over yet for what lies in partitions.

        _time.Advance(TimeSpan.FromDays(1));
        Assert.False(await tables.ForgetBeforeAsync(_time.GetUtcNow() - keep, Soon));
        Assert.Equal((0, 0, 0, 0, 0), await CountAsync(database));

        // The same series comes again, and a day that was dropped is made again for what may still come.
        await tables.WriteAsync([series with { Points = [new(_time.GetUtcNow(), 4, 3, [2, 1, 0])] }], _time.GetUtcNow() - keep, Soon);
        Assert.Equal((0, 0, 0, 1, 1), await CountAsync(database));
    }

    [Fact]
    public async Task A_trace_that_comes_in_parts_is_one_row_that_only_learns()
    {
        await using var database = await DatabaseAsync();
        var memory = new TraceStore(Made.Limits());
        var tables = new HistoryTables(database, memory, _time);
        var inner = Made.Span(7, 2, parent: 1, at: 0.5, seconds: 0.1, by: Made.Engine, failed: true);
        memory.Add([inner]);
        await tables.WriteAsync([inner], [], _time.GetUtcNow().AddDays(-1), Soon);
        var outer = Made.Span(7, 1, name: "POST /v1/chat/completions", tags: [("gen_ai.request.model", "m"), ("orrery.request_id", "req_1")]);
        memory.Add([outer]);
        await tables.WriteAsync([outer], [], _time.GetUtcNow().AddDays(-1), Soon);

        // A Console that began anew knows only what comes last.
        var late = Made.Span(7, 3, parent: 1, at: 0.9, seconds: 5);
        await new HistoryTables(database, new TraceStore(Made.Limits()), _time).WriteAsync([late], [], _time.GetUtcNow().AddDays(-1), Soon);

        await using var connection = await database.OpenConnectionAsync(Soon);
        var row = await connection.QuerySingleAsync<(string Name, string Service, bool Whole, string Model, string Request, int Failed, double Seconds, string Services)>(
            "SELECT name, service, is_whole, model, request_id, failed_spans, extract(epoch FROM end_time - start_time)::double precision, services::text FROM traces");
        Assert.Equal(("POST /v1/chat/completions", "gateway", true, "m", "req_1", 1, 5.9, """{"engine": 1, "gateway": 1}"""), row);
    }

    [Fact]
    public void What_waits_is_bounded_and_what_does_not_fit_is_counted()
    {
        var queue = new HistoryQueue(Microsoft.Extensions.Options.Options.Create(new HistoryOptions { Keep = "7d", MaxWaiting = 1_000 }));
        queue.Offer([.. Enumerable.Range(1, 1_200).Select(id => Made.Span(1, id))]);
        queue.Offer([Made.Log("one")]);
        Assert.Equal(new(Waiting: 1_001, Written: 0, Lost: 200), queue.Counts);

        var (spans, logs) = queue.Take(600);
        Assert.Equal((600, 1), (spans.Count, logs.Count));
        Assert.Equal(1_001, queue.Counts.Waiting); // In hand is not there yet.
        queue.Settle(written: 600, lost: 1);
        Assert.Equal(new(Waiting: 400, Written: 600, Lost: 201), queue.Counts);
    }

    private async Task<NpgsqlDataSource> DatabaseAsync()
    {
        var database = NpgsqlDataSource.Create(await postgres.CreateDatabaseAsync());
        using var reader = new StreamReader(typeof(HistoryOptions).Assembly.GetManifestResourceStream("Orrery.WebConsole.History.0001_history.sql")!);
        await using var connection = await database.OpenConnectionAsync(Soon);
        await connection.ExecuteAsync(await reader.ReadToEndAsync(Soon));
        return database;
    }

    private static async Task<(long Spans, long Traces, long Logs, long Series, long Points)> CountAsync(NpgsqlDataSource database)
    {
        await using var connection = await database.OpenConnectionAsync(Soon);
        return await connection.QuerySingleAsync<(long, long, long, long, long)>(
            "SELECT (SELECT count(*) FROM spans), (SELECT count(*) FROM traces), (SELECT count(*) FROM logs), (SELECT count(*) FROM series), (SELECT count(*) FROM points)");
    }
}
