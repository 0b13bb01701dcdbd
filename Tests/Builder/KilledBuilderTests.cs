using System.Diagnostics;
using System.Net;
using Dapper;
using Npgsql;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Builder;

/// <summary>The Builder as a process of its own, killed after each transaction that it commits: what it had begun is finished by the next one.</summary>
/// <remarks>
/// A trigger counts the transactions that write a row, and has the second one of each process wait for a lock that the test holds. When it waits, the
/// first has been committed and everything that followed it has been done; then the process gets SIGKILL.
/// </remarks>
public sealed class KilledBuilderTests(PostgresServer postgres)
{
    private const int Lock = 4711;

    private const string Trigger =
        """
        CREATE SCHEMA IF NOT EXISTS tests;
        GRANT USAGE ON SCHEMA tests TO builder;
        CREATE SEQUENCE IF NOT EXISTS tests.transactions;
        CREATE TABLE IF NOT EXISTS tests.kill (at bigint NOT NULL);
        GRANT ALL ON ALL TABLES IN SCHEMA tests TO builder;
        GRANT ALL ON ALL SEQUENCES IN SCHEMA tests TO builder;
        CREATE OR REPLACE FUNCTION tests.count() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF coalesce(current_setting('tests.counted', true), '') = '' THEN
                PERFORM set_config('tests.counted', 'yes', true);
                IF nextval('tests.transactions') >= (SELECT at FROM tests.kill) THEN
                    PERFORM pg_advisory_xact_lock(4711);
                END IF;
            END IF;
            RETURN NULL;
        END $$;
        """;

    [Fact]
    public async Task Killed_after_each_step_it_still_arrives_with_nothing_made_twice_and_goes_with_nothing_left_over()
    {
        await using var world = await BuilderWorld.StartAsync(postgres, startsBuilder: true);
        await world.StopBuilderAsync(); // It has made its tables.
        await using var database = NpgsqlDataSource.Create(world.Database);
        await using var holder = await database.OpenConnectionAsync();
        await holder.ExecuteAsync(Trigger);
        foreach (var table in new[] { "deployments", "revisions", "replicas", "events" })
        {
            await holder.ExecuteAsync($"CREATE TRIGGER counted AFTER INSERT OR UPDATE OR DELETE ON builder.{table} FOR EACH ROW EXECUTE FUNCTION tests.count()");
        }

        (await world.Apply("kind: GpuClass\nmetadata: { name: l4 }\nspec: { simulated: 4 }\n---\n"
            + "kind: ModelDeployment\nmetadata: { name: chat }\nspec: { model: qwen3-8b, replicas: 2, rollout: { drain: 0s } }\n")).ExpectOk();
        var kills = await KillUntil(world, holder, async () => (string?)(await world.StatusOf("chat"))?["phase"] == "running" && (int?)(await world.StatusOf("chat"))?["replicas"]?["ready"] == 2);
        var replicas = await world.SimulatedReplicas();
        Assert.Equal(2, replicas.Count);
        Assert.Equal(2, (await world.Endpoints("chat")).Count);
        Assert.Equal(HttpStatusCode.OK, (await Eventually.Holds(() => world.Ask("qwen3-8b"), answer => answer.Status == HttpStatusCode.OK)).Status);

        (await world.Catalogue.Delete($"{Root}/modeldeployments/chat")).ExpectOk();
        kills += await KillUntil(world, holder, async () => (await world.Catalogue.Get($"{Root}/modeldeployments/chat")).Status == HttpStatusCode.NotFound);
        Assert.Empty(await world.SimulatedReplicas());
        Assert.Empty(await world.Endpoints("chat"));
        TestContext.Current.TestOutputHelper?.WriteLine($"killed {kills} times");
        Assert.InRange(kills, 4, 100);

        // The last one may have been killed before it forgot what is gone: the next one does.
        await world.StartBuilderAsync();
        await holder.ExecuteAsync("UPDATE tests.kill SET at = 9223372036854775807; SELECT pg_advisory_unlock_all()");
        await Eventually.Holds(async () => await holder.QuerySingleAsync<long>("SELECT count(*) FROM builder.deployments"), count => count == 0);
    }

    private static async Task<int> KillUntil(BuilderWorld world, NpgsqlConnection holder, Func<Task<bool>> holds)
    {
        var kills = 0;
        while (!await holds())
        {
            Assert.True(kills < 60, "60 Builders did not bring it about.");
            await holder.ExecuteAsync($"SELECT pg_advisory_lock({Lock}); DELETE FROM tests.kill; INSERT INTO tests.kill SELECT last_value + 2 FROM tests.transactions");
            using var builder = Start(world);
            try
            {
                // Either it comes to its second transaction, or there is nothing left to do.
                await Eventually.Holds(async () => await WaitersAsync(holder) > 0 || await holds(), done => done, TimeSpan.FromSeconds(60));
            }
            finally
            {
                builder.Kill(entireProcessTree: true);
                await builder.WaitForExitAsync();
            }

            kills++;
            await holder.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = {Lock} AND NOT granted; SELECT pg_advisory_unlock_all()");
        }

        return kills;
    }

    private static Task<long> WaitersAsync(NpgsqlConnection holder) => holder.QuerySingleAsync<long>($"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {Lock} AND NOT granted");

    private static Process Start(BuilderWorld world)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "Builder/bin/Release/net10.0/Orrery.Builder"), BuilderReplica.Arguments(world.Database, world.Catalogue.Http.BaseAddress!, world.Settings()))
        {
            WorkingDirectory = Path.Combine(Repository.Root, "Builder"),
        };
        return Process.Start(start)!;
    }
}
