using Dapper;
using Npgsql;

namespace Orrery.Builder.Storage;

/// <summary>The end of a log, whose server has ended.</summary>
/// <param name="Lines">As the API answers them, each with its time.</param>
internal sealed record KeptLog(int Revision, int Ordinal, string Incarnation, DateTimeOffset At, string Lines);

/// <summary>What replicas wrote last that are no more.</summary>
internal sealed class LogStore(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>So many logs of one deployment are kept, the newest ones.</summary>
    public const int Most = 10;

    /// <summary>Keeps a log, in place of what was kept of the same start before.</summary>
    public async Task KeepAsync(DeploymentKey key, int revision, int ordinal, string incarnation, string lines, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            $"""
            INSERT INTO logs (deployment, revision, ordinal, incarnation, at, lines) SELECT uid, @revision, @ordinal, @incarnation, @now, @lines FROM deployments WHERE uid = @uid
            ON CONFLICT (deployment, revision, ordinal, incarnation) DO UPDATE SET at = excluded.at, lines = excluded.lines;
            DELETE FROM logs WHERE deployment = @uid AND (revision, ordinal, incarnation) NOT IN
                (SELECT revision, ordinal, incarnation FROM logs WHERE deployment = @uid ORDER BY at DESC LIMIT {Most})
            """,
            new { uid = Guid.Parse(key.Uid), revision, ordinal, incarnation, lines, now = time.GetUtcNow() },
            cancellationToken: cancellationToken));
    }

    /// <summary>What is kept of a deployment, the newest first.</summary>
    public async Task<IReadOnlyList<KeptLog>> OfAsync(DeploymentKey key, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<(int Revision, int Ordinal, string Incarnation, DateTime At, string Lines)>(new CommandDefinition(
            "SELECT revision, ordinal, incarnation, at, lines FROM logs WHERE deployment = @uid ORDER BY at DESC",
            new { uid = Guid.Parse(key.Uid) },
            cancellationToken: cancellationToken));
        return [.. rows.Select(row => new KeptLog(row.Revision, row.Ordinal, row.Incarnation, row.At, row.Lines))];
    }
}
