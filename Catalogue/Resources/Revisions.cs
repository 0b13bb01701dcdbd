using Dapper;
using Npgsql;
using Orrery.Catalogue.Secrets;

namespace Orrery.Catalogue.Resources;

/// <summary>One entry of a resource's history.</summary>
internal sealed record StoredRevision(long Revision, string Action, long Generation, string ChangedBy, DateTimeOffset ChangedAt, StoredResource Resource);

/// <summary>Who changed what and when. Append-only: a rollback is a new revision with an old spec.</summary>
internal sealed class Revisions(NpgsqlDataSource database, SecretVault vault)
{
    /// <summary>A resource's history, newest first, below revision <paramref name="before"/>.</summary>
    public async Task<IReadOnlyList<StoredRevision>> ListAsync(ResourceKey key, long before, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            """
            SELECT revision, action, generation, changed_by AS ChangedBy, changed_at AS ChangedAt, body::text AS Body FROM revisions
            WHERE namespace = @Namespace AND kind = @Kind AND name = @Name AND revision < @before ORDER BY revision DESC LIMIT @limit
            """,
            new { key.Namespace, Kind = key.Kind.Name, key.Name, before, limit },
            cancellationToken: cancellationToken));
        return [.. rows.Select(row => row.Read())];
    }

    public async Task<StoredRevision?> FindAsync(ResourceKey key, long revision, CancellationToken cancellationToken) =>
        (await ListAsync(key, revision + 1, 1, cancellationToken)) is [var found] && found.Revision == revision ? found : null;

    /// <summary>Puts history's secrets under the current key as well, or a rollback would need keys that rotation removes.</summary>
    /// <returns>How many revisions were sealed anew, and which could not be.</returns>
    public async Task<(int Sealed, List<string> Faults)> SealAnewAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            "SELECT revision, action, generation, changed_by AS ChangedBy, changed_at AS ChangedAt, body::text AS Body FROM revisions WHERE kind = 'Secret'",
            cancellationToken: cancellationToken));
        var (count, faults) = (0, new List<string>());
        foreach (var (revision, resource) in rows.Select(row => row.Read()).Select(entry => (entry.Revision, entry.Resource)))
        {
            var anew = vault.SealAnew(resource.Key, (SealedSecretSpec)resource.Spec, out var fault);
            if (fault is not null)
            {
                faults.Add($"{resource.Key} at revision {revision}: {fault}");
            }
            else if (anew is not null)
            {
                count += await connection.ExecuteAsync(new CommandDefinition(
                    "UPDATE revisions SET body = @body::jsonb WHERE namespace = @Namespace AND kind = 'Secret' AND name = @Name AND revision = @revision",
                    new { body = (resource with { Spec = anew }).ToBody(), resource.Key.Namespace, resource.Key.Name, revision },
                    cancellationToken: cancellationToken));
            }
        }

        return (count, faults);
    }

    private sealed record Row(long Revision, string Action, long Generation, string ChangedBy, DateTime ChangedAt, string Body)
    {
        public StoredRevision Read() =>
            new(Revision, Action, Generation, ChangedBy, new DateTimeOffset(ChangedAt, TimeSpan.Zero), StoredResource.FromBody(Body, ChangedBy)!);
    }
}
