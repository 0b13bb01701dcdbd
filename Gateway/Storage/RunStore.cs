using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Storage;

/// <summary>The runs of all gateways, and what they have told so far. Leases are by the database's clock, the only one that all gateways have.</summary>
internal sealed class RunStore(GatewayDatabase database, IOptions<StorageOptions> options)
{
    /// <summary>Who holds what its gateway has given up.</summary>
    private const string Nobody = "";

    private readonly TimeSpan _lease = options.Value.Lease;

    /// <summary>This gateway, as the owner of runs.</summary>
    private readonly string _owner = RandomNumberGenerator.GetHexString(16, lowercase: true);

    /// <summary>What time it is in the database.</summary>
    public ValueTask<DateTimeOffset> NowAsync(CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) => (await connection.QueryAsync("SELECT now()", row => new DateTimeOffset(row.GetDateTime(0)), cancelled)).Single(), cancellationToken);

    /// <summary>Keeps a run and what its kind notes of it, or neither.</summary>
    public ValueTask<bool> BeginAsync(Run run, Exchange exchange, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(cancelled);
            await connection.ExecuteAsync(
                "INSERT INTO runs (namespace, id, kind, key_name, headers, body, created_at, attempt, owner, lease_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + $10)",
                cancelled,
                run.Namespace, run.Id, run.Kind.Name, run.KeyName, JsonSerializer.Serialize(run.Headers, RunJson.Default.IReadOnlyDictionaryStringString), run.Body, run.CreatedAt, run.Attempt, _owner, _lease);
            await run.Kind.BeginAsync(run, exchange, connection, cancelled);
            await transaction.CommitAsync(cancelled);
            return true;
        },
        cancellationToken);

    /// <summary>Says that this gateway is there.</summary>
    /// <returns>The runs that are still its own.</returns>
    public ValueTask<HashSet<(string Namespace, string Id)>> RenewAsync(CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) => (await connection.QueryAsync(
            "UPDATE runs SET lease_until = now() + $2 WHERE owner = $1 RETURNING namespace, id", row => (row.GetString(0), row.GetString(1)), cancelled, _owner, _lease)).ToHashSet(),
        cancellationToken);

    /// <summary>Gives up all that this gateway holds, since it goes.</summary>
    public ValueTask<int> LeaveAsync(CancellationToken cancellationToken) => database.UseAsync(
        (connection, cancelled) => connection.ExecuteAsync("UPDATE runs SET owner = $2 WHERE owner = $1", cancelled, _owner, Nobody), cancellationToken);

    /// <summary>Takes one that its owner has given up, or has not renewed.</summary>
    /// <param name="judgedAt">The time in the database up to which leases may be taken to have ended; <c>null</c>: only what was given up is taken.</param>
    /// <remarks>The one is picked before the update: as a subquery it could be picked again for each row, and several be taken.</remarks>
    public ValueTask<Run?> TakeAsync(IReadOnlyDictionary<string, IRunKind> kinds, DateTimeOffset? judgedAt, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) => (await connection.QueryAsync(
            """
            WITH one AS MATERIALIZED (
                SELECT namespace, id FROM runs WHERE (owner = $5 OR lease_until <= $3::timestamptz) AND kind = ANY($4) ORDER BY lease_until LIMIT 1 FOR UPDATE SKIP LOCKED)
            UPDATE runs SET owner = $1, lease_until = now() + $2, attempt = attempt + 1
            FROM one WHERE runs.namespace = one.namespace AND runs.id = one.id
            RETURNING runs.namespace, runs.id, kind, key_name, headers, body, created_at, attempt
            """,
            row => new Run
            {
                Namespace = row.GetString(0),
                Id = row.GetString(1),
                Kind = kinds[row.GetString(2)],
                KeyName = row.GetString(3),
                Headers = JsonSerializer.Deserialize(row.GetString(4), RunJson.Default.IReadOnlyDictionaryStringString)!,
                Body = row.GetFieldValue<byte[]>(5),
                CreatedAt = new DateTimeOffset(row.GetDateTime(6)),
                Attempt = row.GetInt32(7),
            },
            cancelled, _owner, _lease, judgedAt, kinds.Keys.ToArray(), Nobody)).SingleOrDefault(),
        cancellationToken);

    /// <summary>It is over, unless another gateway has it now.</summary>
    public ValueTask<int> EndAsync(Run run, CancellationToken cancellationToken) => database.UseAsync(
        (connection, cancelled) => connection.ExecuteAsync("DELETE FROM runs WHERE namespace = $1 AND id = $2 AND owner = $3", cancelled, run.Namespace, run.Id, _owner), cancellationToken);

    /// <summary>Nobody wants it any more, whoever has it.</summary>
    public ValueTask<int> RemoveAsync(string @namespace, string id, CancellationToken cancellationToken) => database.UseAsync(
        (connection, cancelled) => connection.ExecuteAsync("DELETE FROM runs WHERE namespace = $1 AND id = $2", cancelled, @namespace, id), cancellationToken);

    /// <summary>Notes what a run has told, as long as it is this gateway's: of one that was deleted, cancelled or taken meanwhile nothing is kept.</summary>
    /// <param name="first">The number of the first of them.</param>
    /// <returns>Whether it is still this gateway's.</returns>
    public ValueTask<bool> AddEventsAsync(Run run, int first, byte[][] events, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) => (await connection.QueryAsync(
            """
            WITH ours AS MATERIALIZED (SELECT 1 FROM runs WHERE namespace = $1 AND id = $2 AND owner = $5 FOR KEY SHARE)
            , added AS (
                INSERT INTO run_events (namespace, id, sequence, event)
                SELECT $1, $2, $3 + ordinality - 1, event FROM ours, unnest($4::bytea[]) WITH ORDINALITY AS e (event, ordinality) ON CONFLICT DO NOTHING)
            SELECT EXISTS (SELECT 1 FROM ours)
            """,
            row => row.GetBoolean(0), cancelled, run.Namespace, run.Id, first, events, _owner)).Single(),
        cancellationToken);

    /// <param name="after">The number after which they begin.</param>
    public ValueTask<List<(int Sequence, byte[] Event)>> EventsAsync(string @namespace, string id, int after, int most, CancellationToken cancellationToken) => database.UseAsync(
        (connection, cancelled) => connection.QueryAsync(
            "SELECT sequence, event FROM run_events WHERE namespace = $1 AND id = $2 AND sequence > $3 ORDER BY sequence LIMIT $4",
            row => (row.GetInt32(0), row.GetFieldValue<byte[]>(1)), cancelled, @namespace, id, after, most),
        cancellationToken);

    /// <summary>How many events there are.</summary>
    public ValueTask<int> CountEventsAsync(string @namespace, string id, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) => (await connection.QueryAsync(
            "SELECT coalesce(max(sequence) + 1, 0) FROM run_events WHERE namespace = $1 AND id = $2", row => row.GetInt32(0), cancelled, @namespace, id)).Single(),
        cancellationToken);
}

[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
internal sealed partial class RunJson : JsonSerializerContext;
