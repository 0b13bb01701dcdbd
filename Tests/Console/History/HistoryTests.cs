using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Orrery.Tests.WebConsole.Otlp;
using Orrery.WebConsole.Pages;

namespace Orrery.Tests.WebConsole.History;

/// <summary>What one Console has taken in, another one that began later shows, out of PostgreSQL.</summary>
public sealed class HistoryTests(PostgresServer postgres)
{
    private static CancellationToken Soon => TestContext.Current.CancellationToken;

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task What_memory_has_forgotten_the_pages_still_show()
    {
        var database = await postgres.CreateDatabaseAsync();
        var began = Now.AddSeconds(-2);
        string trace;
        await using (var first = await StartAsync(database))
        {
            trace = Send(first, "req_of_yesterday", "odd\0name é", "hist-model");
            Meter(first);
            await WrittenAsync(first, items: 3);
            await Eventually.Holds(() => CountAsync(database, "points"), points => points > 0);
        }

        await using var second = await StartAsync(database);
        Assert.Equal(0, second.Traces.Counts.Received);
        using var reader = await second.ReaderAsync();
        await Eventually.Holds(() => reader.GetStringAsync("/traces?within=1h", Soon), page => !page.Contains("cannot be read", StringComparison.Ordinal));

        using var find = await reader.GetAsync("/find?q=req_of_yesterday", Soon);
        Assert.Equal($"/traces/{trace}", find.Headers.Location?.ToString());
        var page = await reader.GetStringAsync($"/traces/{trace}", Soon);
        Assert.Contains("odd\uFFFDname é", WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.Contains("hist-model", page, StringComparison.Ordinal);
        Assert.Contains("it broke", page, StringComparison.Ordinal);
        Assert.DoesNotContain("live-region id=\"trace\"", page, StringComparison.Ordinal);

        foreach (var (query, isThere) in ((string, bool)[])
        [
            ("within=1h", true), ("within=1h&model=hist-model", true), ("within=1h&model=other", false), ("within=1h&status=failed", true), ("within=1h&status=ok", false),
            ("within=1h&service=sender", true), ("within=1h&service=nobody", false), ("within=1h&text=odd", true), ("within=1h&text=100%25", false), ("within=1h&least=1h", false),
            ("within=1h&show=models", true), ($"within=1h&text={trace}", true), ($"until={Filters.Text(began.AddHours(-1))}", false), ($"until={Filters.Text(Now)}", true),
        ])
        {
            var list = await reader.GetStringAsync($"/traces?{query}", Soon);
            Assert.Contains("From the history", list, StringComparison.Ordinal);
            Assert.True(isThere == list.Contains(trace, StringComparison.Ordinal), $"/traces?{query}: expected {(isThere ? "the trace" : "nothing")}.");
        }

        foreach (var (query, isThere) in ((string, bool)[])[("within=1h", true), ($"trace={trace}", true), ("within=1h&text=of+old", true), ("within=1h&text=of_old", false), ("within=1h&level=Error", false), ("within=1h&service=sender-1", true)])
        {
            Assert.True(isThere == (await reader.GetStringAsync($"/logs?{query}", Soon)).Contains("a line of old", StringComparison.Ordinal), $"/logs?{query}: expected {(isThere ? "the entry" : "nothing")}.");
        }

        Assert.Contains("hist-model", await reader.GetStringAsync("/metrics?within=6h", Soon), StringComparison.Ordinal);
        Assert.DoesNotContain("From the history", await reader.GetStringAsync("/traces", Soon), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_database_is_away_nothing_is_lost_and_memory_serves()
    {
        await using var own = new PostgresServer();
        var database = await own.CreateDatabaseAsync();
        await using var world = await StartAsync(database);
        await Eventually.Holds(() => CountAsync(database, "migrations"), applied => applied > 0);
        Send(world, "req_before", "before", "m");
        await WrittenAsync(world, items: 3);

        await own.StopAsync();
        var trace = Send(world, "req_during", "during", "m");
        using var reader = await world.ReaderAsync();
        Assert.Contains("during", await reader.GetStringAsync("/traces?show=everything", Soon), StringComparison.Ordinal);
        Assert.Contains("The history cannot be read", await reader.GetStringAsync("/traces?within=7d", Soon), StringComparison.Ordinal);
        Assert.Contains("The history cannot be read", await reader.GetStringAsync("/logs?within=7d", Soon), StringComparison.Ordinal);
        Assert.Contains("The history cannot be read", await reader.GetStringAsync("/metrics?within=7d", Soon), StringComparison.Ordinal);
        using var health = await reader.GetAsync("/health/ready", Soon);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);

        await own.StartAgainAsync();
        await WrittenAsync(world, items: 6);
        Assert.Contains(trace, await reader.GetStringAsync($"/traces?until={Filters.Text(Now.AddSeconds(1))}", Soon), StringComparison.Ordinal);
        Assert.Equal(0, world.History.Counts.Lost);
    }

    [Fact]
    public async Task A_database_that_is_not_there_at_the_start_holds_nothing_up()
    {
        await using var own = new PostgresServer();
        var database = await own.CreateDatabaseAsync();
        await own.StopAsync();
        await using var world = await StartAsync(database);
        using var reader = await world.ReaderAsync();
        Send(world, "req_early", "early", "m");
        Assert.Contains("early", await reader.GetStringAsync("/traces?show=everything", Soon), StringComparison.Ordinal);
        Assert.Contains("\"degraded\"", await reader.GetStringAsync("/health/ready", Soon), StringComparison.Ordinal);

        await own.StartAgainAsync();
        await WrittenAsync(world, items: 3);
    }

    [Theory]
    [InlineData("--Console:History:Keep=5 minutes", "Console:History:Keep is '5 minutes'")]
    [InlineData("--Console:History:Keep=10m", "from 1h to 400d")]
    [InlineData("--Console:History:MaxWaiting=5", "Console:History:MaxWaiting is 5")]
    public async Task Wrong_settings_are_refused_by_name(string setting, string expected)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => ConsoleWorld.StartAsync("--ConnectionStrings:orrery=Host=127.0.0.1;Port=1", setting));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static async Task<ConsoleWorld> StartAsync(string database) => await ConsoleWorld.StartAsync(
        "--Console:History:Keep=7d", "--Console:History:MetricsEvery=00:00:01", $"--ConnectionStrings:orrery={database}");

    private static Task WrittenAsync(ConsoleWorld world, int items) => Eventually.Holds(() => Task.FromResult(world.History.Counts), counts => counts.Written == items && counts.Waiting == 0);

    private static async Task<long> CountAsync(string database, string table)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync(Soon);
        return await connection.ExecuteScalarAsync<bool>($"SELECT to_regclass('console.{table}') IS NOT NULL")
            ? await connection.ExecuteScalarAsync<long>($"SELECT count(*) FROM console.{table}")
            : 0;
    }

    /// <summary>A trace of two spans, one of them failed, and a log entry within it.</summary>
    private static string Send(ConsoleWorld world, string request, string name, string model)
    {
        using var source = new ActivitySource($"Orrery.Tests.History.{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N}");
        using var tracing = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(Sender).AddSource(source.Name).AddOtlpExporter(options => Aim(options, world, "/v1/traces")).Build();
        using var logging = LoggerFactory.Create(factory => factory.AddOpenTelemetry(options => options.SetResourceBuilder(Sender).AddOtlpExporter(otlp => Aim(otlp, world, "/v1/logs"))));
        using var outer = source.StartActivity(name, ActivityKind.Server)!;
        outer.SetTag("orrery.request_id", request).SetTag("gen_ai.request.model", model);
        using (var inner = source.StartActivity("inner", ActivityKind.Client)!)
        {
            inner.SetStatus(ActivityStatusCode.Error, "it broke").AddEvent(new("happened", tags: new() { ["why"] = "test" }));
            logging.CreateLogger("Test").LogInformation("a line of old {Number}", 1);
        }

        return outer.TraceId.ToHexString();
    }

    private static void Meter(ConsoleWorld world)
    {
        using var meter = new Meter($"Orrery.Tests.History.{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N}");
        using var metering = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(Sender).AddMeter(meter.Name).AddOtlpExporter((options, reader) =>
        {
            Aim(options, world, "/v1/metrics");
            reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = int.MaxValue;
        }).Build();
        var inFlight = meter.CreateUpDownCounter<long>("orrery.gateway.in_flight", "{request}");
        inFlight.Add(3, new KeyValuePair<string, object?>("gen_ai.request.model", "hist-model"));
    }

    private static ResourceBuilder Sender => ResourceBuilder.CreateEmpty().AddService("sender", serviceInstanceId: "sender-1");

    private static void Aim(OtlpExporterOptions options, ConsoleWorld world, string path) => Exporters.Aim(options, world.Collector.BaseAddress!, ConsoleWorld.CollectorKey, path);
}
