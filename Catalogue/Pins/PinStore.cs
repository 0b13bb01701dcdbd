using System.Text.Json;
using Dapper;
using Npgsql;

namespace Orrery.Catalogue.Pins;

/// <summary>Keeps pins, each namespace its own. Rows are added and never changed.</summary>
internal sealed class PinStore(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>What is kept of <paramref name="wanted"/>. Where the entries pin everything themselves, nobody is asked.</summary>
    /// <param name="withFacts">With what the hub said of revisions, which may be long.</param>
    public async Task<PinSet> FindAsync(string @namespace, IEnumerable<Pinnable> wanted, CancellationToken cancellationToken, bool withFacts = false)
    {
        var references = wanted.Where(pinnable => pinnable.Value is null).Select(pinnable => pinnable.Reference).Distinct().ToArray();
        if (references.Length == 0)
        {
            return PinSet.Empty;
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            """
            SELECT kind, reference, number, value, CASE WHEN @withFacts THEN facts::text END AS Facts, pinned_by AS PinnedBy, pinned_at AS PinnedAt
            FROM pins WHERE namespace = @namespace AND reference = ANY(@references) ORDER BY kind, reference, number DESC
            """,
            new { @namespace, references, withFacts },
            cancellationToken: cancellationToken));
        return new PinSet(rows.Select(row => row.Read()));
    }

    /// <summary>Keeps <paramref name="value"/> after <paramref name="before"/>, unless somebody was faster; then theirs stands.</summary>
    /// <param name="before">What was kept when <paramref name="value"/> was asked for; <c>null</c>: nothing.</param>
    /// <returns>What is kept now, and whether it is ours.</returns>
    public async Task<(Pin Pin, bool IsOurs)> KeepAsync(string @namespace, Pinnable wanted, Pin? before, string value, RevisionFacts? facts, string by, CancellationToken cancellationToken)
    {
        var number = (before?.Number ?? 0) + 1;
        var json = facts is null ? null : JsonSerializer.Serialize(facts, PinsJson.Default.RevisionFacts);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var added = before?.Value == value ? 0 : await connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO pins (namespace, kind, reference, number, value, facts, pinned_by, pinned_at)
            VALUES (@namespace, @Kind, @Reference, @number, @value, @facts::jsonb, @by, @at) ON CONFLICT DO NOTHING
            """,
            new { @namespace, wanted.Kind, wanted.Reference, number, value, facts = json, by, at = time.GetUtcNow() },
            cancellationToken: cancellationToken));
        var row = await connection.QuerySingleAsync<Row>(new CommandDefinition(
            """
            SELECT kind, reference, number, value, facts::text AS Facts, pinned_by AS PinnedBy, pinned_at AS PinnedAt
            FROM pins WHERE namespace = @namespace AND kind = @Kind AND reference = @Reference ORDER BY number DESC LIMIT 1
            """,
            new { @namespace, wanted.Kind, wanted.Reference },
            cancellationToken: cancellationToken));
        return (row.Read(), added == 1 && row.Number == number);
    }

    private sealed record Row(string Kind, string Reference, int Number, string Value, string? Facts, string PinnedBy, DateTime PinnedAt)
    {
        public Pin Read() => new(
            Kind, Reference, Number, Value, Facts is null ? null : JsonSerializer.Deserialize(Facts, PinsJson.Default.RevisionFacts), PinnedBy, new DateTimeOffset(PinnedAt, TimeSpan.Zero));
    }
}
