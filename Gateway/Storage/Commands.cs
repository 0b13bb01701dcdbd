using System.Text;
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
                    string text => Storable(text),
                    string[] texts => Array.ConvertAll(texts, Storable),
                    _ => value,
                },
            });
        }

        return command;
    }

    /// <summary>PostgreSQL's texts have no NUL and no half characters, and clients may ask for anything: what had one is nothing that was ever stored.</summary>
    private static string Storable(string text)
    {
        var whole = text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) : text;
        return whole.Replace('\0', '\uFFFD');
    }
}
