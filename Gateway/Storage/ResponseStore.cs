using Microsoft.Extensions.Options;
using Npgsql;

namespace Orrery.Gateway.Storage;

/// <summary>Responses of the Responses API. A namespace's are its own; within it, whoever knows an id may read it.</summary>
internal sealed class ResponseStore(GatewayDatabase database, IOptions<StorageOptions> options, TimeProvider time)
{
    private const string Columns = "id, key_name, previous_id, status, created_at, input, response";

    private const string AndWhatRan =
        """
        , runs_gone AS (DELETE FROM runs USING gone WHERE runs.namespace = gone.namespace AND runs.id = gone.id)
        , events_gone AS (DELETE FROM run_events USING gone WHERE run_events.namespace = gone.namespace AND run_events.id = gone.id)
        SELECT count(*) FROM gone
        """;

    private readonly TimeSpan _keep = options.Value.KeepResponses;
    private readonly int _maxTurns = options.Value.MaxTurns;

    /// <summary>Why nothing can be stored now; <c>null</c>: it can.</summary>
    public Refusal? Fault => database.Fault;

    /// <summary>How many earlier responses one may go on from.</summary>
    public int MaxTurns => _maxTurns;

    /// <summary>Keeps a new one.</summary>
    /// <returns>Whether its id was free.</returns>
    public ValueTask<bool> AddAsync(string @namespace, StoredResponse response, CancellationToken cancellationToken) => database.UseAsync(
        (connection, cancelled) => AddAsync(connection, @namespace, response, cancelled), cancellationToken);

    /// <inheritdoc cref="AddAsync(string, StoredResponse, CancellationToken)"/>
    public async ValueTask<bool> AddAsync(NpgsqlConnection connection, string @namespace, StoredResponse response, CancellationToken cancellationToken) => await connection.ExecuteAsync(
        """
        INSERT INTO responses (namespace, id, key_name, previous_id, status, created_at, expires_at, input, response)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING
        """,
        cancellationToken, @namespace, response.Id, response.KeyName, response.PreviousId, response.Status, response.CreatedAt, response.CreatedAt + _keep, response.Input, response.Response) > 0;

    public ValueTask<string?> StatusAsync(string @namespace, string id, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) => (await connection.QueryAsync(
            "SELECT status FROM responses WHERE namespace = $1 AND id = $2", row => row.GetString(0), cancelled, @namespace, id)).SingleOrDefault(),
        cancellationToken);

    /// <summary>Says how one that was not at its end has come on.</summary>
    /// <returns>Whether it was still there, and not at its end.</returns>
    public ValueTask<bool> UpdateAsync(string @namespace, string id, string status, byte[] response, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) => await connection.ExecuteAsync(
            "UPDATE responses SET status = $3, response = $4 WHERE namespace = $1 AND id = $2 AND status IN ('queued', 'in_progress')", cancelled, @namespace, id, status, response) > 0,
        cancellationToken);

    public ValueTask<StoredResponse?> FindAsync(string @namespace, string id, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) => (await connection.QueryAsync(
            $"SELECT {Columns} FROM responses WHERE namespace = $1 AND id = $2 AND expires_at > $3", Read, cancelled, @namespace, id, time.GetUtcNow())).SingleOrDefault(),
        cancellationToken);

    public ValueTask<List<StoredResponse>> FindAsync(string @namespace, string[] ids, CancellationToken cancellationToken) => database.UseAsync(
        (connection, cancelled) => connection.QueryAsync(
            $"SELECT {Columns} FROM responses WHERE namespace = $1 AND id = ANY($2) AND expires_at > $3", Read, cancelled, @namespace, ids, time.GetUtcNow()),
        cancellationToken);

    /// <returns>Whether it was there.</returns>
    public ValueTask<bool> DeleteAsync(string @namespace, string id, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) => await CountAsync(
            connection, $"WITH gone AS (DELETE FROM responses WHERE namespace = $1 AND id = $2 AND expires_at > $3 RETURNING namespace, id){AndWhatRan}", cancelled, @namespace, id, time.GetUtcNow()) > 0,
        cancellationToken);

    /// <summary>A response and those that it goes on from, the first first; as far as they are there.</summary>
    /// <param name="maxBytes">After which no more are read.</param>
    public ValueTask<List<StoredResponse>> ChainAsync(string @namespace, string id, long maxBytes, CancellationToken cancellationToken) => database.UseAsync(
        (connection, cancelled) => connection.QueryAsync(
            $"""
             WITH RECURSIVE chain AS (
                 SELECT r.*, 1 AS depth, octet_length(input)::bigint + octet_length(response) AS bytes FROM responses r WHERE namespace = $1 AND id = $2 AND expires_at > $3
                 UNION ALL
                 SELECT r.*, c.depth + 1, c.bytes + octet_length(r.input) + octet_length(r.response)
                 FROM chain c JOIN responses r ON r.namespace = $1 AND r.id = c.previous_id AND r.expires_at > $3
                 WHERE c.depth < $4 AND c.bytes <= $5)
             SELECT {Columns} FROM chain ORDER BY depth DESC
             """,
            Read, cancelled, @namespace, id, time.GetUtcNow(), _maxTurns, maxBytes),
        cancellationToken);

    /// <summary>Takes away what has expired, a part at a time.</summary>
    /// <returns>How many responses.</returns>
    public ValueTask<long> SweepAsync(int most, CancellationToken cancellationToken) => database.UseAsync(
        (connection, cancelled) => CountAsync(
            connection,
            $"""
             WITH expired AS (SELECT namespace, id FROM responses WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)
             , gone AS (DELETE FROM responses USING expired WHERE responses.namespace = expired.namespace AND responses.id = expired.id RETURNING responses.namespace, responses.id){AndWhatRan}
             """,
            cancelled, time.GetUtcNow(), most),
        cancellationToken);

    private static async ValueTask<long> CountAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object?[] values) =>
        (await connection.QueryAsync(sql, row => row.GetInt64(0), cancellationToken, values)).Single();

    private static StoredResponse Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetString(3),
        new DateTimeOffset(row.GetDateTime(4)), row.GetFieldValue<byte[]>(5), row.GetFieldValue<byte[]>(6));
}
