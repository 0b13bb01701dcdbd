using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using Npgsql;
using NpgsqlTypes;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.History;

/// <summary>What is written to the history's tables, and taken out of them. One call at a time.</summary>
internal sealed class HistoryTables(NpgsqlDataSource database, TraceStore memory, TimeProvider time)
{
    /// <summary>What says that it is of tomorrow has a wrong clock, and would lie in a partition that is never dropped.</summary>
    private static readonly TimeSpan MostAhead = TimeSpan.FromHours(1);

    /// <summary>Partitions may be gone that were there: they are made anew.</summary>
    public void ForgetDays() => _days.Forget();

    private const int TracesAtOnce = 10_000;
    private const int MostIdsRemembered = 100_000;
    private readonly Days _days = new(database);
    private readonly Dictionary<Emitter, int> _emitters = [];
    private readonly Dictionary<string, long> _series = [];

    /// <summary>All or none of those whose time can be.</summary>
    /// <returns>How many those are.</returns>
    public async Task<int> WriteAsync(IReadOnlyList<Span> spans, IReadOnlyList<LogRecord> logs, DateTimeOffset oldest, CancellationToken cancellationToken)
    {
        var (from, to) = (oldest, time.GetUtcNow() + MostAhead);
        spans = [.. spans.Where(span => span.Start >= from && span.Start <= to)];
        logs = [.. logs.Where(entry => entry.Time >= from && entry.Time <= to)];
        await _days.MakeAsync(spans.Select(span => Days.Of(span.Start)).Concat(logs.Select(entry => Days.Of(entry.Time))).Distinct(), cancellationToken);
        await IdentifyAsync(spans.Select(span => span.Emitter).Concat(logs.Select(entry => entry.Emitter)), cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await CopyAsync(connection, spans, cancellationToken);
        await CopyAsync(connection, logs, cancellationToken);
        await PutTracesAsync(connection, spans, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return spans.Count + logs.Count;
    }

    /// <summary>Notes the last point of each series.</summary>
    public async Task WriteAsync(IReadOnlyList<Series> latest, DateTimeOffset oldest, CancellationToken cancellationToken)
    {
        latest = [.. latest.Where(one => one.Points[^1].Time >= oldest)];
        await _days.MakeAsync(latest.Select(one => Days.Of(one.Points[^1].Time)).Distinct(), cancellationToken);
        await IdentifyAsync(latest.Select(one => one.Instrument.Emitter), cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var ids = new List<long>(latest.Count);
        foreach (var one in latest)
        {
            ids.Add(await IdentifyAsync(connection, one, cancellationToken)); // Remembered, so not part of what may be taken back.
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var copy = await connection.BeginBinaryImportAsync("COPY points (series_id, time, value, count, buckets) FROM STDIN (FORMAT BINARY)", cancellationToken))
        {
            foreach (var (id, point) in ids.Zip(latest, (id, one) => (id, one.Points[^1])))
            {
                await copy.StartRowAsync(cancellationToken);
                await copy.WriteAsync(id, NpgsqlDbType.Bigint, cancellationToken);
                await copy.WriteAsync(point.Time.UtcDateTime, NpgsqlDbType.TimestampTz, cancellationToken);
                await copy.WriteAsync(point.Value, NpgsqlDbType.Double, cancellationToken);
                await copy.WriteAsync(point.Count, NpgsqlDbType.Bigint, cancellationToken);
                if (point.Buckets is { } buckets)
                {
                    await copy.WriteAsync(buckets, NpgsqlDbType.Array | NpgsqlDbType.Bigint, cancellationToken);
                }
                else
                {
                    await copy.WriteNullAsync(cancellationToken);
                }
            }

            await copy.CompleteAsync(cancellationToken);
        }

        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE series SET last_time = @now WHERE id = ANY(@ids)", new { ids, now = latest.Count == 0 ? oldest : latest.Max(one => one.Points[^1].Time) }, cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Spans, log entries and points go by the day, traces and series one by one, a part of them at a time.</summary>
    /// <returns>There is more to forget.</returns>
    public async Task<bool> ForgetBeforeAsync(DateTimeOffset oldest, CancellationToken cancellationToken)
    {
        await _days.DropBeforeAsync(Days.Of(oldest), cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var traces = await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM traces WHERE id IN (SELECT id FROM traces WHERE start_time < @oldest ORDER BY start_time LIMIT @TracesAtOnce)",
            new { oldest, TracesAtOnce },
            cancellationToken: cancellationToken));
        if (await connection.ExecuteAsync(new CommandDefinition("DELETE FROM series WHERE last_time < @oldest", new { oldest }, cancellationToken: cancellationToken)) > 0)
        {
            _series.Clear();
        }

        return traces == TracesAtOnce;
    }

    private async Task CopyAsync(NpgsqlConnection connection, IReadOnlyList<Span> spans, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            "COPY spans (trace_id, span_id, parent_id, emitter_id, scope, name, kind, start_time, duration_ns, status, status_message, tags, events) FROM STDIN (FORMAT BINARY)",
            cancellationToken);
        foreach (var span in spans)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(span.TraceId.Uuid(), NpgsqlDbType.Uuid, cancellationToken);
            await copy.WriteAsync(unchecked((long)span.Id.Value), NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(unchecked((long)span.ParentId.Value), NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(_emitters[span.Emitter], NpgsqlDbType.Integer, cancellationToken);
            await copy.WriteAsync(span.Scope.Storable(), NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(span.Name.Storable(), NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync((short)span.Kind, NpgsqlDbType.Smallint, cancellationToken);
            await copy.WriteAsync(span.Start.UtcDateTime, NpgsqlDbType.TimestampTz, cancellationToken);
            await copy.WriteAsync(Math.Min(span.Duration.Ticks, long.MaxValue / TimeSpan.NanosecondsPerTick) * TimeSpan.NanosecondsPerTick, NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync((short)span.Status, NpgsqlDbType.Smallint, cancellationToken);
            await copy.WriteAsync(span.StatusMessage.Storable(), NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(HistoryText.Json(span.Tags), NpgsqlDbType.Json, cancellationToken);
            await copy.WriteAsync(HistoryText.Json(span.Events), NpgsqlDbType.Json, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    private async Task CopyAsync(NpgsqlConnection connection, IReadOnlyList<LogRecord> logs, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            "COPY logs (time, emitter_id, category, severity, body, event_name, trace_id, span_id, tags) FROM STDIN (FORMAT BINARY)", cancellationToken);
        foreach (var entry in logs)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(entry.Time.UtcDateTime, NpgsqlDbType.TimestampTz, cancellationToken);
            await copy.WriteAsync(_emitters[entry.Emitter], NpgsqlDbType.Integer, cancellationToken);
            await copy.WriteAsync(entry.Category.Storable(), NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync((short)entry.Severity, NpgsqlDbType.Smallint, cancellationToken);
            await copy.WriteAsync(entry.Body.Storable(), NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(entry.EventName.Storable(), NpgsqlDbType.Text, cancellationToken);
            if (entry.TraceId.IsEmpty)
            {
                await copy.WriteNullAsync(cancellationToken);
            }
            else
            {
                await copy.WriteAsync(entry.TraceId.Uuid(), NpgsqlDbType.Uuid, cancellationToken);
            }

            await copy.WriteAsync(unchecked((long)entry.SpanId.Value), NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(HistoryText.Json(entry.Tags), NpgsqlDbType.Json, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    /// <summary>As memory knows them now; a trace that memory has let go already, as far as these spans tell. Rows only ever learn more.</summary>
    private async Task PutTracesAsync(NpgsqlConnection connection, IReadOnlyList<Span> spans, CancellationToken cancellationToken)
    {
        var rows = spans.GroupBy(span => span.TraceId).Select(group => TraceRow.Of(memory.Summarise(group.Key) ?? TraceStore.Assemble([.. group]).Summary));
        await connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO traces AS old (id, name, service, kind, start_time, end_time, spans, failed_spans, services, is_whole, model, models, request_id, input_tokens,
                output_tokens, first_chunk_ms)
            SELECT id, name, service, kind, start_time, end_time, spans, failed_spans, services, is_whole, model, models, request_id, input_tokens, output_tokens, first_chunk_ms
            FROM jsonb_to_recordset(@rows::jsonb) AS new (id uuid, name text, service text, kind smallint, start_time timestamptz, end_time timestamptz, spans int,
                failed_spans int, services jsonb, is_whole boolean, model text, models text[], request_id text, input_tokens bigint, output_tokens bigint,
                first_chunk_ms double precision)
            ORDER BY id
            ON CONFLICT (id) DO UPDATE SET
                name = CASE WHEN excluded.is_whole OR NOT old.is_whole THEN excluded.name ELSE old.name END,
                service = CASE WHEN excluded.is_whole OR NOT old.is_whole THEN excluded.service ELSE old.service END,
                kind = CASE WHEN excluded.is_whole OR NOT old.is_whole THEN excluded.kind ELSE old.kind END,
                start_time = LEAST(old.start_time, excluded.start_time),
                end_time = GREATEST(old.end_time, excluded.end_time),
                spans = GREATEST(old.spans, excluded.spans),
                failed_spans = GREATEST(old.failed_spans, excluded.failed_spans),
                services = old.services || excluded.services,
                is_whole = old.is_whole OR excluded.is_whole,
                model = COALESCE(excluded.model, old.model),
                models = ARRAY(SELECT DISTINCT unnest(old.models || excluded.models)),
                request_id = COALESCE(excluded.request_id, old.request_id),
                input_tokens = COALESCE(excluded.input_tokens, old.input_tokens),
                output_tokens = COALESCE(excluded.output_tokens, old.output_tokens),
                first_chunk_ms = COALESCE(excluded.first_chunk_ms, old.first_chunk_ms)
            """,
            new { rows = JsonSerializer.Serialize(rows, HistoryJson.Default.IEnumerableTraceRow) },
            cancellationToken: cancellationToken));
    }

    private async Task IdentifyAsync(IEnumerable<Emitter> emitters, CancellationToken cancellationToken)
    {
        if (_emitters.Count > MostIdsRemembered)
        {
            _emitters.Clear();
        }

        foreach (var emitter in emitters.Distinct().Where(emitter => !_emitters.ContainsKey(emitter)).ToList())
        {
            var tags = HistoryText.Json(emitter.Tags);
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            _emitters[emitter] = await connection.ExecuteScalarAsync<int>(new CommandDefinition(
                """
                INSERT INTO emitters (service, instance, tags, hash) VALUES (@Service, @Instance, @tags::json, @hash)
                ON CONFLICT (hash) DO UPDATE SET service = excluded.service RETURNING id
                """,
                new { Service = emitter.Service.Storable(), Instance = emitter.Instance.Storable(), tags, hash = HistoryText.Hash([emitter.Service, emitter.Instance, tags]) },
                cancellationToken: cancellationToken));
        }
    }

    private async Task<long> IdentifyAsync(NpgsqlConnection connection, Series one, CancellationToken cancellationToken)
    {
        var instrument = one.Instrument;
        var (emitter, tags) = (_emitters[instrument.Emitter], HistoryText.Json(one.Tags));
        var hash = HistoryText.Hash(
        [
            emitter.ToString(CultureInfo.InvariantCulture), instrument.Name, instrument.Unit, instrument.Kind.ToString(), tags,
            .. instrument.Bounds.Select(bound => bound.ToString("R", CultureInfo.InvariantCulture)),
        ]);
        var key = Convert.ToHexString(hash);
        if (_series.TryGetValue(key, out var id))
        {
            return id;
        }

        if (_series.Count > MostIdsRemembered)
        {
            _series.Clear();
        }

        return _series[key] = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            """
            INSERT INTO series (emitter_id, name, unit, description, kind, bounds, tags, hash, last_time)
            VALUES (@emitter, @Name, @Unit, @Description, @Kind, @Bounds, @tags::json, @hash, @last)
            ON CONFLICT (hash) DO UPDATE SET last_time = excluded.last_time RETURNING id
            """,
            new
            {
                emitter,
                Name = instrument.Name.Storable().Short(),
                Unit = instrument.Unit.Storable(),
                Description = instrument.Description.Storable(),
                Kind = (short)instrument.Kind,
                instrument.Bounds,
                tags,
                hash,
                last = one.Points[^1].Time,
            },
            cancellationToken: cancellationToken));
    }
}

/// <summary>A row of <c>traces</c>, with the columns' names.</summary>
internal sealed record TraceRow
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public required string Service { get; init; }

    public required int Kind { get; init; }

    public required DateTimeOffset StartTime { get; init; }

    public required DateTimeOffset EndTime { get; init; }

    public required int Spans { get; init; }

    public required int FailedSpans { get; init; }

    public required Dictionary<string, int> Services { get; init; }

    public required bool IsWhole { get; init; }

    public string? Model { get; init; }

    public required IReadOnlyList<string> Models { get; init; }

    public string? RequestId { get; init; }

    public long? InputTokens { get; init; }

    public long? OutputTokens { get; init; }

    public double? FirstChunkMs { get; init; }

    public static TraceRow Of(TraceSummary trace) => new()
    {
        Id = trace.Id.Uuid(),
        Name = trace.Name.Storable().Short(),
        Service = trace.Service.Storable().Short(),
        Kind = (int)trace.Kind,
        StartTime = Microseconds(trace.Start),
        EndTime = Microseconds(trace.Start + trace.Duration),
        Spans = trace.Spans,
        FailedSpans = trace.FailedSpans,
        Services = trace.Services.GroupBy(one => one.Key.Storable(), StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Sum(one => one.Value)),
        IsWhole = trace.IsWhole,
        Model = trace.Model?.Storable().Short(),
        Models = [.. trace.Models.Select(model => model.Storable().Short())],
        RequestId = trace.RequestId?.Storable().Short(),
        InputTokens = trace.InputTokens,
        OutputTokens = trace.OutputTokens,
        FirstChunkMs = trace.TimeToFirstChunk?.TotalMilliseconds,
    };

    /// <summary>Cut as a binary copy cuts, so that a trace begins when its first span does; PostgreSQL rounds what it reads as text.</summary>
    private static DateTimeOffset Microseconds(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IEnumerable<TraceRow>))]
internal sealed partial class HistoryJson : JsonSerializerContext;
