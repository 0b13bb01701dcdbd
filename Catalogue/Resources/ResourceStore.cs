using System.Text.Json;
using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Orrery.Catalogue.Following;

namespace Orrery.Catalogue.Resources;

/// <summary>A resource's row in the statement that writes a revision.</summary>
internal sealed record StoredRow(
    string Kind, string Namespace, string Name, Guid Uid, long Generation, string ManagedBy, string ChangedBy, string? Action, string Type, JsonElement Body);

/// <summary>Writes revisions: one transaction, one revision, all or nothing.</summary>
/// <remarks>
/// 1. This replica's writers take turns, so that waiting for the row below costs one connection and not the pool.
/// 2. The one row of <c>store</c> is locked: until the commit nobody else can write, so what memory holds at that revision is
///    exactly what is stored, and plans are made against memory.
/// 3. The rows are written and the revision raised; the commit wakes every replica.
/// 4. This replica takes the change over before the writer is answered.
/// </remarks>
internal sealed partial class ResourceStore(
    NpgsqlDataSource database, LiveState live, ChangeFollower follower, IOptions<CatalogueOptions> options, TimeProvider time, ILogger<ResourceStore> logger) : IDisposable
{
    private static readonly TimeSpan TurnTimeout = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Plans against the newest state and writes the plan, unless it is refused or changes nothing.</summary>
    /// <exception cref="TimeoutException">No turn to write came within 5 s.</exception>
    public async Task<ApplyPlan> WriteAsync(Func<CatalogueState, ApplyPlan> plan, CancellationToken cancellationToken)
    {
        if (follower.Fault is { } fault)
        {
            throw new TimeoutException(fault);
        }

        if (!await _turn.WaitAsync(TurnTimeout, cancellationToken))
        {
            throw new TimeoutException($"other writes took longer than {TurnTimeout.TotalSeconds} s");
        }

        try
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await connection.ExecuteAsync(new CommandDefinition("SELECT revision FROM store FOR UPDATE", transaction: transaction, cancellationToken: cancellationToken));
            await ChangeLog.CatchUpAsync(live, connection, cancellationToken);
            var state = live.State;
            var result = plan(state);
            if (result.Changes.Count > 0)
            {
                var changes = await ExecuteAsync(connection, state.Revision + 1, result, cancellationToken);

                // From here on it happens: a caller who leaves now must not decide whether this replica knows of it.
                await transaction.CommitAsync(CancellationToken.None);
                live.Advance(state.Revision + 1, changes);
                Log.Written(logger, state.Revision + 1, changes.Count);
            }

            return result;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What <see cref="WriteAsync"/> would do.</summary>
    public async Task<ApplyPlan> TryAsync(Func<CatalogueState, ApplyPlan> plan, CancellationToken cancellationToken)
    {
        await follower.RefreshAsync(cancellationToken);
        return plan(live.State);
    }

    public void Dispose() => _turn.Dispose();

    private async Task<List<ResourceChange>> ExecuteAsync(NpgsqlConnection connection, long revision, ApplyPlan plan, CancellationToken cancellationToken)
    {
        var changes = plan.Changes.Select(step => ChangeOf(step, revision)).ToList();
        var rows = plan.Changes.Zip(changes, (step, change) => RowOf(step, change, plan.Audited)).ToArray();
        var oldest = revision - options.Value.WatchWindow;
        await connection.ExecuteAsync(new CommandDefinition(
            WriteSql,
            new { revision, rows = JsonSerializer.Serialize(rows, CatalogueJson.Default.StoredRowArray), at = time.GetUtcNow(), oldest },
            cancellationToken: cancellationToken));
        return changes;
    }

    private static ResourceChange ChangeOf(PlannedStep step, long revision) => step switch
    {
        { After: { } after, Before: null } => new ResourceChange(revision, ChangeTypes.Added, after),
        { After: { } after } => new ResourceChange(revision, ChangeTypes.Modified, after),
        _ => new ResourceChange(revision, ChangeTypes.Deleted, step.Before! with
        {
            Metadata = step.Before.Metadata with { ResourceVersion = revision.ToString(System.Globalization.CultureInfo.InvariantCulture) },
        }),
    };

    private static StoredRow RowOf(PlannedStep step, ResourceChange change, bool audited)
    {
        var metadata = change.Resource.Metadata;
        using var body = JsonDocument.Parse(change.Resource.ToBody());
        return new StoredRow(
            change.Resource.Kind.Name, metadata.Namespace, metadata.Name, Guid.Parse(metadata.Uid!), metadata.Generation, change.Resource.ManagedBy,
            change.Resource.ChangedBy, audited ? step.Action : null, change.Type, body.RootElement.Clone());
    }

    private const string WriteSql =
        """
        WITH written AS MATERIALIZED (
            SELECT * FROM jsonb_to_recordset(@rows::jsonb) AS r (
                kind text, namespace text, name text, uid uuid, generation bigint, "managedBy" text, "changedBy" text, action text, type text, body jsonb)),
        gone AS (
            DELETE FROM resources USING written
            WHERE written.type = 'DELETED' AND resources.namespace = written.namespace AND resources.kind = written.kind AND resources.name = written.name),
        kept AS (
            INSERT INTO resources (kind, namespace, name, uid, revision, generation, managed_by, changed_by, changed_at, body)
            SELECT kind, namespace, name, uid, @revision, generation, "managedBy", "changedBy", @at, body FROM written WHERE type <> 'DELETED'
            ON CONFLICT (namespace, kind, name) DO UPDATE SET
                uid = excluded.uid, revision = excluded.revision, generation = excluded.generation, managed_by = excluded.managed_by,
                changed_by = excluded.changed_by, changed_at = excluded.changed_at, body = excluded.body),
        audited AS (
            INSERT INTO revisions (revision, kind, namespace, name, uid, generation, action, changed_by, changed_at, body)
            SELECT @revision, kind, namespace, name, uid, generation, action, "changedBy", @at, body FROM written WHERE action IS NOT NULL)
        INSERT INTO changes (revision, kind, namespace, name, type, changed_by, body)
        SELECT @revision, kind, namespace, name, type, "changedBy", body FROM written;
        UPDATE store SET revision = @revision;
        DELETE FROM changes WHERE revision <= @oldest;
        SELECT pg_notify('orrery_catalogue', @revision::text);
        """;

    private static partial class Log
    {
        [LoggerMessage(2001, LogLevel.Debug, "Wrote revision {Revision}: {Count} resources", EventName = "RevisionWritten")]
        public static partial void Written(ILogger logger, long revision, int count);
    }
}
