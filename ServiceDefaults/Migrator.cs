using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Orrery.ServiceDefaults;

/// <summary>Applies a service's numbered <c>.sql</c> files, each once and in order, under an advisory lock.</summary>
/// <remarks>
/// Files are embedded resources whose names end in <c>NNNN_words.sql</c>. Each runs in a transaction of its own. A file that
/// was changed after it had been applied stops the service: two databases of one release would differ. Migrations expand
/// first and contract a release later, so that the previous release goes on working beside this one.
/// </remarks>
public sealed partial class Migrator(ServiceDatabase database, ILogger<Migrator> logger)
{
    /// <exception cref="MigrationException">The files are not in order, or an applied one was changed.</exception>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        var files = ReadFiles();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);

        // The schemas of a database have one lock between them: creating roles concurrently fails in PostgreSQL.
        await connection.ExecuteAsync("SELECT pg_advisory_lock(hashtext('orrery/migrations'))");
        await PrepareSchema(connection);
        var applied = (await connection.QueryAsync<(int Version, string Sha256)>("SELECT version, sha256 FROM migrations")).ToDictionary(row => row.Version, row => row.Sha256);
        foreach (var file in files)
        {
            if (applied.TryGetValue(file.Version, out var sha256))
            {
                RequireUnchanged(file, sha256);
                continue;
            }

            await Apply(connection, file, cancellationToken);
        }
    }

    private async Task PrepareSchema(NpgsqlConnection connection)
    {
        var schema = database.Schema;
        // What is there already needs no right to make it: an operator may have prepared both (docs/decisions/003).
        if (!await connection.ExecuteScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = @schema)", new { schema }))
        {
            await connection.ExecuteAsync($"""CREATE ROLE "{schema}" NOLOGIN; GRANT "{schema}" TO CURRENT_USER""");
        }

        if (!await connection.ExecuteScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = @schema)", new { schema }))
        {
            await connection.ExecuteAsync($"""CREATE SCHEMA "{schema}" AUTHORIZATION "{schema}" """);
        }

        await connection.ExecuteAsync(
            $"""
             SET ROLE "{schema}";
             SET search_path TO "{schema}";
             CREATE TABLE IF NOT EXISTS migrations (
                 version int PRIMARY KEY,
                 name text NOT NULL,
                 sha256 text NOT NULL,
                 applied_at timestamptz NOT NULL DEFAULT now());
             """);
    }

    private async Task Apply(NpgsqlConnection connection, MigrationFile file, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(file.Sql, transaction: transaction, cancellationToken: cancellationToken));
            await connection.ExecuteAsync(
                "INSERT INTO migrations (version, name, sha256) VALUES (@Version, @Name, @Sha256)", new { file.Version, file.Name, file.Sha256 }, transaction);
            await transaction.CommitAsync(cancellationToken);
        }
        catch (PostgresException error)
        {
            throw new MigrationException($"Migration {file.Name} of schema {database.Schema} failed: {error.MessageText}", error);
        }

        Log.Applied(logger, database.Schema, file.Name);
    }

    private void RequireUnchanged(MigrationFile file, string sha256)
    {
        if (sha256 != file.Sha256)
        {
            throw new MigrationException(
                $"Migration {file.Name} of schema {database.Schema} was changed after it had been applied here. Put it back as it was and add a new file.");
        }
    }

    private List<MigrationFile> ReadFiles()
    {
        var files = new List<MigrationFile>();
        foreach (var name in database.Migrations.GetManifestResourceNames())
        {
            if (FileName.Match(name) is { Success: true } match)
            {
                using var reader = new StreamReader(database.Migrations.GetManifestResourceStream(name)!, Encoding.UTF8);
                var sql = reader.ReadToEnd();
                var sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql.ReplaceLineEndings("\n"))));
                files.Add(new MigrationFile(int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), match.Value, sql, sha256));
            }
        }

        files.Sort((a, b) => a.Version.CompareTo(b.Version));
        for (var i = 0; i < files.Count; i++)
        {
            if (files[i].Version != i + 1)
            {
                throw new MigrationException($"Migrations of schema {database.Schema} must be numbered 0001, 0002, … without gaps; found {files[i].Name} as number {i + 1}.");
            }
        }

        return files;
    }

    [GeneratedRegex(@"(\d{4})_[a-z0-9_]+\.sql$")]
    private static partial Regex FileName { get; }

    private sealed record MigrationFile(int Version, string Name, string Sql, string Sha256);

    private static partial class Log
    {
        [LoggerMessage(101, LogLevel.Information, "Applied migration {Name} to schema {Schema}", EventName = "MigrationApplied")]
        public static partial void Applied(ILogger logger, string schema, string name);
    }
}

/// <summary>The database cannot be brought to this release; restarting does not help, a person must look.</summary>
public sealed class MigrationException(string message, Exception? inner = null) : Exception(message, inner);
