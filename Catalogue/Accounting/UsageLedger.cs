using System.Text.Json;
using Dapper;
using Npgsql;
using Orrery.Contracts;

namespace Orrery.Catalogue.Accounting;

/// <summary>Which rows of the ledger somebody wants to see; absent means all.</summary>
/// <param name="After">The last id of the page before.</param>
internal sealed record UsageFilter(string Namespace, int Limit, Guid? After, string? RequestId, string? TraceId, string? Key, string? Model);

/// <summary>What was used, recorded once whatever is sent again.</summary>
internal sealed class UsageLedger(NpgsqlDataSource database)
{
    /// <summary>Records the events that are not there yet. All or none; two batches that share events do not wait for each other in a circle (ids in order).</summary>
    public async Task<UsageReceipt> RecordAsync(UsageBatch batch, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var recorded = await connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO usage_events (id, namespace, key, request_id, trace_id, operation, model, provider, simulated, stream, prompt_tokens,
                completion_tokens, cached_tokens, estimated, status, outcome, started_at, duration_ms, time_to_first_token_ms)
            SELECT id, namespace, key, "requestId", "traceId", operation, model, provider, simulated, stream, "promptTokens",
                "completionTokens", "cachedTokens", estimated, status, outcome, "startedAt", "durationMs", "timeToFirstTokenMs"
            FROM jsonb_to_recordset(@events::jsonb -> 'events') AS e (id uuid, namespace text, key text, "requestId" text, "traceId" text, operation text,
                model text, provider text, simulated boolean, stream boolean, "promptTokens" bigint, "completionTokens" bigint, "cachedTokens" bigint,
                estimated boolean, status int, outcome text, "startedAt" timestamptz, "durationMs" double precision, "timeToFirstTokenMs" double precision)
            ORDER BY id
            ON CONFLICT (id) DO NOTHING
            """,
            new { events = JsonSerializer.Serialize(batch, ContractsJson.Default.UsageBatch) },
            cancellationToken: cancellationToken));
        return new UsageReceipt(recorded, batch.Events.Count - recorded);
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<UsageEvent>> ListAsync(UsageFilter filter, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<string>(new CommandDefinition(
            """
            SELECT json_build_object('id', id, 'namespace', namespace, 'key', key, 'requestId', request_id, 'traceId', trace_id, 'operation', operation,
                'model', model, 'provider', provider, 'simulated', simulated, 'stream', stream, 'promptTokens', prompt_tokens,
                'completionTokens', completion_tokens, 'cachedTokens', cached_tokens, 'estimated', estimated, 'status', status, 'outcome', outcome,
                'startedAt', started_at, 'durationMs', duration_ms, 'timeToFirstTokenMs', time_to_first_token_ms)::text
            FROM usage_events
            WHERE namespace = @Namespace
                AND (@After::uuid IS NULL OR id < @After)
                AND (@RequestId::text IS NULL OR request_id = @RequestId)
                AND (@TraceId::text IS NULL OR trace_id = @TraceId)
                AND (@Key::text IS NULL OR key = @Key)
                AND (@Model::text IS NULL OR model = @Model)
            ORDER BY id DESC LIMIT @Limit
            """,
            filter,
            cancellationToken: cancellationToken));
        return [.. rows.Select(row => JsonSerializer.Deserialize(row, ContractsJson.Default.UsageEvent)!)];
    }
}
