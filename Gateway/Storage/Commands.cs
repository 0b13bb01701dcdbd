using Npgsql;

namespace Orrery.Gateway.Storage;

/// <summary>SQL with its values in the order of their numbers: no reflection, and nothing to be made for a type at its first use.</summary>
internal static class Commands
{
    public static async ValueTask<int> ExecuteAsync(this NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object?[] values)
    {
        await using var command = connection.Command(sql, values);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async ValueTask<List<T>> QueryAsync<T>(
        this NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken, params object?[] values)
    {
        await using var command = connection.Command(sql, values);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private static NpgsqlCommand Command(this NpgsqlConnection connection, string sql, object?[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter
            {
                Value = value switch
                {
                    null => DBNull.Value,
                    DateTimeOffset at => at.UtcDateTime,
                    string text => WithoutNul(text),
                    string[] texts => Array.ConvertAll(texts, WithoutNul),
                    _ => value,
                },
            });
        }

        return command;
    }

    /// <summary>PostgreSQL's texts have no NUL, and clients may ask for anything: what had one is nothing that was ever stored.</summary>
    private static string WithoutNul(string text) => text.Replace('\0', '\uFFFD');
}
