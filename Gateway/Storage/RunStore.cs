using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Storage;

/// <summary>The runs of all gateways, and what they have told so far.</summary>
internal sealed class RunStore(GatewayDatabase database, IOptions<StorageOptions> options, TimeProvider time)
{
    private readonly TimeSpan _lease = options.Value.Lease;

    /// <summary>Keeps a run and what its kind notes of it, or neither.</summary>
    public ValueTask<bool> BeginAsync(Run run, string owner, Exchange exchange, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(cancelled);
            await connection.ExecuteAsync(
                "INSERT INTO runs (namespace, id, kind, key_name, headers, body, created_at, attempt, owner, lease_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                cancelled,
                run.Namespace, run.Id, run.Kind.Name, run.KeyName, JsonSerializer.Serialize(run.Headers, RunJson.Default.IReadOnlyDictionaryStringString), run.Body, run.CreatedAt, run.Attempt, owner, time.GetUtcNow() + _lease);
            await run.Kind.BeginAsync(run, exchange, connection, cancelled);
            await transaction.CommitAsync(cancelled);
            return true;
        },
        cancellationToken);

    /// <summary>Says that their owner is there.</summary>
    /// <returns>The runs that are still its own.</returns>
    public ValueTask<HashSet<(string Namespace, string Id)>> RenewAsync(string owner, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) => (await connection.QueryAsync(
            "UPDATE runs SET lease_until = $2 WHERE owner = $1 RETURNING namespace, id", row => (row.GetString(0), row.GetString(1)), cancelled, owner, time.GetUtcNow() + _lease)).ToHashSet(),
        cancellationToken);

    /// <summary>Gives up the leases of an owner that goes.</summary>
    public ValueTask<int> LeaveAsync(string owner, CancellationToken cancellationToken) => database.UseAsync(
        (connection, cancelled) => connection.ExecuteAsync("UPDATE runs SET lease_until = $2 WHERE owner = $1", cancelled, owner, time.GetUtcNow()), cancellationToken);

    /// <summary>Takes one whose owner has not been heard of for too long.</summary>
    public ValueTask<Run?> TakeAsync(string owner, IReadOnlyDictionary<string, IRunKind> kinds, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) => (await connection.QueryAsync(
            """
            UPDATE runs SET owner = $1, lease_until = $2, attempt = attempt + 1
            WHERE (namespace, id) IN (SELECT namespace, id FROM runs WHERE lease_until <= $3 AND kind = ANY($4) ORDER BY lease_until LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING namespace, id, kind, key_name, headers, body, created_at, attempt
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
            cancelled, owner, time.GetUtcNow() + _lease, time.GetUtcNow(), kinds.Keys.ToArray())).SingleOrDefault(),
        cancellationToken);

    /// <summary>It is over.</summary>
    public ValueTask<int> RemoveAsync(string @namespace, string id, CancellationToken cancellationToken) => database.UseAsync(
        (connection, cancelled) => connection.ExecuteAsync("DELETE FROM runs WHERE namespace = $1 AND id = $2", cancelled, @namespace, id), cancellationToken);

    /// <param name="first">The number of the first of them.</param>
    public ValueTask<int> AddEventsAsync(Run run, int first, byte[][] events, CancellationToken cancellationToken) => database.UseAsync(
        (connection, cancelled) => connection.ExecuteAsync(
            "INSERT INTO run_events (namespace, id, sequence, event) SELECT $1, $2, $3 + ordinality - 1, event FROM unnest($4::bytea[]) WITH ORDINALITY AS e (event, ordinality) ON CONFLICT DO NOTHING",
            cancelled, run.Namespace, run.Id, first, events),
        cancellationToken);

    /// <param name="after">The number after which they begin.</param>
    public ValueTask<List<(int Sequence, byte[] Event)>> EventsAsync(string @namespace, string id, int after, int most, CancellationToken cancellationToken) => database.UseAsync(
        (connection, cancelled) => connection.QueryAsync(
            "SELECT sequence, event FROM run_events WHERE namespace = $1 AND id = $2 AND sequence > $3 ORDER BY sequence LIMIT $4",
            row => (row.GetInt32(0), row.GetFieldValue<byte[]>(1)), cancelled, @namespace, id, after, most),
        cancellationToken);
}

[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
internal sealed partial class RunJson : JsonSerializerContext;
