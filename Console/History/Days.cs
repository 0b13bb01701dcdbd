using System.Globalization;
using Dapper;
using Npgsql;

namespace Orrery.WebConsole.History;

/// <summary>The partitions, one a day (UTC) and table: made before the first row of their day, dropped when all of theirs is old enough.</summary>
internal sealed class Days(NpgsqlDataSource database)
{
    private const string Format = "yyyyMMdd";
    private static readonly string[] Tables = ["spans", "logs", "points"];
    private readonly HashSet<DateOnly> _made = [];

    public static DateOnly Of(DateTimeOffset time) => DateOnly.FromDateTime(time.UtcDateTime);

    /// <summary>Makes those of <paramref name="days"/> that are not there.</summary>
    public async Task MakeAsync(IEnumerable<DateOnly> days, CancellationToken cancellationToken)
    {
        foreach (var day in days.Where(day => !_made.Contains(day)).ToList())
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await LockAsync(connection);
            foreach (var table in Tables)
            {
                await connection.ExecuteAsync(
                    $"CREATE TABLE IF NOT EXISTS {Name(table, day)} PARTITION OF {table} FOR VALUES FROM ('{day:yyyy-MM-dd} 00:00:00+00') TO ('{day.AddDays(1):yyyy-MM-dd} 00:00:00+00')");
            }

            await transaction.CommitAsync(cancellationToken);
            _made.Add(day);
        }
    }

    public void Forget() => _made.Clear();

    /// <summary>Drops what lies before <paramref name="day"/>.</summary>
    /// <returns>How many partitions.</returns>
    public async Task<int> DropBeforeAsync(DateOnly day, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await LockAsync(connection);
        var partitions = await connection.QueryAsync<string>(
            "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent WHERE p.relnamespace = current_schema()::regnamespace AND p.relkind = 'p'");
        var old = partitions.Where(name => DayOf(name) is { } itsDay && itsDay < day).ToList();
        foreach (var name in old)
        {
            await connection.ExecuteAsync($"DROP TABLE {name}");
        }

        await transaction.CommitAsync(cancellationToken);
        _made.RemoveWhere(made => made < day);
        return old.Count;
    }

    private static Task LockAsync(NpgsqlConnection connection) => connection.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtext('orrery/console/days'))");

    private static string Name(string table, DateOnly day) => $"{table}_{day.ToString(Format, CultureInfo.InvariantCulture)}";

    /// <summary>Of the tables' own partitions; an index's partition has another ending.</summary>
    private static DateOnly? DayOf(string name) =>
        name.Split('_') is [var table, var text] && Tables.Contains(table) && DateOnly.TryParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
}
