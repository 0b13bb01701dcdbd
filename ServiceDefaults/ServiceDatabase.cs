using System.Reflection;
using Npgsql;

namespace Orrery.ServiceDefaults;

/// <summary>One service's part of the one database: a schema and a role of the same name, used by that service alone.</summary>
public sealed class ServiceDatabase : IAsyncDisposable
{
    // A stopped or unreachable server must turn into a prompt 503, so these are far below Npgsql's 15 and 30; the connection string may say otherwise.
    private const int ConnectSeconds = 3;
    private const int CommandSeconds = 5;

    internal ServiceDatabase(string connectionString, string schema, Assembly migrations)
    {
        Schema = schema;
        Migrations = migrations;
        ConnectionString = connectionString;
        var session = new NpgsqlConnectionStringBuilder(connectionString)
        {
            SearchPath = schema,
            Options = $"-c role={schema}",
            ApplicationName = schema,
        };
        if (!session.ContainsKey("Timeout"))
        {
            session.Timeout = ConnectSeconds;
        }

        if (!session.ContainsKey("Command Timeout"))
        {
            session.CommandTimeout = CommandSeconds;
        }

        Source = NpgsqlDataSource.Create(session);
    }

    /// <summary>Also the name of the role.</summary>
    public string Schema { get; }

    /// <summary>Sessions of the service: its role, its schema.</summary>
    public NpgsqlDataSource Source { get; }

    /// <summary>As given: a user that may create the role and the schema, or that finds both in place.</summary>
    internal string ConnectionString { get; }

    internal Assembly Migrations { get; }

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
