using Aspire.Hosting.ApplicationModel;
using Npgsql;

namespace Aspire.Hosting;

/// <summary>Makes the databases of a server that is ready.</summary>
internal static class PostgresDatabases
{
    public static async Task CreateAsync(PostgresServerResource server, IEnumerable<IResource> resources, CancellationToken cancellationToken)
    {
        var text = await server.GetConnectionStringAsync(cancellationToken);
        await using var connection = new NpgsqlConnection(Unpooled(text));
        await connection.OpenAsync(cancellationToken);
        foreach (var database in resources.OfType<PostgresDatabaseResource>().Where(one => ReferenceEquals(one.Parent, server)))
        {
            await CreateAsync(connection, database, cancellationToken);
        }
    }

    /// <summary>A connection of its own: a pooled one would outlive the server and fail after its restart.</summary>
    public static string Unpooled(string? connectionString) => new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Timeout = 5 }.ConnectionString;

    private static async Task CreateAsync(NpgsqlConnection connection, PostgresDatabaseResource database, CancellationToken cancellationToken)
    {
        await using var exists = new NpgsqlCommand("SELECT 1 FROM pg_database WHERE datname = $1", connection) { Parameters = { new() { Value = database.DatabaseName } } };
        if (!database.TryGetLastAnnotation<PostgresCreationScriptAnnotation>(out var script) && await exists.ExecuteScalarAsync(cancellationToken) is not null)
        {
            return;
        }

        var quoted = database.DatabaseName.Replace("\"", "\"\"", StringComparison.Ordinal);
        await using var create = new NpgsqlCommand(script?.Script ?? $"CREATE DATABASE \"{quoted}\"", connection);
        await create.ExecuteNonQueryAsync(cancellationToken);
    }
}
