using Npgsql;

namespace Orrery.Gateway.Storage;

/// <summary>Videos and where they are made. A namespace's are its own; within it, whoever knows an id may read it.</summary>
internal sealed class VideoStore(GatewayDatabase database, TimeProvider time)
{
    private const string Columns =
        "namespace, id, key_name, team, model, provider, endpoint, provider_key, job, status, progress, prompt, size, seconds, error_code, error_message, output, content_type, created_at, completed_at, expires_at, asked_at";

    private const string IsOpen = "status IN ('queued', 'in_progress')";

    /// <summary>Whether a video could be kept now.</summary>
    /// <exception cref="StorageAwayException">It could not.</exception>
    public async ValueTask RequireAsync(CancellationToken cancellationToken) =>
        await database.UseAsync((connection, cancelled) => connection.ExecuteAsync("SELECT 1", cancelled), cancellationToken);

    public async ValueTask AddAsync(StoredVideo video, CancellationToken cancellationToken) =>
        await database.UseAsync((connection, cancelled) => AddAsync(connection, video, cancelled), cancellationToken);

    /// <inheritdoc cref="AddAsync(StoredVideo, CancellationToken)"/>
    public static ValueTask<int> AddAsync(NpgsqlConnection connection, StoredVideo video, CancellationToken cancellationToken) => connection.ExecuteAsync(
        $"INSERT INTO videos ({Columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)", cancellationToken, Values(video));

    /// <summary>Says how one that was not at its end has come on.</summary>
    /// <returns>Whether it was still there, and not at its end.</returns>
    public ValueTask<bool> UpdateAsync(StoredVideo video, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) => await connection.ExecuteAsync(
            $"""
             UPDATE videos SET provider = $3, endpoint = $4, provider_key = $5, job = $6, status = $7, progress = $8, size = $9, seconds = $10,
                 error_code = $11, error_message = $12, output = $13, content_type = $14, completed_at = $15, expires_at = $16, model = $17
             WHERE namespace = $1 AND id = $2 AND {IsOpen}
             """,
            cancelled, video.Namespace, video.Id, video.Provider, video.Endpoint, video.ProviderKey, video.Job, video.Status, video.Progress, video.Size, video.Seconds,
            video.ErrorCode, video.ErrorMessage, video.Output, video.ContentType, video.CompletedAt, video.ExpiresAt, video.Model) > 0,
        cancellationToken);

    /// <summary>Takes the turn to ask a job's engine, of all gateways.</summary>
    /// <returns>Whether nobody has asked within <paramref name="interval"/>, and it is not at its end.</returns>
    public ValueTask<bool> TryTakeTurnAsync(StoredVideo video, TimeSpan interval, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) => await connection.ExecuteAsync(
            $"UPDATE videos SET asked_at = $3 WHERE namespace = $1 AND id = $2 AND {IsOpen} AND (asked_at IS NULL OR asked_at <= $4)",
            cancelled, video.Namespace, video.Id, time.GetUtcNow(), time.GetUtcNow() - interval) > 0,
        cancellationToken);

    public ValueTask<StoredVideo?> FindAsync(string @namespace, string id, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) => (await connection.QueryAsync(
            $"SELECT {Columns} FROM videos WHERE namespace = $1 AND id = $2 AND expires_at > $3", Read, cancelled, @namespace, id, time.GetUtcNow())).SingleOrDefault(),
        cancellationToken);

    /// <summary>Those that a key, or another of its team, has asked for.</summary>
    /// <param name="after">The one that the list goes on from; <c>null</c>: its beginning.</param>
    public ValueTask<List<StoredVideo>> ListAsync(string @namespace, string keyName, string? team, StoredVideo? after, bool isAscending, int most, CancellationToken cancellationToken)
    {
        var (compares, order) = isAscending ? (">", "ASC") : ("<", "DESC");
        var from = after is null ? "" : $"AND (created_at, id) {compares} ($6, $7)";
        object?[] values = [@namespace, keyName, team, time.GetUtcNow(), most];
        return database.UseAsync(
            (connection, cancelled) => connection.QueryAsync(
                $"SELECT {Columns} FROM videos WHERE namespace = $1 AND (key_name = $2 OR team = $3) AND expires_at > $4 {from} ORDER BY created_at {order}, id {order} LIMIT $5",
                Read, cancelled, after is null ? values : [.. values, after.CreatedAt, after.Id]),
            cancellationToken);
    }

    /// <returns>Whether it was there.</returns>
    public ValueTask<bool> DeleteAsync(string @namespace, string id, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) => await connection.ExecuteAsync("DELETE FROM videos WHERE namespace = $1 AND id = $2", cancelled, @namespace, id) > 0, cancellationToken);

    /// <summary>Takes away what has expired, a part at a time.</summary>
    /// <param name="forget">Takes away what is kept of one beside its row.</param>
    /// <returns>How many.</returns>
    public ValueTask<int> SweepAsync(int most, Action<string> forget, CancellationToken cancellationToken) => database.UseAsync(
        async (connection, cancelled) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(cancelled);
            var expired = await connection.QueryAsync(
                "SELECT id FROM videos WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED", row => row.GetString(0), cancelled, time.GetUtcNow(), most);
            expired.ForEach(forget); // First: a row without its file is swept again, a file without its row would have to be searched for.
            await connection.ExecuteAsync("DELETE FROM videos WHERE id = ANY($1) AND expires_at <= $2", cancelled, expired.ToArray(), time.GetUtcNow());
            await transaction.CommitAsync(cancelled);
            return expired.Count;
        },
        cancellationToken);

    /// <returns>Those of <paramref name="ids"/> that have a row.</returns>
    public ValueTask<List<string>> KnownAsync(string[] ids, CancellationToken cancellationToken) => database.UseAsync(
        (connection, cancelled) => connection.QueryAsync("SELECT id FROM videos WHERE id = ANY($1)", row => row.GetString(0), cancelled, [ids]), cancellationToken);

    private static object?[] Values(StoredVideo video) =>
    [
        video.Namespace, video.Id, video.KeyName, video.Team, video.Model, video.Provider, video.Endpoint, video.ProviderKey, video.Job, video.Status, video.Progress, video.Prompt,
        video.Size, video.Seconds, video.ErrorCode, video.ErrorMessage, video.Output, video.ContentType, video.CreatedAt, video.CompletedAt, video.ExpiresAt, video.AskedAt,
    ];

    private static StoredVideo Read(NpgsqlDataReader row) => new()
    {
        Namespace = row.GetString(0),
        Id = row.GetString(1),
        KeyName = row.GetString(2),
        Team = Text(row, 3),
        Model = row.GetString(4),
        Provider = Text(row, 5),
        Endpoint = Text(row, 6),
        ProviderKey = row.IsDBNull(7) ? null : row.GetInt32(7),
        Job = Text(row, 8),
        Status = row.GetString(9),
        Progress = row.GetInt32(10),
        Prompt = row.GetString(11),
        Size = Text(row, 12),
        Seconds = Text(row, 13),
        ErrorCode = Text(row, 14),
        ErrorMessage = Text(row, 15),
        Output = Text(row, 16),
        ContentType = Text(row, 17),
        CreatedAt = new DateTimeOffset(row.GetDateTime(18)),
        CompletedAt = Time(row, 19),
        ExpiresAt = new DateTimeOffset(row.GetDateTime(20)),
        AskedAt = Time(row, 21),
    };

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : new DateTimeOffset(row.GetDateTime(column));
}
