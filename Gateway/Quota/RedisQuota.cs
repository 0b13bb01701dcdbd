using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Orrery.Gateway.Quota;

/// <summary>The limits that all replicas share. Every call has a deadline; after some without an answer Redis counts as away and is asked in the background only.</summary>
internal sealed partial class RedisQuota(IServiceProvider services, IOptions<QuotaOptions> options, TimeProvider time, ILogger<RedisQuota> logger)
{
    private static readonly string Script = ReadScript();
#pragma warning disable CA5350 // Redis names scripts by SHA-1.
    private static readonly byte[] ScriptHash = SHA1.HashData(Encoding.UTF8.GetBytes(Script));
#pragma warning restore CA5350
    private static readonly RedisValue[] Letters = ["w", "c", "d"];

    private readonly TimeSpan _deadline = options.Value.RedisDeadline;
    private readonly int _mostFailures = options.Value.RedisFailures;
    private readonly RedisValue _leaseMs = (long)options.Value.Lease.TotalMilliseconds;
    private IConnectionMultiplexer? _redis;
    private volatile IDatabase? _database;
    private volatile bool _isAway = true;
    private int _failures;

    /// <summary>Whether a request may ask.</summary>
    public bool IsUsable => !_isAway;

    /// <summary>Connects where Redis is configured; it may block for a second, so never on a request's way.</summary>
    public bool Connect()
    {
        if (_database is null && services.GetService<IConnectionMultiplexer>() is { } redis)
        {
            (_redis, _database) = (redis, redis.GetDatabase());
        }

        return _database is not null;
    }

    /// <summary>Redis answers again and knows what is under way.</summary>
    public void Return()
    {
        if (_isAway)
        {
            Volatile.Write(ref _failures, 0);
            _isAway = false;
            Log.Back(logger);
        }
    }

    /// <summary>Takes all limits or none.</summary>
    /// <returns><c>null</c>: no answer in time.</returns>
    public async ValueTask<Verdict?> ReserveAsync(Reservation reservation)
    {
        var limits = reservation.Limits;
        var keys = new RedisKey[limits.Length];
        var values = new RedisValue[1 + (4 * limits.Length)];
        values[0] = "reserve";
        for (var i = 0; i < limits.Length; i++)
        {
            var limit = limits[i];
            keys[i] = limit.RedisKey;
            values[1 + (4 * i)] = LetterOf(limit);
            values[2 + (4 * i)] = limit.Count;
            values[3 + (4 * i)] = limit.IsConcurrency ? _leaseMs : limit.PerMs;
            values[4 + (4 * i)] = limit.IsConcurrency ? reservation.LeaseId : limit.CostOf(reservation.Tokens);
        }

        var call = RunAsync(keys, values);
        if (await WithinDeadlineAsync(call) is not { } result)
        {
            _ = AdoptLateAsync(reservation, call);
            return null;
        }

        await Task.Yield(); // The client runs what follows on the one thread that completes its answers; a request is too long for that.
        var answer = (long[])result!;
        for (var i = 0; i < limits.Length; i++)
        {
            (reservation.Left[i], reservation.ResetMs[i]) = (answer[2 + (3 * i)], answer[3 + (3 * i)]);
        }

        if (answer[0] > 0)
        {
            var refused = (int)answer[0] - 1;
            return Verdict.Of(limits[refused], reservation.ResetMs[refused]);
        }

        reservation.Adopt(SlicesOf(answer));
        return Verdict.Granted;
    }

    /// <summary>Ends a lease and makes what was reserved what was used. Nobody waits for it: what is lost lapses with its lease or window.</summary>
    /// <param name="tokens">Used; <c>null</c>: nothing of it shall count, not even the request.</param>
    public void Settle(Reservation reservation, long? tokens)
    {
        if (IsUsable)
        {
            SettleNow(reservation, tokens);
        }
    }

    /// <summary>Keeps the places of what is under way, and takes them again where they have lapsed.</summary>
    public async Task<bool> RenewAsync(IReadOnlyCollection<(Limit Limit, RedisValue Lease)> places)
    {
        foreach (var part in places.GroupBy(place => place.Limit.Namespace).SelectMany(group => group.Chunk(500)))
        {
            var call = RunAsync([.. part.Select(place => place.Limit.RedisKey)], ["renew", _leaseMs, .. part.Select(place => place.Lease)]);
            if (await WithinDeadlineAsync(call) is null)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Says that this replica lives.</summary>
    /// <returns>How many do; <c>null</c>: no answer in time.</returns>
    public async Task<int?> BeatAsync(string replica) =>
        await WithinDeadlineAsync(RunAsync(["orrery:{gateways}:quota:replicas"], ["beat", replica, _leaseMs])) is { } answer ? (int)(long)answer : null;

    private void SettleNow(Reservation reservation, long? tokens)
    {
        var limits = reservation.Limits;
        List<RedisKey>? keys = null;
        List<RedisValue> values = ["settle"];
        for (var i = 0; i < limits.Length; i++)
        {
            var limit = limits[i];
            var difference = limit.IsConcurrency || tokens is null ? -limit.CostOf(reservation.Tokens)
                : limit.Unit == LimitUnit.Tokens ? tokens.Value - reservation.Tokens
                : 0;
            if (difference != 0 && (limit.IsConcurrency || reservation.IsInRedis))
            {
                (keys ??= []).Add(limit.RedisKey);
                values.Add(LetterOf(limit));
                values.Add(limit.IsConcurrency ? reservation.LeaseId : reservation.RedisSlices[i]);
                values.Add(difference);
            }
        }

        if (keys is not null)
        {
            _ = WithinDeadlineAsync(RunAsync([.. keys], [.. values]));
        }
    }

    private async Task<RedisResult> RunAsync(RedisKey[] keys, RedisValue[] values)
    {
        if (_database is not { } database || !_redis!.IsConnected)
        {
            throw new TimeoutException("not connected");
        }

        try
        {
            return await database.ScriptEvaluateAsync(ScriptHash, keys, values);
        }
        catch (RedisServerException error) when (error.Message.Contains("NOSCRIPT", StringComparison.Ordinal))
        {
            // A new or emptied server: EVAL leaves the script there for the next call.
            object[] all = [Script, keys.Length, .. keys.Cast<object>(), .. values.Cast<object>()];
            return await database.ExecuteAsync("EVAL", all);
        }
    }

    private async ValueTask<RedisResult?> WithinDeadlineAsync(Task<RedisResult> call)
    {
        try
        {
            var result = await call.WaitAsync(_deadline, time);
            Volatile.Write(ref _failures, 0);
            return result;
        }
        catch (Exception error) when (error is RedisException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            Observe(call);
            if (Interlocked.Increment(ref _failures) >= _mostFailures && !_isAway)
            {
                _isAway = true;
                Log.Away(logger, error.Message);
            }

            return null;
        }
    }

    /// <summary>Redis did take it, after the deadline: it counts there for as long as the request lasts, or is given back.</summary>
    private async Task AdoptLateAsync(Reservation reservation, Task<RedisResult> call)
    {
        try
        {
            var answer = (long[])(await call)!;
            if (answer[0] == 0 && !reservation.Adopt(SlicesOf(answer)))
            {
                reservation.AdoptAfterEnd(SlicesOf(answer));
                SettleNow(reservation, reservation.UsedTokens); // It has just answered, whatever else is known of it.
            }
        }
        catch (Exception error) when (error is RedisException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            // It was not taken, or nobody knows: what lies there lapses.
        }
    }

    private static void Observe(Task call) =>
        call.ContinueWith(static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private static RedisValue LetterOf(Limit limit) => Letters[limit.IsConcurrency ? 1 : limit.IsCalendar ? 2 : 0];

    private static long[] SlicesOf(long[] answer)
    {
        var slices = new long[(answer.Length - 2) / 3];
        for (var i = 0; i < slices.Length; i++)
        {
            slices[i] = answer[4 + (3 * i)];
        }

        return slices;
    }

    private static string ReadScript()
    {
        using var reader = new StreamReader(typeof(RedisQuota).Assembly.GetManifestResourceStream("QuotaScript.lua")!, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static partial class Log
    {
        [LoggerMessage(601, LogLevel.Warning, "Redis does not answer ({Reason}): limits are kept by this replica's share until it does", EventName = "RedisAway")]
        public static partial void Away(ILogger logger, string reason);

        [LoggerMessage(602, LogLevel.Information, "Redis answers: limits are kept by all replicas together", EventName = "RedisBack")]
        public static partial void Back(ILogger logger);
    }
}
