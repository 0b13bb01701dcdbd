using System.Diagnostics;
using Dapper;
using Npgsql;
using Orrery.Tests.Catalogue;

namespace Orrery.Tests.Builder;

/// <summary>A Builder as a process of its own that is killed after the transaction in question, and started again.</summary>
/// <remarks>
/// A trigger counts the transactions that write a row, and has the one after the step in question wait for a lock that the test holds. When it waits, the step has been committed and
/// everything that followed it has been done; then the process gets SIGKILL.
/// </remarks>
internal sealed class MortalBuilder : IAsyncDisposable
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

    private readonly BuilderWorld _world;
    private readonly NpgsqlDataSource _database;
    private readonly string[] _settings;
    private Process? _builder;

    private MortalBuilder(BuilderWorld world, NpgsqlDataSource database, NpgsqlConnection holder, string[] settings) => (_world, _database, Holder, _settings) = (world, database, holder, settings);

    /// <summary>The test's own connection.</summary>
    public NpgsqlConnection Holder { get; }

    /// <param name="world">Whose Builder has run, so that its tables are there, and runs no more.</param>
    /// <param name="tables">Whose writing counts.</param>
    public static async Task<MortalBuilder> StartAsync(BuilderWorld world, string[] tables, params string[] settings)
    {
        var database = NpgsqlDataSource.Create(world.Database);
        var holder = await database.OpenConnectionAsync();
        await holder.ExecuteAsync(Trigger);
        foreach (var table in tables)
        {
            await holder.ExecuteAsync($"CREATE TRIGGER counted AFTER INSERT OR UPDATE OR DELETE ON builder.{table} FOR EACH ROW EXECUTE FUNCTION tests.count()");
        }

        var mortal = new MortalBuilder(world, database, holder, settings);
        mortal._builder = mortal.Begin();
        return mortal;
    }

    /// <summary>Something is declared, and the Builder killed after so many steps towards it; the next one goes on undisturbed.</summary>
    /// <returns>Whether it came so far; otherwise it arrived before, and lives.</returns>
    public async Task<bool> KillAfterAsync(int step, Func<Task<bool>> hasArrived, Func<Task<Answer>> declare)
    {
        await Holder.ExecuteAsync($"SELECT pg_advisory_lock({Lock}); DELETE FROM tests.kill; INSERT INTO tests.kill SELECT last_value + {step + 1} FROM tests.transactions");
        _ = await declare();
        await Eventually.Holds(async () => await WaitersAsync() > 0 || await hasArrived(), done => done, TimeSpan.FromSeconds(60));
        var isDue = await WaitersAsync() > 0;
        if (isDue)
        {
            await KillAsync();
        }

        await Holder.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = {Lock} AND NOT granted; SELECT pg_advisory_unlock_all(); DELETE FROM tests.kill");
        if (isDue)
        {
            _builder = Begin();
            await Eventually.Holds(hasArrived, done => done, TimeSpan.FromSeconds(60));
        }

        return isDue;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await Holder.DisposeAsync();
        await _database.DisposeAsync();
    }

    /// <summary>It alone: what it has started goes on, as after a fall.</summary>
    private async Task KillAsync()
    {
        if (_builder is { } builder)
        {
            _builder = null;
            await Images.Command.RunAsync("pkill", "-P", $"{builder.Id}", "-f", "podman events"); // It would wait for ever for something to happen to what is no more.
            builder.Kill();
            await builder.WaitForExitAsync();
            builder.Dispose();
        }
    }

    private Task<long> WaitersAsync() => Holder.QuerySingleAsync<long>($"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {Lock} AND NOT granted");

    private Process Begin()
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "Builder/bin/Release/net10.0/Orrery.Builder"), BuilderReplica.Arguments(_world.Database, _world.Catalogue.Http.BaseAddress!, _world.Settings(_settings)))
        {
            WorkingDirectory = Path.Combine(Repository.Root, "Builder"),
        };
        return Process.Start(start)!;
    }
}
