using System.Diagnostics;
using System.Net;
using Dapper;
using Npgsql;
using Orrery.Tests.Catalogue;
using static Orrery.Tests.Catalogue.CatalogueReplica;

namespace Orrery.Tests.Builder;

/// <summary>The Builder as a process of its own, killed once after each transaction that it commits on the way there and on the way back: the next one finishes what it had begun.</summary>
/// <remarks>
/// A trigger counts the transactions that write a row, and has the one after the step in question wait for a lock that the test holds. When it waits, the step has been committed and
/// everything that followed it has been done; then the process gets SIGKILL.
/// </remarks>
public sealed class KilledBuilderTests(PostgresServer postgres) : IAsyncDisposable
{
    private const int Lock = 4711;

    /// <summary>More than any Builder needs: a step that never comes is found out by the state that it would lead to.</summary>
    private const int MostSteps = 20;

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

    private Process? _builder;

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

        (await world.Apply("kind: GpuClass\nmetadata: { name: l4 }\nspec: { simulated: 4 }\n")).ExpectOk();
        var (kills, step) = (0, 1);
        _builder = Start(world);
        for (var isOver = false; !isOver; step++)
        {
            Assert.True(step < MostSteps);
            var wasKilledUp = await KillAfter(step, world, holder, () => IsRunningAsync(world), () => world.Apply("kind: ModelDeployment\nmetadata: { name: chat }\nspec: { model: qwen3-8b, replicas: 2, rollout: { drain: 0s } }\n"));
            Assert.Equal(2, (await world.SimulatedReplicas()).Count);
            Assert.Equal(2, (await world.Endpoints("chat")).Count);
            Assert.Equal(HttpStatusCode.OK, (await Eventually.Holds(() => world.Ask("qwen3-8b"), answer => answer.Status == HttpStatusCode.OK)).Status);

            var wasKilledDown = await KillAfter(step, world, holder, () => IsGoneAsync(world, holder), () => world.Catalogue.Delete($"{Root}/modeldeployments/chat"));
            Assert.Empty(await world.SimulatedReplicas());
            Assert.Empty(await world.Endpoints("chat"));
            kills += (wasKilledUp ? 1 : 0) + (wasKilledDown ? 1 : 0);
            isOver = !wasKilledUp && !wasKilledDown;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"killed {kills} times, after each of up to {step - 2} steps");
        Assert.InRange(kills, 4, 2 * MostSteps);
    }

    public async ValueTask DisposeAsync()
    {
        if (_builder is not null)
        {
            await KillAsync(_builder);
        }
    }

    private static async Task<bool> IsRunningAsync(BuilderWorld world) =>
        await world.StatusOf("chat") is { } status && (string?)status["phase"] == "running" && (int?)status["replicas"]?["ready"] == 2 && (string?)status["conditions"]?[1]?["reason"] == "Arrived";

    private static async Task<bool> IsGoneAsync(BuilderWorld world, NpgsqlConnection holder) =>
        (await world.Catalogue.Get($"{Root}/modeldeployments/chat")).Status == HttpStatusCode.NotFound && await holder.QuerySingleAsync<long>("SELECT count(*) FROM builder.deployments") == 0;

    /// <summary>Something is declared, and the Builder killed after so many steps towards it; the next one goes on undisturbed.</summary>
    /// <returns>Whether it came so far; otherwise it arrived before, and lives.</returns>
    private async Task<bool> KillAfter(int step, BuilderWorld world, NpgsqlConnection holder, Func<Task<bool>> hasArrived, Func<Task<Answer>> declare)
    {
        await holder.ExecuteAsync($"SELECT pg_advisory_lock({Lock}); DELETE FROM tests.kill; INSERT INTO tests.kill SELECT last_value + {step + 1} FROM tests.transactions");
        (await declare()).ExpectOk();
        await Eventually.Holds(async () => await WaitersAsync(holder) > 0 || await hasArrived(), done => done, TimeSpan.FromSeconds(60));
        var isDue = await WaitersAsync(holder) > 0;
        if (isDue)
        {
            await KillAsync(_builder!);
        }

        await holder.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = {Lock} AND NOT granted; SELECT pg_advisory_unlock_all(); DELETE FROM tests.kill");
        if (isDue)
        {
            _builder = Start(world);
            await Eventually.Holds(hasArrived, done => done, TimeSpan.FromSeconds(60));
        }

        return isDue;
    }

    private static async Task KillAsync(Process builder)
    {
        builder.Kill(entireProcessTree: true);
        await builder.WaitForExitAsync();
        builder.Dispose();
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
