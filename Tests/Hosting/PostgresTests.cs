using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Npgsql;

namespace Orrery.Tests.Hosting;

public sealed class PostgresTests : IDisposable
{
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("hosting-tests-");

    [Fact]
    public async Task Data_and_password_survive_a_second_run()
    {
        Assert.SkipUnless(Aspire.Hosting.PostgresServer.Folder is not null, "PostgreSQL is not installed.");
        await using (var app = await StartAsync())
        {
            await ExecuteAsync(app, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)");
        }

        await using (var app = await StartAsync())
        {
            Assert.Equal(42, await ExecuteAsync(app, "SELECT n FROM kept"));
        }
    }

    [Fact]
    public async Task A_database_is_made_when_the_server_is_ready_and_its_clients_wait_for_it()
    {
        Assert.SkipUnless(Aspire.Hosting.PostgresServer.Folder is not null, "PostgreSQL is not installed.");
        var builder = Graph.Create();
        var database = builder.AddPostgres("pg").AddDatabase("stock", "stock db");
        builder.AddExecutable("client", "true", ".").WaitFor(database);
        await using var app = await builder.StartAsync();
        await app.UntilAsync("client", KnownResourceStates.Finished);
        Assert.Equal("stock db", await ExecuteAsync(app, "SELECT current_database()"));
        Assert.True(app.ResourceNotifications.TryGetCurrentState("pg", out var server));
        Assert.Contains(server.Snapshot.Properties, one => one.Name == "hosted.by" && $"{one.Value}".EndsWith("/postgres", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_password_than_the_data_was_made_with_is_explained()
    {
        Assert.SkipUnless(Aspire.Hosting.PostgresServer.Folder is not null, "PostgreSQL is not installed.");
        await (await StartAsync()).DisposeAsync();
        var builder = Builder("--Parameters:pg-password=another");
        await using var app = await Graph.StartAsync(builder);
        await app.UntilLineAsync("pg", "the data was made with another password");
    }

    [Fact]
    public async Task A_restarted_server_is_healthy_again()
    {
        Assert.SkipUnless(Aspire.Hosting.PostgresServer.Folder is not null, "PostgreSQL is not installed.");
        await using var app = await StartAsync();
        var first = await app.PidAsync("pg");
        Assert.True((await app.ResourceCommands.ExecuteCommandAsync("pg", "restart", Graph.Soon())).Success);
        await Eventually.Holds(async () => await app.PidAsync("pg"), now => now != first);
        await app.UntilHealthyAsync("pg");
        Assert.Equal(1, await ExecuteAsync(app, "SELECT 1"));
    }

    public void Dispose() => _state.Delete(recursive: true);

    private IDistributedApplicationTestingBuilder Builder(params string[] args)
    {
        var builder = Graph.Create([$"--AppHost:StateDirectory={_state.FullName}", .. args]);
        builder.AddPostgres("pg").WithDataVolume("pg-data").AddDatabase("stock");
        return builder;
    }

    private async Task<DistributedApplication> StartAsync()
    {
        var app = await Graph.StartAsync(Builder());
        await app.UntilHealthyAsync("stock");
        return app;
    }

    private static async Task<object?> ExecuteAsync(DistributedApplication app, string sql)
    {
        var text = await app.GetConnectionStringAsync("stock", Graph.Soon());
        await using var connection = new NpgsqlConnection(text + ";Pooling=false");
        await connection.OpenAsync(Graph.Soon());
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Graph.Soon());
    }
}
