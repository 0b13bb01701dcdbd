using System.Diagnostics;
using System.Text.Json;
using Dapper;
using Npgsql;
using Orrery.Contracts;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Catalogue;

public sealed class SnapshotApiTests(PostgresServer postgres) : IAsyncLifetime
{
    private string _database = null!;
    private CatalogueReplica _catalogue = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateDatabaseAsync();
        _catalogue = await StartAsync(_database);
    }

    public ValueTask DisposeAsync() => _catalogue.DisposeAsync();

    [Fact]
    public async Task A_stream_begins_whole_and_goes_on_with_deltas_and_heartbeats()
    {
        await using var stream = await _catalogue.Snapshot();
        var whole = Read<SnapshotDocument>(await stream.NextAsync());
        Assert.Equal("first", Assert.Single(whole.Keys).Name);
        Assert.Equal(SnapshotEvents.Heartbeat, (await stream.NextAsync())!.Name);

        (await _catalogue.Apply(Documents.Many(Documents.Model("m", "m-id"), Documents.Provider("p", "m-id", endpoint: "http://127.0.0.1:9/")))).ExpectOk();
        var delta = Read<SnapshotDelta>(await stream.NextAsync(SnapshotEvents.Delta));
        Assert.Equal((whole.Revision, whole.Revision + 1), (delta.From, delta.Revision));
        Assert.Equal("http://127.0.0.1:9/v1", Assert.Single(Assert.Single(delta.Providers).Endpoints).Url);
        Assert.Equal([new SnapshotOffer("p", "m-id")], Assert.Single(delta.Models).Offers);

        (await _catalogue.Delete($"{Root}/models/m")).ExpectOk();
        (await _catalogue.Delete($"{Root}/modelproviders/p")).ExpectOk();
        await stream.NextAsync(SnapshotEvents.Delta);
        var last = Read<SnapshotDelta>(await stream.NextAsync(SnapshotEvents.Delta));
        Assert.Equal(["model/default/m-id", "provider/default/p"], last.Removed.Order());

        await using var resumed = await _catalogue.Snapshot(since: whole.Revision);
        Assert.Equal(delta.Revision, Read<SnapshotDelta>((await resumed.NextAsync())!).Revision);
        await using var unknown = await _catalogue.Snapshot(since: 1_000_000);
        Assert.Equal(SnapshotEvents.Snapshot, (await unknown.NextAsync())!.Name);
    }

    [Fact]
    public async Task A_gateway_too_far_behind_gets_the_whole()
    {
        await using var catalogue = await StartAsync(await postgres.CreateDatabaseAsync(), "Catalogue:SnapshotWindow=2");
        for (var i = 0; i < 4; i++)
        {
            (await catalogue.Apply(Documents.Model("m", $"m{i}"))).ExpectOk();
        }

        await using var behind = await catalogue.Snapshot(since: 1);
        Assert.Equal(SnapshotEvents.Snapshot, (await behind.NextAsync())!.Name);
        await using var near = await catalogue.Snapshot(since: 3);
        Assert.Equal(SnapshotEvents.Delta, (await near.NextAsync())!.Name);
    }

    [Fact]
    public async Task Both_replicas_streams_know_of_a_revocation_at_once()
    {
        await using var other = await StartAsync(_database, "Catalogue:PollInterval=00:00:10");
        await using var stream = await other.Snapshot();
        await stream.NextAsync(SnapshotEvents.Snapshot);
        var waits = new List<double>();
        for (var i = 0; i < 30; i++)
        {
            var path = $"{Root}/accesskeys/revoked-{i}";
            (await _catalogue.Put(path, Documents.Key($"revoked-{i}"))).ExpectOk();
            await stream.NextAsync(SnapshotEvents.Delta);
            (await (i % 2 == 0 ? _catalogue : other).Delete(path)).ExpectOk();
            var clock = Stopwatch.StartNew();
            var delta = Read<SnapshotDelta>(await stream.NextAsync(SnapshotEvents.Delta));
            waits.Add(clock.Elapsed.TotalMilliseconds);
            Assert.Equal([$"key/default/revoked-{i}"], delta.Removed);
        }

        Assert.True(waits.Max() < 900, $"A revocation took {waits.Max()} ms to reach a stream.");
    }

    [Fact]
    public async Task A_lost_listener_comes_back_and_a_lost_notification_costs_a_poll()
    {
        await using var other = await StartAsync(_database);
        await using var stream = await other.Snapshot();
        await stream.NextAsync(SnapshotEvents.Snapshot);
        await using var source = NpgsqlDataSource.Create(_database);
        await using var connection = await source.OpenConnectionAsync();
        for (var i = 0; i < 3; i++)
        {
            await connection.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
            await Eventually.Holds(async () => (await _catalogue.Apply(Documents.Model("after-loss", $"id-{i}"))).Status, status => status == System.Net.HttpStatusCode.OK, TimeSpan.FromSeconds(5));
            await stream.NextAsync(SnapshotEvents.Delta);
        }

        // A change without its notification: as if it had been lost on the way.
        await connection.ExecuteAsync(
            """
            INSERT INTO catalogue.changes SELECT revision + 1, 'Model', 'default', 'after-loss', 'DELETED', 'test', (SELECT body FROM catalogue.resources WHERE name = 'after-loss') FROM catalogue.store;
            DELETE FROM catalogue.resources WHERE name = 'after-loss';
            UPDATE catalogue.store SET revision = revision + 1;
            """);
        var clock = Stopwatch.StartNew();
        var delta = Read<SnapshotDelta>(await stream.NextAsync(SnapshotEvents.Delta));
        Assert.Equal(["model/default/id-2"], delta.Removed);
        Assert.True(clock.ElapsedMilliseconds < 2_000, $"The poll took {clock.ElapsedMilliseconds} ms.");
    }

    private static T Read<T>(Event? message) => (T)JsonSerializer.Deserialize(message!.Data, ContractsJson.Default.GetTypeInfo(typeof(T))!)!;
}
