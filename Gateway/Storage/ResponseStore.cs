using Microsoft.Extensions.Options;
using Npgsql;
using Orrery.Gateway.Translation.Clients.Responses;

namespace Orrery.Gateway.Storage;

/// <summary>Responses of the Responses API. A namespace's are its own; within it, whoever knows an id may read it.</summary>
internal sealed class ResponseStore(GatewayDatabase database, IOptions<StorageOptions> options, TimeProvider time)
{
    private const string Columns = "id, key_name, previous_id, status, created_at, input, response";

    private const string IsOpen = "status IN ('queued', 'in_progress')";

    private const string AndWhatRuns =
        """
        , runs_gone AS (DELETE FROM runs USING gone WHERE runs.namespace = gone.namespace AND runs.id = gone.id)
        SELECT namespace, id FROM gone
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

    /// <summary>How far one is, and what it has told after a number: at one moment, so that nothing comes after the events of one at its end.</summary>
    /// <returns>No status where it is not there.</returns>
    public ValueTask<(string? Status, List<(int Sequence, byte[] Event)> Events)> NewsAsync(string @namespace, string id, int after, int most, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) =>
        {
            var rows = await connection.QueryAsync(
                """
                SELECT status, sequence, event FROM responses
                LEFT JOIN LATERAL (
                    SELECT sequence, event FROM run_events e WHERE e.namespace = $1 AND e.id = $2 AND sequence > $3 ORDER BY sequence LIMIT $4) AS told ON true
                WHERE namespace = $1 AND id = $2 ORDER BY sequence
                """,
                row => (Status: row.GetString(0), Sequence: row.IsDBNull(1) ? -1 : row.GetInt32(1), Event: row.IsDBNull(2) ? [] : row.GetFieldValue<byte[]>(2)),
                cancelled, @namespace, id, after, most);
            return (rows is [var first, ..] ? first.Status : null, rows.Where(row => row.Sequence >= 0).Select(row => (row.Sequence, row.Event)).ToList());
        },
        cancellationToken);

    /// <summary>Says how one that was not at its end has come on.</summary>
    /// <returns>Whether it was still there, and not at its end.</returns>
    public ValueTask<bool> UpdateAsync(string @namespace, string id, string status, byte[] response, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) => await connection.ExecuteAsync(
            $"UPDATE responses SET status = $3, response = $4 WHERE namespace = $1 AND id = $2 AND {IsOpen}", cancelled, @namespace, id, status, response) > 0,
        cancellationToken);

    /// <summary>Ends one that was not at its end, with its run: in one statement, so that nothing is told after it.</summary>
    public ValueTask<int> CancelAsync(string @namespace, string id, byte[] response, CancellationToken cancellationToken) => database.UseAsync(
        (connection, cancelled) => connection.ExecuteAsync(
            $"""
             WITH ended AS (UPDATE responses SET status = '{ResponseStates.Cancelled}', response = $3 WHERE namespace = $1 AND id = $2 AND {IsOpen} RETURNING namespace, id)
             DELETE FROM runs USING ended WHERE runs.namespace = ended.namespace AND runs.id = ended.id
             """,
            cancelled, @namespace, id, response),
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
        async (connection, cancelled) => await TakeAwayAsync(
            connection, "WITH gone AS (DELETE FROM responses WHERE namespace = $1 AND id = $2 AND expires_at > $3 RETURNING namespace, id)", cancelled, @namespace, id, time.GetUtcNow()) > 0,
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
    public ValueTask<int> SweepAsync(int most, CancellationToken cancellationToken) => database.UseAsync(
        (connection, cancelled) => TakeAwayAsync(
            connection,
            """
            WITH expired AS (SELECT namespace, id FROM responses WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)
            , gone AS (DELETE FROM responses USING expired WHERE responses.namespace = expired.namespace AND responses.id = expired.id RETURNING responses.namespace, responses.id)
            """,
            cancelled, time.GetUtcNow(), most),
        cancellationToken);

    /// <param name="gone">Names what is <c>gone</c>.</param>
    /// <returns>How many responses.</returns>
    /// <remarks>In two steps: a gateway that notes events holds on to its run meanwhile, and what it has noted is seen only by who begins to look after it.</remarks>
    private static async ValueTask<int> TakeAwayAsync(NpgsqlConnection connection, string gone, CancellationToken cancellationToken, params object?[] values)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var ids = await connection.QueryAsync(gone + AndWhatRuns, row => (Namespace: row.GetString(0), Id: row.GetString(1)), cancellationToken, values);
        await connection.ExecuteAsync(
            "DELETE FROM run_events USING unnest($1::text[], $2::text[]) AS gone (namespace, id) WHERE run_events.namespace = gone.namespace AND run_events.id = gone.id",
            cancellationToken, ids.ConvertAll(one => one.Namespace).ToArray(), ids.ConvertAll(one => one.Id).ToArray());
        await transaction.CommitAsync(cancellationToken);
        return ids.Count;
    }

    private static StoredResponse Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetString(3),
        new DateTimeOffset(row.GetDateTime(4)), row.GetFieldValue<byte[]>(5), row.GetFieldValue<byte[]>(6));
}
