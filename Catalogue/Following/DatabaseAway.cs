using System.Net.Sockets;
using Npgsql;

namespace Orrery.Catalogue.Following;

/// <summary>Tells an absent database from a refused statement.</summary>
internal static class DatabaseAway
{
    // Class 08: connection; 53: resources; 57: shutdown and cancelled statements; 55P03: lock not available in time.
    private static readonly string[] States = ["08", "53", "57", "55P03"];

    public static bool Is(Exception error) => error switch
    {
        PostgresException refused => States.Any(state => refused.SqlState.StartsWith(state, StringComparison.Ordinal)),
        NpgsqlException or SocketException or TimeoutException => true,
        _ => error.InnerException is { } inner && Is(inner),
    };
}
