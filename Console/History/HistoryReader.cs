using System.Net.Sockets;
using Dapper;
using Npgsql;
using Orrery.ServiceDefaults;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.History;

/// <summary>The history cannot be read now; the message is for people.</summary>
internal sealed class HistoryAwayException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Asks the history. Every method throws <see cref="HistoryAwayException"/> when the database does not answer, or not in time.</summary>
internal sealed partial class HistoryReader(NpgsqlDataSource database, MigrationAtStart migration, ILogger<HistoryReader> logger)
{
    private const int MostMatchesCounted = 10_000;

    static HistoryReader() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    public Task<TraceList> ListAsync(TraceFilter filter, CancellationToken cancellationToken) => AskAsync(
        async connection =>
        {
            const string Where =
                """
                WHERE (@From::timestamptz IS NULL OR start_time >= @From) AND (@To::timestamptz IS NULL OR start_time <= @To)
                    AND (@Failed::boolean IS NULL OR (failed_spans > 0) = @Failed)
                    AND (@Least::interval IS NULL OR end_time - start_time >= @Least) AND (@Most::interval IS NULL OR end_time - start_time <= @Most)
                    AND (@Model::text IS NULL OR @Model = ANY(models)) AND (@Service::text IS NULL OR jsonb_exists(services, @Service))
                    AND (NOT @OnlyRequests OR kind = @Server) AND (NOT @OnlyModels OR model IS NOT NULL)
                    AND (@Text::text IS NULL OR name ILIKE @Like OR request_id ILIKE @Like OR id::text LIKE @Id)
                """;
            var values = new
            {
                From = filter.From?.UtcDateTime,
                To = filter.To?.UtcDateTime,
                filter.Failed,
                Least = filter.AtLeast,
                Most = filter.AtMost,
                filter.Model,
                filter.Service,
                OnlyRequests = filter.Scope == TraceScope.Requests,
                OnlyModels = filter.Scope == TraceScope.Models,
                Server = (short)SpanKind.Server,
                filter.Text,
                Like = Like(filter.Text),
                Id = TraceId.TryParse(filter.Text, out var id) ? id.Uuid().ToString() : "",
                filter.Skip,
                filter.Limit,
                MostMatchesCounted,
            };
            var rows = await connection.QueryAsync<StoredTrace>(new CommandDefinition(
                $"""
                 SELECT id, name, service, kind, start_time, end_time, spans, failed_spans, services::text AS services, is_whole, model, models, request_id, input_tokens, output_tokens, first_chunk_ms
                 FROM traces {Where} ORDER BY start_time DESC OFFSET @Skip LIMIT @Limit
                 """,
                values,
                cancellationToken: cancellationToken));
            var matches = await connection.ExecuteScalarAsync<int>(new CommandDefinition(
                $"SELECT count(*) FROM (SELECT FROM traces {Where} LIMIT @MostMatchesCounted) AS found", values, cancellationToken: cancellationToken));
            List<TraceSummary> found = [.. rows.Select(row => row.ToSummary())];
            return new TraceList(found, Math.Max(matches, filter.Skip + found.Count)) { AreMore = matches == MostMatchesCounted };
        },
        cancellationToken);

    public Task<Trace?> FindAsync(TraceId id, CancellationToken cancellationToken) => AskAsync(
        async connection =>
        {
            // The days that it can lie in, so that the other partitions are left alone.
            var time = await connection.QuerySingleOrDefaultAsync<(DateTime Start, DateTime End)?>(new CommandDefinition(
                "SELECT start_time, end_time FROM traces WHERE id = @id", new { id = id.Uuid() }, cancellationToken: cancellationToken));
            if (time is not var (start, end))
            {
                return null;
            }

            var rows = await connection.QueryAsync<StoredSpan>(new CommandDefinition(
                """
                SELECT span_id, parent_id, scope, name, kind, start_time, duration_ns, status, status_message, s.tags, events, service, instance, e.tags AS emitter_tags
                FROM spans s JOIN emitters e ON e.id = s.emitter_id
                WHERE trace_id = @id AND start_time BETWEEN @start AND @end
                """,
                new { id = id.Uuid(), start, end },
                cancellationToken: cancellationToken));
            List<Span> spans = [.. rows.Select(row => row.ToSpan(id))];
            return spans.Count == 0 ? null : TraceStore.Assemble(spans);
        },
        cancellationToken);

    public Task<TraceId?> FindByRequestAsync(string requestId, CancellationToken cancellationToken) => AskAsync<TraceId?>(
        async connection => await connection.ExecuteScalarAsync<Guid?>(new CommandDefinition(
            "SELECT id FROM traces WHERE request_id = @requestId ORDER BY start_time DESC LIMIT 1", new { requestId }, cancellationToken: cancellationToken)) is { } id
            ? id.TraceId()
            : null,
        cancellationToken);

    /// <returns>The newest that match, oldest first; their numbers are the history's own.</returns>
    public Task<IReadOnlyList<LogRecord>> ListAsync(LogFilter filter, CancellationToken cancellationToken) => AskAsync<IReadOnlyList<LogRecord>>(
        async connection =>
        {
            var rows = await connection.QueryAsync<StoredLog>(new CommandDefinition(
                """
                SELECT number, time, category, severity, body, event_name, trace_id, span_id, l.tags, service, instance, e.tags AS emitter_tags
                FROM logs l JOIN emitters e ON e.id = l.emitter_id
                WHERE (@Before = 0 OR number < @Before) AND severity >= @AtLeast
                    AND (@Service::text IS NULL OR service = @Service OR instance = @Service)
                    AND (@Trace::uuid IS NULL OR trace_id = @Trace)
                    AND (@From::timestamptz IS NULL OR time >= @From) AND (@To::timestamptz IS NULL OR time <= @To)
                    AND (@Text::text IS NULL OR body ILIKE @Like OR category ILIKE @Like OR l.tags::text ILIKE @Like)
                ORDER BY number DESC LIMIT @Limit
                """,
                new
                {
                    filter.Before,
                    AtLeast = (short)filter.AtLeast,
                    filter.Service,
                    Trace = filter.TraceId?.Uuid(),
                    From = filter.From?.UtcDateTime,
                    To = filter.To?.UtcDateTime,
                    filter.Text,
                    Like = Like(filter.Text),
                    filter.Limit,
                },
                cancellationToken: cancellationToken));
            return [.. rows.Select(row => row.ToLog()).Reverse()];
        },
        cancellationToken);

    /// <summary>Every series of an instrument with a point in that time, at most one point each <paramref name="step"/>: the last.</summary>
    public Task<IReadOnlyList<Series>> FindAsync(string name, DateTimeOffset from, DateTimeOffset to, TimeSpan step, CancellationToken cancellationToken) => AskAsync<IReadOnlyList<Series>>(
        async connection =>
        {
            var rows = await connection.QueryAsync<StoredPoint>(new CommandDefinition(
                """
                SELECT DISTINCT ON (p.series_id, date_bin(@step, p.time, @from)) p.series_id, p.time, p.value, p.count, p.buckets, s.unit, s.description, s.kind, s.bounds, s.tags,
                    e.service, e.instance, e.tags AS emitter_tags
                FROM series s JOIN points p ON p.series_id = s.id JOIN emitters e ON e.id = s.emitter_id
                WHERE s.name = @name AND p.time >= @from AND p.time <= @to
                ORDER BY p.series_id, date_bin(@step, p.time, @from), p.time DESC
                """,
                new { name, from = from.UtcDateTime, to = to.UtcDateTime, step },
                cancellationToken: cancellationToken));
            return [.. rows.GroupBy(row => row.SeriesId).Select(group => StoredPoint.ToSeries(name, [.. group.OrderBy(point => point.Time)]))];
        },
        cancellationToken);

    private async Task<T> AskAsync<T>(Func<NpgsqlConnection, Task<T>> ask, CancellationToken cancellationToken)
    {
        if (!migration.Completed.IsCompletedSuccessfully)
        {
            throw new HistoryAwayException("The history's database is not ready yet.");
        }

        try
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            return await ask(connection);
        }
        catch (Exception error) when (error is NpgsqlException { InnerException: TimeoutException } or TimeoutException)
        {
            throw new HistoryAwayException("The history took too long to answer. Narrow the time or the filters.", error);
        }
        catch (PostgresException error) when (error is { IsTransient: false })
        {
            Log.Unreadable(logger, error);
            throw new HistoryAwayException("The history's database refuses the question; the Console's log says why.", error);
        }
        catch (Exception error) when (error is NpgsqlException or SocketException && !cancellationToken.IsCancellationRequested)
        {
            throw new HistoryAwayException("The history's database does not answer.", error);
        }
    }

    /// <summary>A pattern for <c>ILIKE</c> that finds the text as it stands.</summary>
    private static string Like(string? text) => $"%{text?.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";

    private static partial class Log
    {
        [LoggerMessage(525, LogLevel.Error, "The history's database refuses a question", EventName = "HistoryUnreadable")]
        public static partial void Unreadable(ILogger logger, Exception error);
    }
}
