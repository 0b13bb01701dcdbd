using System.Text.Json;
using Dapper;
using Npgsql;
using Orrery.Builder.SupplyChain;
using Orrery.Contracts;

namespace Orrery.Builder.Builds;

/// <summary>Reads and writes builds and their logs. Each write is one statement: after a kill anywhere a row is as it was before or after.</summary>
internal sealed class BuildStore(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Whatever changes of a build notifies this channel; the payload is its id.</summary>
    public const string Channel = "orrery_builds";

    private const string Columns =
        """
        id, namespace, model, key, repository, recipe::text AS Recipe, state, attempt, not_before AS NotBefore, cancelled_by AS CancelledBy, asked_by AS AskedBy, wishes, asked_at AS AskedAt, started_at AS StartedAt,
        ended_at AS EndedAt, progress, image, digest, reason, message, timings::text AS Timings, evidence::text AS Evidence
        """;

    private const string UnderWay = "('queued', 'building', 'pushing')";

    public async Task<BuildRecord?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        (await ReadAsync($"SELECT {Columns} FROM builds WHERE id = @id", new { id }, cancellationToken)).FirstOrDefault();

    /// <summary>The newest build of what has this key.</summary>
    public async Task<BuildRecord?> FindAsync(string @namespace, string key, string repository, CancellationToken cancellationToken) =>
        (await ReadAsync(
            $"SELECT {Columns} FROM builds WHERE namespace = @namespace AND key = @key AND repository = @repository ORDER BY asked_at DESC, id DESC LIMIT 1", new { @namespace, key, repository }, cancellationToken)).FirstOrDefault();

    /// <summary>The build that an image came of.</summary>
    public async Task<BuildRecord?> FindByImageAsync(string @namespace, string image, CancellationToken cancellationToken) =>
        (await ReadAsync($"SELECT {Columns} FROM builds WHERE namespace = @namespace AND image = @image ORDER BY asked_at DESC, id DESC LIMIT 1", new { @namespace, image }, cancellationToken)).FirstOrDefault();

    /// <summary>A namespace's builds, the newest first.</summary>
    /// <param name="before">Only what was asked for before this one.</param>
    public Task<IReadOnlyList<BuildRecord>> ListAsync(string @namespace, string? state, string? model, Guid? before, int limit, CancellationToken cancellationToken) => ReadAsync(
        $"""
        SELECT {Columns} FROM builds WHERE namespace = @namespace AND (@state::text IS NULL OR state = @state) AND (@model::text IS NULL OR model = @model)
            AND (@before::uuid IS NULL OR (asked_at, id) < (SELECT asked_at, id FROM builds WHERE id = @before))
        ORDER BY asked_at DESC, id DESC LIMIT @limit
        """,
        new { @namespace, state, model, before, limit },
        cancellationToken);

    /// <summary>Those that somebody works at, or did when the Builder ended.</summary>
    public Task<IReadOnlyList<BuildRecord>> BegunAsync(CancellationToken cancellationToken) =>
        ReadAsync($"SELECT {Columns} FROM builds WHERE state IN ('building', 'pushing')", new { }, cancellationToken);

    /// <summary>Queues a build; one that is under way for the same already is that one.</summary>
    /// <param name="wishes">On whose behalf.</param>
    /// <param name="why">Why it is built again, for its log; <c>null</c>: it is the first time, or somebody asked.</param>
    public async Task<BuildRecord> QueueAsync(WantedImage wanted, string by, IReadOnlyCollection<string> wishes, string? why, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var made = await ChangeAsync(
            """
            INSERT INTO builds (id, namespace, model, key, repository, recipe, state, asked_by, wishes, asked_at) VALUES (@id, @Namespace, @ModelId, @Key, @Repository, @recipe::jsonb, 'queued', @by, @wishes, @now)
            ON CONFLICT (namespace, key, repository) WHERE state IN ('queued', 'building', 'pushing') DO NOTHING RETURNING id
            """,
            new
            {
                id = Guid.CreateVersion7(now),
                wanted.Namespace,
                wanted.Recipe.ModelId,
                wanted.Key,
                wanted.Repository,
                recipe = JsonSerializer.Serialize(wanted.Recipe, ContractsJson.Default.ImageRecipe),
                by,
                wishes = wishes.ToArray(),
                now,
            },
            cancellationToken);
        if (why is not null && made is [var id])
        {
            await WriteAsync(id, [new BuildLine(1, now, why)], cancellationToken);
        }

        return (await FindAsync(wanted.Namespace, wanted.Key, wanted.Repository, cancellationToken))!;
    }

    /// <summary>Somebody else waits for the same.</summary>
    public Task JoinAsync(Guid id, string wish, CancellationToken cancellationToken) =>
        ChangeAsync("UPDATE builds SET wishes = array_append(wishes, @wish) WHERE id = @id AND NOT wishes @> ARRAY[@wish] RETURNING id", new { id, wish }, cancellationToken);

    /// <summary>
    /// Begins the one whose turn it is: of the namespace that has the fewest under way, then of the one that has waited longest since its last; within it, in the order of asking.
    /// </summary>
    public async Task<BuildRecord?> TakeAsync(CancellationToken cancellationToken)
    {
        var ids = await ChangeAsync(
            """
            UPDATE builds SET state = 'building', attempt = attempt + 1, started_at = @now, ended_at = NULL, not_before = NULL, progress = NULL, reason = NULL, message = NULL, timings = '{}'
            WHERE id = (
                SELECT id FROM builds AS waiting WHERE state = 'queued' AND (not_before IS NULL OR not_before <= @now)
                ORDER BY
                    (SELECT count(*) FROM builds AS begun WHERE begun.namespace = waiting.namespace AND begun.state IN ('building', 'pushing')),
                    (SELECT max(started_at) FROM builds AS last WHERE last.namespace = waiting.namespace) NULLS FIRST,
                    asked_at, id
                LIMIT 1)
            RETURNING id
            """,
            new { now = time.GetUtcNow() },
            cancellationToken);
        return ids is [var id] ? await FindAsync(id, cancellationToken) : null;
    }

    /// <summary>When the next of those that wait for their next attempt may begin.</summary>
    public async Task<DateTimeOffset?> NextAttemptAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition("SELECT min(not_before) FROM builds WHERE state = 'queued'", cancellationToken: cancellationToken)) is { } at ? new DateTimeOffset(at, TimeSpan.Zero) : null;
    }

    /// <summary>How many of those that wait come before this one, or may.</summary>
    public async Task<int> AheadAsync(BuildRecord build, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<int>(new CommandDefinition(
            $"SELECT count(*) FROM builds WHERE state IN {UnderWay} AND id <> @Id AND (asked_at, id) < (@AskedAt, @Id)", new { build.Id, build.AskedAt }, cancellationToken: cancellationToken));
    }

    public Task EnterAsync(Guid id, string state, IReadOnlyDictionary<string, double> timings, CancellationToken cancellationToken) =>
        ChangeAsync("UPDATE builds SET state = @state, timings = @timings::jsonb WHERE id = @id RETURNING id", new { id, state, timings = Json(timings) }, cancellationToken);

    public Task TellAsync(Guid id, string progress, CancellationToken cancellationToken) =>
        ChangeAsync("UPDATE builds SET progress = @progress WHERE id = @id RETURNING id", new { id, progress }, cancellationToken);

    public Task FinishAsync(Guid id, BuiltImage image, Evidence? evidence, IReadOnlyDictionary<string, double> timings, CancellationToken cancellationToken) => ChangeAsync(
        "UPDATE builds SET state = 'done', image = @Image, digest = @Digest, evidence = @evidence::jsonb, progress = NULL, ended_at = @now, timings = @timings::jsonb WHERE id = @id RETURNING id",
        new { id, image.Image, image.Digest, evidence = evidence is null ? null : JsonSerializer.Serialize(evidence, BuilderJson.Default.Evidence), now = time.GetUtcNow(), timings = Json(timings) },
        cancellationToken);

    /// <param name="next">When it is tried again; <c>null</c>: not by itself.</param>
    public Task FailAsync(Guid id, string reason, string message, DateTimeOffset? next, IReadOnlyDictionary<string, double> timings, CancellationToken cancellationToken) => ChangeAsync(
        """
        UPDATE builds SET state = CASE WHEN @next::timestamptz IS NULL THEN 'failed' ELSE 'queued' END, not_before = @next, reason = @reason, message = @message, progress = NULL,
            ended_at = CASE WHEN @next::timestamptz IS NULL THEN @now END, timings = @timings::jsonb
        WHERE id = @id RETURNING id
        """,
        new { id, reason, message, next, now = time.GetUtcNow(), timings = Json(timings) },
        cancellationToken);

    /// <summary>One that is queued ends at once; one that is being built ends when its builder has been told.</summary>
    /// <returns>Whether there was anything to cancel.</returns>
    public async Task<bool> CancelAsync(Guid id, string by, CancellationToken cancellationToken) => await ChangeAsync(
        $"""
        UPDATE builds SET cancelled_by = @by, state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END, ended_at = CASE WHEN state = 'queued' THEN @now END, message = 'It was cancelled by ' || @by || '.'
        WHERE id = @id AND state IN {UnderWay} RETURNING id
        """,
        new { id, by, now = time.GetUtcNow() },
        cancellationToken) is [_];

    public Task CancelledAsync(Guid id, CancellationToken cancellationToken) => ChangeAsync(
        "UPDATE builds SET state = 'cancelled', progress = NULL, ended_at = @now, message = 'It was cancelled by ' || cancelled_by || '.' WHERE id = @id RETURNING id", new { id, now = time.GetUtcNow() }, cancellationToken);

    /// <summary>What a Builder that is no more had begun waits for its turn again; what was cancelled meanwhile is.</summary>
    public Task RequeueAsync(CancellationToken cancellationToken) => ChangeAsync(
        """
        UPDATE builds SET state = CASE WHEN cancelled_by IS NULL THEN 'queued' ELSE 'cancelled' END, ended_at = CASE WHEN cancelled_by IS NULL THEN NULL ELSE @now END, progress = NULL,
            reason = @Interrupted, message = 'The Builder ended while it was being built; it is begun again.'
        WHERE state IN ('building', 'pushing') RETURNING id
        """,
        new { BuildReasons.Interrupted, now = time.GetUtcNow() },
        cancellationToken);

    public async Task WriteAsync(Guid id, IReadOnlyList<BuildLine> lines, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            $"""
            INSERT INTO build_log (build, number, at, text) SELECT @id, * FROM unnest(@numbers, @times, @texts) ON CONFLICT DO NOTHING;
            SELECT pg_notify('{Channel}', @id::text)
            """,
            new { id, numbers = lines.Select(line => line.Number).ToArray(), times = lines.Select(line => line.At.UtcDateTime).ToArray(), texts = lines.Select(line => line.Text).ToArray() },
            cancellationToken: cancellationToken));
    }

    /// <summary>Lines after one, the oldest first.</summary>
    public async Task<IReadOnlyList<BuildLine>> LinesAsync(Guid id, long after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<(long Number, DateTime At, string Text)>(new CommandDefinition(
            "SELECT number, at, text FROM build_log WHERE build = @id AND number > @after ORDER BY number LIMIT @limit", new { id, after, limit }, cancellationToken: cancellationToken));
        return [.. rows.Select(row => new BuildLine(row.Number, row.At, row.Text))];
    }

    public async Task<long> LastLineAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long?>(new CommandDefinition("SELECT max(number) FROM build_log WHERE build = @id", new { id }, cancellationToken: cancellationToken)) ?? 0;
    }

    /// <summary>Forgets what is old, but for what a revision that is kept runs.</summary>
    public async Task PruneAsync(TimeSpan age, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            $"DELETE FROM layer_facts WHERE kept_at < @before; DELETE FROM builds WHERE asked_at < @before AND state NOT IN {UnderWay} AND NOT EXISTS (SELECT 1 FROM revisions WHERE template->>'image' = builds.image)",
            new { before = time.GetUtcNow() - age },
            cancellationToken: cancellationToken));
    }

    /// <summary>Changes a row, and tells those who follow it.</summary>
    private async Task<IReadOnlyList<Guid>> ChangeAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var ids = (await connection.QueryAsync<Guid>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))).ToList();
        foreach (var id in ids)
        {
            await connection.ExecuteAsync(new CommandDefinition($"SELECT pg_notify('{Channel}', @id::text)", new { id }, cancellationToken: cancellationToken));
        }

        return ids;
    }

    private async Task<IReadOnlyList<BuildRecord>> ReadAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return [.. (await connection.QueryAsync<Row>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))).Select(row => row.Read())];
    }

    private static string Json(IReadOnlyDictionary<string, double> timings) => JsonSerializer.Serialize(timings, BuilderJson.Default.IReadOnlyDictionaryStringDouble);

    private sealed class Row
    {
        public Guid Id { get; init; }

        public string Namespace { get; init; } = "";

        public string Model { get; init; } = "";

        public string Key { get; init; } = "";

        public string Repository { get; init; } = "";

        public string Recipe { get; init; } = "";

        public string State { get; init; } = "";

        public int Attempt { get; init; }

        public DateTime? NotBefore { get; init; }

        public string? CancelledBy { get; init; }

        public string AskedBy { get; init; } = "";

        public string[] Wishes { get; init; } = [];

        public DateTime AskedAt { get; init; }

        public DateTime? StartedAt { get; init; }

        public DateTime? EndedAt { get; init; }

        public string? Progress { get; init; }

        public string? Image { get; init; }

        public string? Digest { get; init; }

        public string? Reason { get; init; }

        public string? Message { get; init; }

        public string Timings { get; init; } = "{}";

        public string? Evidence { get; init; }

        public BuildRecord Read() => new(
            Id, Namespace, Model, Key, Repository, JsonSerializer.Deserialize(Recipe, ContractsJson.Default.ImageRecipe)!, State, Attempt, NotBefore, CancelledBy, AskedBy, Wishes, AskedAt, StartedAt, EndedAt, Progress, Image,
            Digest, Reason, Message, JsonSerializer.Deserialize(Timings, BuilderJson.Default.IReadOnlyDictionaryStringDouble)!,
            Evidence is null ? null : JsonSerializer.Deserialize(Evidence, BuilderJson.Default.Evidence));
    }
}
