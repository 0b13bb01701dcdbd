using System.Runtime.CompilerServices;
using System.Text.Json;
using Dapper;
using Npgsql;
using Orrery.Contracts;

namespace Orrery.Builder.Storage;

/// <summary>Reads and writes what the Builder knows. Each write is one statement or one transaction: after a kill anywhere the rows agree.</summary>
internal sealed class DeploymentStore(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Every event notifies this channel; the payload is the deployment's uid.</summary>
    public const string EventChannel = "orrery_builder_events";

    /// <summary>What people ask for (a rollback, a promotion) notifies this one: whoever leads looks at the deployment.</summary>
    public const string WishChannel = "orrery_builder_wishes";

    private const string Columns =
        """
        uid, namespace, name, target, generation, serving, next, next_since AS NextSince, progress_at AS ProgressAt, promoted, pinned_revision AS PinnedRevision,
        pinned_generation AS PinnedGeneration, serving_replicas AS ServingReplicas, restarts, restarts_done AS RestartsDone, phase, phase_since AS PhaseSince, timings::text AS Timings
        """;

    /// <summary>The deployment's row, made when it is not there.</summary>
    public async Task<DeploymentRecord> LoadAsync(DeploymentKey key, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await ExecuteAsync(
            connection,
            "INSERT INTO deployments (uid, namespace, name, phase_since) VALUES (@uid, @Namespace, @Name, @now) ON CONFLICT DO NOTHING",
            new { uid = Guid.Parse(key.Uid), key.Namespace, key.Name, now = time.GetUtcNow() },
            cancellationToken);
        return (await FindAsync(connection, "uid = @uid", new { uid = Guid.Parse(key.Uid) }, cancellationToken))!;
    }

    /// <summary>By its name; the newest incarnation.</summary>
    public async Task<DeploymentRecord?> FindAsync(string @namespace, string name, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await FindAsync(connection, "namespace = @namespace AND name = @name", new { @namespace, name }, cancellationToken);
    }

    /// <summary>All that are known, without revisions and replicas: who may be gone from what is declared.</summary>
    public async Task<IReadOnlyList<DeploymentKey>> KeysAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<(Guid Uid, string Namespace, string Name)>(new CommandDefinition("SELECT uid, namespace, name FROM deployments WHERE deleted_at IS NULL", cancellationToken: cancellationToken));
        return [.. rows.Select(row => new DeploymentKey(row.Namespace, row.Name, row.Uid.ToString()))];
    }

    /// <summary>Writes the row, what is new of revisions and replicas, and the events of this step, all or nothing.</summary>
    public async Task SaveAsync(DeploymentRecord before, DeploymentRecord after, IReadOnlyList<EventDraft> events, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var uid = Guid.Parse(after.Key.Uid);
        await ExecuteAsync(
            connection,
            """
            UPDATE deployments SET target = @Target, generation = @Generation, serving = @Serving, next = @Next, next_since = @NextSince, progress_at = @ProgressAt, promoted = @Promoted,
                serving_replicas = @ServingReplicas, restarts_done = @RestartsDone, phase = @Phase, phase_since = @PhaseSince, timings = @timings::jsonb
            WHERE uid = @uid
            """,
            new
            {
                uid,
                after.Target,
                after.Generation,
                after.Serving,
                after.Next,
                after.NextSince,
                after.ProgressAt,
                after.Promoted,
                after.ServingReplicas,
                after.RestartsDone,
                after.Phase,
                after.PhaseSince,
                timings = JsonSerializer.Serialize(after.Timings, BuilderJson.Default.IReadOnlyDictionaryStringDouble),
            },
            cancellationToken);
        await SaveRevisionsAsync(connection, uid, before, after, cancellationToken);
        await SaveReplicasAsync(connection, uid, before, after, cancellationToken);
        await AppendAsync(connection, after.Key, events, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Has a revision wanted for as long as the spec does not change.</summary>
    public Task PinAsync(DeploymentKey key, int revision, long generation, string by, CancellationToken cancellationToken) => ChangeAsync(
        key,
        """
        UPDATE revisions SET state = 'superseded', reason = NULL WHERE deployment = @uid AND number = @revision AND state = 'failed';
        UPDATE deployments SET pinned_revision = @revision, pinned_generation = @generation, promoted = false WHERE uid = @uid
        """,
        new { uid = Guid.Parse(key.Uid), revision, generation },
        new EventDraft("Normal", "RollbackAsked", $"{by} asked to go back to revision {revision}.", revision),
        cancellationToken);

    public Task PromoteAsync(DeploymentKey key, int revision, string by, CancellationToken cancellationToken) => ChangeAsync(
        key,
        "UPDATE deployments SET promoted = true, progress_at = @now WHERE uid = @uid AND next = @revision",
        new { uid = Guid.Parse(key.Uid), revision, now = time.GetUtcNow() },
        new EventDraft("Normal", "PromotionAsked", $"{by} asked that revision {revision} take over.", revision),
        cancellationToken);

    public Task RestartAsync(DeploymentKey key, string by, CancellationToken cancellationToken) => ChangeAsync(
        key,
        "UPDATE deployments SET restarts = restarts + 1, pinned_revision = NULL, pinned_generation = NULL WHERE uid = @uid",
        new { uid = Guid.Parse(key.Uid) },
        new EventDraft("Normal", "RestartAsked", $"{by} asked for a fresh start.", null),
        cancellationToken);

    /// <summary>The deployment and all that ran of it are gone; its events stay for a time.</summary>
    public async Task ForgetAsync(DeploymentKey key, IReadOnlyList<EventDraft> events, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, "DELETE FROM deployments WHERE uid = @uid", new { uid = Guid.Parse(key.Uid) }, cancellationToken);
        await AppendAsync(connection, key, events, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>What happened, the oldest first.</summary>
    /// <param name="after">Only what came after this event.</param>
    public async Task<IReadOnlyList<EventRecord>> EventsAsync(string @namespace, string name, long after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<(long Id, DateTime At, string Type, string Reason, string Message, int? Revision)>(new CommandDefinition(
            "SELECT id, at, type, reason, message, revision FROM events WHERE namespace = @namespace AND name = @name AND id > @after ORDER BY id LIMIT @limit",
            new { @namespace, name, after, limit },
            cancellationToken: cancellationToken));
        return [.. rows.Select(row => new EventRecord(row.Id, row.At, row.Type, row.Reason, row.Message, row.Revision))];
    }

    /// <summary>The payloads of a channel's notifications, as they come; an empty one first, once nothing can be missed any more.</summary>
    public async IAsyncEnumerable<string> ListenAsync(string channel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var heard = new Queue<string>();
        connection.Notification += (_, notification) => heard.Enqueue(notification.Payload);
        await ExecuteAsync(connection, $"LISTEN {channel}", new { }, cancellationToken);
        yield return "";
        while (true)
        {
            while (heard.TryDequeue(out var payload))
            {
                yield return payload;
            }

            await connection.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Drops what is older than anybody asks for.</summary>
    public async Task PruneAsync(TimeSpan age, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await ExecuteAsync(connection, "DELETE FROM events WHERE at < @before", new { before = time.GetUtcNow() - age }, cancellationToken);
    }

    private async Task ChangeAsync(DeploymentKey key, string sql, object parameters, EventDraft told, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, sql, parameters, cancellationToken);
        await AppendAsync(connection, key, [told], cancellationToken);
        await ExecuteAsync(connection, $"SELECT pg_notify('{WishChannel}', @Uid)", new { key.Uid }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task<DeploymentRecord?> FindAsync(NpgsqlConnection connection, string condition, object parameters, CancellationToken cancellationToken)
    {
        var row = await connection.QueryFirstOrDefaultAsync<DeploymentRow>(new CommandDefinition(
            $"SELECT {Columns} FROM deployments WHERE {condition} ORDER BY created_at DESC LIMIT 1", parameters, cancellationToken: cancellationToken));
        if (row is null)
        {
            return null;
        }

        var revisions = await connection.QueryAsync<RevisionRow>(new CommandDefinition(
            "SELECT number, generation, hash, template::text AS Template, state, reason, created_at AS CreatedAt, spec::text AS Spec, model::text AS Model, granted FROM revisions WHERE deployment = @Uid ORDER BY number",
            new { row.Uid },
            cancellationToken: cancellationToken));
        var replicas = await connection.QueryAsync<(int Revision, int Ordinal, string Incarnation, DateTime? ReadyAt, DateTime? DrainingAt)>(new CommandDefinition(
            "SELECT revision, ordinal, incarnation, ready_at, draining_at FROM replicas WHERE deployment = @Uid ORDER BY revision, ordinal",
            new { row.Uid },
            cancellationToken: cancellationToken));
        return row.ToRecord() with { Revisions = [.. revisions.Select(revision => revision.ToRecord())], Replicas = [.. replicas.Select(row => new ReplicaRecord(row.Revision, row.Ordinal, row.Incarnation, row.ReadyAt, row.DrainingAt))] };
    }

    private static async Task SaveRevisionsAsync(NpgsqlConnection connection, Guid uid, DeploymentRecord before, DeploymentRecord after, CancellationToken cancellationToken)
    {
        foreach (var revision in after.Revisions.Where(revision => before.Find(revision.Number) is not { } known || known.State != revision.State || known.Reason != revision.Reason || known.Granted != revision.Granted))
        {
            await ExecuteAsync(
                connection,
                """
                INSERT INTO revisions (deployment, number, generation, hash, template, state, reason, created_at, spec, model, granted)
                VALUES (@uid, @Number, @Generation, @Hash, @template::jsonb, @State, @Reason, @CreatedAt, @spec::jsonb, @model::jsonb, @Granted)
                ON CONFLICT (deployment, number) DO UPDATE SET state = excluded.state, reason = excluded.reason, granted = excluded.granted
                """,
                new
                {
                    uid,
                    revision.Number,
                    revision.Generation,
                    revision.Hash,
                    revision.State,
                    revision.Reason,
                    revision.CreatedAt,
                    revision.Granted,
                    spec = revision.Spec is null ? null : JsonSerializer.Serialize(revision.Spec, ContractsJson.Default.ModelDeploymentSpec),
                    model = revision.Model is null ? null : JsonSerializer.Serialize(revision.Model, ContractsJson.Default.ModelSpec),
                    template = JsonSerializer.Serialize(revision.Template, BuilderJson.Default.RevisionTemplate),
                },
                cancellationToken);
        }

        var dropped = before.Revisions.Select(revision => revision.Number).Except(after.Revisions.Select(revision => revision.Number)).ToArray();
        if (dropped.Length > 0)
        {
            await ExecuteAsync(connection, "DELETE FROM revisions WHERE deployment = @uid AND number = ANY(@dropped)", new { uid, dropped }, cancellationToken);
        }
    }

    private static async Task SaveReplicasAsync(NpgsqlConnection connection, Guid uid, DeploymentRecord before, DeploymentRecord after, CancellationToken cancellationToken)
    {
        foreach (var replica in after.Replicas.Except(before.Replicas))
        {
            await ExecuteAsync(
                connection,
                """
                INSERT INTO replicas (deployment, revision, ordinal, incarnation, ready_at, draining_at) VALUES (@uid, @Revision, @Ordinal, @Incarnation, @ReadyAt, @DrainingAt)
                ON CONFLICT (deployment, revision, ordinal) DO UPDATE SET incarnation = excluded.incarnation, ready_at = excluded.ready_at, draining_at = excluded.draining_at
                """,
                new { uid, replica.Revision, replica.Ordinal, replica.Incarnation, replica.ReadyAt, replica.DrainingAt },
                cancellationToken);
        }

        foreach (var replica in before.Replicas.ExceptBy(after.Replicas.Select(known => (known.Revision, known.Ordinal)), known => (known.Revision, known.Ordinal)))
        {
            await ExecuteAsync(connection, "DELETE FROM replicas WHERE deployment = @uid AND revision = @Revision AND ordinal = @Ordinal", new { uid, replica.Revision, replica.Ordinal }, cancellationToken);
        }
    }

    private async Task AppendAsync(NpgsqlConnection connection, DeploymentKey key, IReadOnlyList<EventDraft> events, CancellationToken cancellationToken)
    {
        foreach (var told in events)
        {
            await ExecuteAsync(
                connection,
                "INSERT INTO events (deployment, namespace, name, at, type, reason, message, revision) VALUES (@uid, @Namespace, @Name, @now, @Type, @Reason, @Message, @Revision)",
                new { uid = Guid.Parse(key.Uid), key.Namespace, key.Name, now = time.GetUtcNow(), told.Type, told.Reason, told.Message, told.Revision },
                cancellationToken);
        }

        if (events.Count > 0)
        {
            await ExecuteAsync(connection, $"SELECT pg_notify('{EventChannel}', @Uid)", new { key.Uid }, cancellationToken);
        }
    }

    private static Task ExecuteAsync(NpgsqlConnection connection, string sql, object parameters, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));

    private sealed class DeploymentRow
    {
        public Guid Uid { get; init; }

        public string Namespace { get; init; } = "";

        public string Name { get; init; } = "";

        public string? Target { get; init; }

        public long Generation { get; init; }

        public int? Serving { get; init; }

        public int? Next { get; init; }

        public DateTime? NextSince { get; init; }

        public DateTime? ProgressAt { get; init; }

        public bool Promoted { get; init; }

        public int? PinnedRevision { get; init; }

        public long? PinnedGeneration { get; init; }

        public int? ServingReplicas { get; init; }

        public int Restarts { get; init; }

        public int RestartsDone { get; init; }

        public string Phase { get; init; } = "";

        public DateTime PhaseSince { get; init; }

        public string Timings { get; init; } = "{}";

        public DeploymentRecord ToRecord() => new(
            new DeploymentKey(Namespace, Name, Uid.ToString()), Target, Generation, Serving, Next, NextSince, ProgressAt, Promoted, PinnedRevision, PinnedGeneration, Restarts, RestartsDone,
            Phase, PhaseSince, JsonSerializer.Deserialize(Timings, BuilderJson.Default.IReadOnlyDictionaryStringDouble)!)
        {
            ServingReplicas = ServingReplicas,
        };
    }

    private sealed class RevisionRow
    {
        public int Number { get; init; }

        public long Generation { get; init; }

        public string Hash { get; init; } = "";

        public string Template { get; init; } = "";

        public string State { get; init; } = "";

        public string? Reason { get; init; }

        public DateTime CreatedAt { get; init; }

        public string? Spec { get; init; }

        public string? Model { get; init; }

        public int Granted { get; init; }

        public RevisionRecord ToRecord() => new(Number, Generation, Hash, JsonSerializer.Deserialize(Template, BuilderJson.Default.RevisionTemplate)!, State, Reason, CreatedAt)
        {
            Spec = Spec is null ? null : JsonSerializer.Deserialize(Spec, ContractsJson.Default.ModelDeploymentSpec),
            Model = Model is null ? null : JsonSerializer.Deserialize(Model, ContractsJson.Default.ModelSpec),
            Granted = Granted,
        };
    }
}

/// <summary>An event before it has a number.</summary>
/// <param name="Type"><c>Normal</c> or <c>Warning</c>.</param>
internal sealed record EventDraft(string Type, string Reason, string Message, int? Revision);
