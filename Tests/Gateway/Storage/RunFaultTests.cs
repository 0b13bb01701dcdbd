using Npgsql;
using Orrery.Tests.Gateway.Responses;
using static Orrery.Tests.Gateway.ScriptedEngine;

namespace Orrery.Tests.Gateway.Storage;

/// <summary>Runs that fail, end elsewhere or are followed by many: each is its own, and takes nothing else with it.</summary>
public sealed class RunFaultTests(PostgresServer postgres)
{
    private const string Path = "/v1/responses";
    private const string Streamed = """{"model":"m","input":"?","background":true,"stream":true}""";

    private string _database = "";

    /// <summary>Several at once, and PostgreSQL looks for the next run in the way that takes more than one if it may.</summary>
    [Fact]
    public async Task Runs_that_cannot_be_run_end_as_failed_and_no_gateway_with_them()
    {
        await using var engine = await StartAsync();
        _database = await postgres.CreateDatabaseAsync();
        var name = new NpgsqlConnectionStringBuilder(_database).Database;
        foreach (var way in new[] { "hashjoin", "mergejoin", "hashagg", "sort", "material" })
        {
            await QueryAsync<object?>($"ALTER DATABASE {name} SET enable_{way} = off");
        }

        await using var world = await WorldAsync(engine, "--Gateway:Storage:Lease=00:00:02");
        world.ExpectError("RunFailed");
        await LeaveAsync("resp_lost", attempt: 2, """{"id":"resp_lost","status":"in_progress","background":true,"error":null,"instructions":"\ud800","x":{{deep}}}""");
        await LeaveAsync("resp_odd", attempt: 1, """{"id":"resp_odd","status":"in_progress","background":true,"error":null}""", headers: "null");
        await LeaveAsync("resp_unknown", attempt: 1, """{"id":"resp_unknown","status":"in_progress","background":true,"error":null}""");
        await LeaveAsync("resp_twice", attempt: 7, """{"id":"resp_twice","status":"in_progress","background":true,"error":null}""");
        foreach (var (id, code) in new[] { ("resp_lost", "run_lost"), ("resp_odd", "internal_error"), ("resp_unknown", "model_not_found"), ("resp_twice", "run_lost") })
        {
            var failed = await Eventually.Holds(() => world.Client.GetStringAsync($"{Path}/{id}"), text => text.Contains("\"status\":\"failed\"", StringComparison.Ordinal));
            Assert.Contains($"({code})\"", failed, StringComparison.Ordinal);
            using var cancelled = await world.Client.PostAsync($"{Path}/{id}/cancel", null);
            Assert.True(cancelled.IsSuccessStatusCode);
        }

        await Eventually.Holds(() => QueryAsync<long>("SELECT count(*) FROM runs"), left => left == 0);
        Assert.Equal(200, (int)(await world.PostAsync(GatewayWorld.Chat())).StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_ended_at_another_gateway_tells_no_more_and_says_that_it_was_ended(bool isDeleted)
    {
        await using var engine = await StartAsync(EndlessAsync);
        await using var world = await WorldAsync(engine);
        await using var other = await OtherGateway.StartAsync(world);
        using var followed = await world.PostAsync(Streamed, Path, stream: true);
        var reading = CutAnswer.ReadAsync(followed);
        var id = await Eventually.Holds(() => QueryAsync<string>("SELECT coalesce(min(id), '') FROM run_events WHERE sequence > 5"), id => id.Length > 0);
        using var ended = isDeleted ? await other.Client.DeleteAsync($"{Path}/{id}") : await other.Client.PostAsync($"{Path}/{id}/cancel", null);
        Assert.True(ended.IsSuccessStatusCode);
        var kept = await QueryAsync<long>("SELECT count(*) FROM run_events");
        await Eventually.Holds(() => engine.Abandoned == 1);
        Assert.Equal(kept, await QueryAsync<long>("SELECT count(*) FROM run_events"));
        var events = BackgroundTests.Events(await reading);
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(one => (int)one["sequence_number"]!));
        if (isDeleted)
        {
            Assert.Equal(0, kept);
            Assert.Equal(("error", "response_not_found"), ((string?)events[^1]["type"], (string?)events[^1]["code"]));
        }
        else
        {
            Assert.Equal((kept, "response.failed", "cancelled"), (events.Count - 1, (string?)events[^1]["type"], (string?)events[^1]["response"]!["status"]));
            OpenAiSchema.Load().Validate("ResponseStreamEvent", events[^1].ToJsonString());
        }
    }

    /// <summary>They take turns at the database, and when they leave they take nothing with them.</summary>
    [Fact]
    public async Task Many_that_follow_one_response_leave_the_database_to_others()
    {
        await using var engine = await StartAsync(EndlessAsync);
        await using var world = await WorldAsync(engine);
        using var first = await world.PostAsync(Streamed, Path, stream: true);
        var id = await Eventually.Holds(() => QueryAsync<string>("SELECT coalesce(min(id), '') FROM run_events"), id => id.Length > 0);
        using var leaving = new CancellationTokenSource();
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = world.Client.BaseAddress };
        client.DefaultRequestHeaders.Add("Authorization", "Bearer " + GatewayWorld.Key);
        var following = Enumerable.Range(0, 150).Select(_ => client.GetStringAsync($"{Path}/{id}?stream=true", leaving.Token)).ToList();
        var most = 0L;
        for (var look = 0; look < 20; look++)
        {
            most = Math.Max(most, await QueryAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"));
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        Assert.InRange(most, 1, 20);
        await leaving.CancelAsync();
        await Eventually.Holds(() => following.TrueForAll(one => one.IsCompleted));
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(200, (int)(await world.Client.GetAsync($"{Path}/{id}")).StatusCode);
        }

        using var deleted = await world.Client.DeleteAsync($"{Path}/{id}");
        await Eventually.Holds(() => engine.Abandoned == 1);
    }

    private static async Task EndlessAsync(Microsoft.AspNetCore.Http.HttpContext http)
    {
        await Sse([Role])(http);
        while (true)
        {
            await Sse([Chunk("word ")])(http);
            await Task.Delay(TimeSpan.FromMilliseconds(30), TimeProvider.System, http.RequestAborted);
        }
    }

    private async Task<GatewayWorld> WorldAsync(ScriptedEngine engine, params string[] settings)
    {
        _database = _database.Length > 0 ? _database : await postgres.CreateDatabaseAsync();
        var world = await GatewayWorld.StartAsync(engine, ["--ConnectionStrings:orrery=" + _database, .. settings]);
        await Eventually.Holds(async () => (int)(await world.Client.GetAsync(Path + "/resp_1")).StatusCode, status => status == 404, TimeSpan.FromSeconds(20));
        return world;
    }

    /// <summary>What a gateway leaves in the database that is killed in the middle of a run.</summary>
    private Task LeaveAsync(string id, int attempt, string response, string headers = """{"content-type":"application/json"}""")
    {
        response = response.Replace("{{deep}}", new string('[', 100) + new string(']', 100), StringComparison.Ordinal);
        return QueryAsync<object?>(
            $$"""
              INSERT INTO responses (namespace, id, key_name, status, created_at, expires_at, input, response)
              VALUES ('default', '{{id}}', 'team-key', 'in_progress', now(), now() + interval '1 day', convert_to('[]', 'UTF8'), decode('{{Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(response))}}', 'hex'));
              INSERT INTO runs (namespace, id, kind, key_name, headers, body, created_at, attempt, owner, lease_until)
              VALUES ('default', '{{id}}', 'responses', 'team-key', '{{headers}}', convert_to('{"model":"unknown","input":"?","background":true}', 'UTF8'), now(), {{attempt}}, 'a gateway that is gone', now())
              """);
    }

    private async Task<T> QueryAsync<T>(string sql)
    {
        await using var source = NpgsqlDataSource.Create($"{_database};Pooling=false;Search Path=gateway");
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
