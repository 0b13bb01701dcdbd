using Npgsql;

namespace Orrery.Builder;

/// <summary>Leads whoever holds an advisory lock of the database; it ends with the session that took it.</summary>
/// <remarks>
/// The server gives the lock to the next as soon as the session is gone, before we can know that it is. So the next waits
/// <see cref="Settling"/> before it acts, which is longer than it takes the one before to notice: its token fires <see cref="Term"/> after
/// the last time that the session was known to live.
/// </remarks>
internal sealed partial class PostgresLeadership(string connectionString, string name, TimeProvider time, ILogger<PostgresLeadership> logger) : ILeadership
{
    public LeadershipTerm Term { get; init; } = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1.5));

    public TimeSpan Settling { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Between attempts of those who wait.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(1);

    public async Task RunAsync(Func<CancellationToken, Task> whileLeading, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await using (var session = await TakeAsync(cancellationToken))
            {
                if (session is not null)
                {
                    await Task.Delay(Settling, time, cancellationToken);
                    var since = time.GetTimestamp();
                    if (await LivesAsync(session, cancellationToken) && await LeadAsync(session, whileLeading, since, cancellationToken))
                    {
                        return;
                    }
                }
            }

            // Closing the connection has ended the session, and with it the lock.
            await Task.Delay(Retry, time, cancellationToken);
        }
    }

    private async Task<bool> LeadAsync(NpgsqlConnection session, Func<CancellationToken, Task> whileLeading, long since, CancellationToken cancellationToken)
    {
        Log.Leads(logger, name);
        try
        {
            return await Term.HoldAsync(whileLeading, token => LivesAsync(session, token), _ => false, since, time, cancellationToken);
        }
        finally
        {
            Log.LeadsNoMore(logger, name);
        }
    }

    /// <returns>The session that has the lock; null: another has it, or the database is away.</returns>
    private async Task<NpgsqlConnection?> TakeAsync(CancellationToken cancellationToken)
    {
        var session = new NpgsqlConnection(Dedicated(connectionString));
        try
        {
            await session.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", session) { Parameters = { new() { Value = name } } };
            if (await command.ExecuteScalarAsync(cancellationToken) is true)
            {
                return session;
            }
        }
        catch (Exception error) when (error is NpgsqlException or TimeoutException)
        {
            Log.Away(logger, error.Message);
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }

        await session.DisposeAsync();
        return null;
    }

    // The lock lives as long as its session: an answer on this very connection says that both do. No answer in time is as good as none.
    private async Task<bool> LivesAsync(NpgsqlConnection session, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Term.Deadline, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await using var command = new NpgsqlCommand("SELECT 1", session);
            await command.ExecuteScalarAsync(both.Token);
            return true;
        }
        catch (Exception error) when (error is NpgsqlException or InvalidOperationException or TimeoutException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    // A session of its own, and no pooler's: behind one in transaction mode there are no sessions.
    private static string Dedicated(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Multiplexing = false, Enlist = false, ApplicationName = "orrery-builder-leader", Timeout = 5, CancellationTimeout = -1 }.ConnectionString;

    private static partial class Log
    {
        [LoggerMessage(2001, LogLevel.Information, "This Builder leads ({Name})", EventName = "Leads")]
        public static partial void Leads(ILogger logger, string name);

        [LoggerMessage(2002, LogLevel.Information, "This Builder leads no more ({Name})", EventName = "LeadsNoMore")]
        public static partial void LeadsNoMore(ILogger logger, string name);

        [LoggerMessage(2003, LogLevel.Warning, "Who leads cannot be asked ({Reason}); tried again", EventName = "LeadershipAway")]
        public static partial void Away(ILogger logger, string reason);
    }
}
