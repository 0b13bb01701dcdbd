using System.Reflection;
using Npgsql;

namespace Orrery.ServiceDefaults;

/// <summary>One service's part of the one database: a schema and a role of the same name, used by that service alone.</summary>
public sealed class ServiceDatabase : IAsyncDisposable
{
    internal ServiceDatabase(string connectionString, string schema, Assembly migrations)
    {
        Schema = schema;
        Migrations = migrations;
        ConnectionString = connectionString;
        Source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
        {
            SearchPath = schema,
            Options = $"-c role={schema}",
            ApplicationName = schema,
        });
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
