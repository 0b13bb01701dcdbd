using Dapper;
using Npgsql;
using Orrery.Catalogue.Resources;

namespace Orrery.Catalogue.Following;

/// <summary>Reads what was committed: everything, or what came after a revision.</summary>
internal static class ChangeLog
{
    /// <summary>Every write notifies this channel; the payload is its revision.</summary>
    public const string Channel = "orrery_catalogue";

    public static Task<long> RevisionAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.QuerySingleAsync<long>(new CommandDefinition("SELECT revision FROM store", cancellationToken: cancellationToken));

    /// <summary>Brings <paramref name="live"/> to what is committed now.</summary>
    public static async Task CatchUpAsync(LiveState live, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var known = live.State.Revision;
        var committed = await RevisionAsync(connection, cancellationToken);
        if (!live.IsLoaded || committed < known)
        {
            // A counter below what we have seen: the database was restored from a backup, and it is the truth.
            live.Replace(await LoadAsync(connection, cancellationToken), isRestored: live.IsLoaded);
            return;
        }

        if (committed == known)
        {
            return;
        }

        var changes = await ReadAsync(connection, "", new { after = known }, cancellationToken);
        if (!changes.GroupBy(change => change.Revision).All(group => live.Advance(group.Key, [.. group])) || live.State.Revision < committed)
        {
            live.Replace(await LoadAsync(connection, cancellationToken), isRestored: false);
        }
    }

    /// <summary>The changes of one kind after a revision, in their order.</summary>
    public static Task<List<ResourceChange>> ReadAsync(NpgsqlConnection connection, ResourceScope scope, long after, CancellationToken cancellationToken) =>
        ReadAsync(connection, "AND namespace = coalesce(@Namespace, namespace) AND kind = @kind", new { after, scope.Namespace, kind = scope.Kind.Name }, cancellationToken);

    private static async Task<List<ResourceChange>> ReadAsync(NpgsqlConnection connection, string condition, object parameters, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<(long Revision, string Type, string ChangedBy, string Body)>(new CommandDefinition(
            $"SELECT revision, type, changed_by, body::text FROM changes WHERE revision > @after {condition} ORDER BY revision",
            parameters,
            cancellationToken: cancellationToken));
        return [.. rows
            .Select(row => (row.Revision, row.Type, Resource: StoredResource.FromBody(row.Body, row.ChangedBy)))
            .Where(row => row.Resource is not null)
            .Select(row => new ResourceChange(row.Revision, row.Type, row.Resource!))];
    }

    private static async Task<CatalogueState> LoadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // One statement sees one moment, so the revision belongs to the rows whatever is committed meanwhile.
        var rows = (await connection.QueryAsync<(long Revision, string? ChangedBy, string? Body)>(new CommandDefinition(
            "SELECT store.revision, resources.changed_by, resources.body::text FROM store LEFT JOIN resources ON true",
            cancellationToken: cancellationToken))).ToList();
        return CatalogueState.Load(
            rows[0].Revision,
            rows.Where(row => row.Body is not null).Select(row => StoredResource.FromBody(row.Body!, row.ChangedBy!)).OfType<StoredResource>());
    }
}
