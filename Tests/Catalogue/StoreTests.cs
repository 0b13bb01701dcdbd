using System.Net;
using Orrery.Contracts;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

public sealed class StoreTests(PostgresServer postgres)
{
    [Fact]
    public async Task Writers_on_two_replicas_make_one_history_without_gaps_as_a_watcher_sees_it()
    {
        const int Writers = 8;
        const int Writes = 12;
        var database = await postgres.CreateDatabaseAsync();
        await using var one = await StartAsync(database);
        await using var two = await StartAsync(database);
        var from = long.Parse((string)(await one.Get($"{Root}/models")).Json["metadata"]!["resourceVersion"]!, System.Globalization.CultureInfo.InvariantCulture);
        await using var watch = await two.Events($"{Root}/models?watch=true&resourceVersion={from}");

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async writer =>
        {
            for (var i = 0; i < Writes; i++)
            {
                (await (writer % 2 == 0 ? one : two).Apply(Documents.Model($"w{writer}", $"w{writer}-{i}"))).ExpectOk();
            }
        }));

        var revisions = new List<long>();
        var last = new Dictionary<string, int>();
        while (revisions.Count < Writers * Writes)
        {
            var change = await watch.NextAsync("ADDED", "MODIFIED");
            var resource = change.Json["object"]!;
            revisions.Add(long.Parse((string)resource["metadata"]!["resourceVersion"]!, System.Globalization.CultureInfo.InvariantCulture));
            var (name, step) = ((string)resource["metadata"]!["name"]!, int.Parse(((string)resource["spec"]!["id"]!).Split('-')[1], System.Globalization.CultureInfo.InvariantCulture));
            Assert.Equal(last.GetValueOrDefault(name, -1) + 1, step);
            last[name] = step;
        }

        Assert.Equal(Enumerable.Range(1, Writers * Writes).Select(i => from + i), revisions);
    }

    [Fact]
    public async Task A_watch_goes_on_where_it_was_and_an_old_one_is_told_to_list_anew()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync(), "Catalogue:WatchWindow=10", "Catalogue:WatchBookmark=00:00:00.100");
        for (var i = 0; i < 5; i++)
        {
            (await catalogue.Apply(Documents.Model($"m{i}", $"id{i}"))).ExpectOk();
        }

        await using (var present = await catalogue.Events($"{Root}/models?watch=true"))
        {
            for (var i = 0; i < 5; i++)
            {
                Assert.Equal($"m{i}", (string?)(await present.NextAsync("ADDED")).Json["object"]!["metadata"]!["name"]);
            }

            Assert.Equal("6", (string?)(await present.NextAsync("BOOKMARK")).Json["resourceVersion"]);
            (await catalogue.Delete($"{Root}/models/m0")).ExpectOk();
            Assert.Equal("7", (await present.NextAsync("DELETED")).Id);
        }

        await using (var resumed = await catalogue.Events($"{Root}/models?watch=true&resourceVersion=5"))
        {
            Assert.Equal(["ADDED 6", "DELETED 7"], [Line(await resumed.NextAsync()), Line(await resumed.NextAsync())]);
        }

        for (var i = 0; i < 10; i++)
        {
            (await catalogue.Apply(Documents.Model("m1", $"again{i}"))).ExpectOk();
        }

        var gone = (await catalogue.Get($"{Root}/models?watch=true&resourceVersion=6")).Expect(HttpStatusCode.Gone);
        Assert.Equal("resourceVersion 6 is older than the changes that are kept (from 8). List anew and watch from the list's resourceVersion.", (string?)gone.Json["detail"]);
        (await catalogue.Get($"{Root}/models?watch=true&resourceVersion=99")).Expect(HttpStatusCode.Gone);
    }

    [Fact]
    public async Task A_watch_by_label_lets_go_of_what_no_longer_matches()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync());
        await using var watch = await catalogue.Events($"{Root}/models?watch=true&labelSelector=team%3Da");
        (await catalogue.Apply("{kind: Model, metadata: {name: m, labels: {team: a}}, spec: {id: x, modelType: chat}}")).ExpectOk();
        (await catalogue.Apply("{kind: Model, metadata: {name: m, labels: {team: b}}, spec: {id: x, modelType: chat}}")).ExpectOk();
        Assert.Equal("ADDED 2", Line(await watch.NextAsync("ADDED", "MODIFIED", "DELETED")));
        Assert.Equal("DELETED 3", Line(await watch.NextAsync("ADDED", "MODIFIED", "DELETED")));
    }

    [Fact]
    public async Task While_the_database_is_away_reads_and_streams_go_on_and_writes_are_refused_promptly()
    {
        await using var server = new PostgresServer();
        await using var catalogue = await StartAsync(await server.CreateDatabaseAsync());
        (await catalogue.Apply(Documents.Model("before", "before-id"))).ExpectOk();
        await using var stream = await catalogue.Snapshot();
        await stream.NextAsync(SnapshotEvents.Snapshot);

        await server.StopAsync();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var refused = (await catalogue.Apply(Documents.Model("during", "during-id"))).Expect(HttpStatusCode.ServiceUnavailable);
        Assert.Equal("1", refused.RetryAfter);
        Assert.True(clock.ElapsedMilliseconds < 3_000, $"The refusal took {clock.ElapsedMilliseconds} ms.");
        await Eventually.Holds(catalogue.HealthAsync, health => health.StartsWith("200 {\"status\":\"degraded\"", StringComparison.Ordinal), TimeSpan.FromSeconds(10));
        await stream.NextAsync(SnapshotEvents.Heartbeat);
        (await catalogue.Get($"{Root}/models/before")).ExpectOk();
        await using (var late = await catalogue.Snapshot())
        {
            Assert.Equal("before-id", (string?)(await late.NextAsync())!.Json["models"]![0]!["id"]);
        }

        await server.StartAgainAsync();
        await Eventually.Holds(catalogue.HealthAsync, health => health.Contains("\"ok\"", StringComparison.Ordinal), TimeSpan.FromSeconds(15));
        (await catalogue.Apply(Documents.Model("during", "during-id"))).ExpectOk();
        await stream.NextAsync(SnapshotEvents.Delta);
    }

    private static string Line(Event? change) => $"{change?.Name} {change?.Id}";
}
