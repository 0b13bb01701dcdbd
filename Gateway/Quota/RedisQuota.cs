using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Orrery.Gateway.Quota;

/// <summary>The limits that all replicas share. Every call has a deadline; after some without an answer Redis counts as away and is asked in the background only.</summary>
internal sealed partial class RedisQuota(IServiceProvider services, Credits credits, IOptions<QuotaOptions> options, TimeProvider time, ILogger<RedisQuota> logger)
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

    /// <summary>Takes all limits or none, and of windows what the reservation wants in advance.</summary>
    /// <returns><c>null</c>: no answer in time.</returns>
    public async ValueTask<Verdict?> ReserveAsync(Reservation reservation)
    {
        var limits = reservation.Limits;
        var keys = new RedisKey[limits.Length];
        var values = new RedisValue[2 + (5 * limits.Length)];
        (values[0], values[1]) = ("reserve", credits.Share);
        for (var i = 0; i < limits.Length; i++)
        {
            var limit = limits[i];
            ref var hold = ref reservation.Holds[i];
            keys[i] = limit.RedisKey;
            values[2 + (5 * i)] = LetterOf(limit);
            values[3 + (5 * i)] = limit.Count;
            values[4 + (5 * i)] = limit.IsConcurrency ? _leaseMs : limit.PerMs;
            values[5 + (5 * i)] = limit.IsConcurrency ? (hold.Place ??= credits.NewPlace()).Id : limit.CostOf(reservation.Tokens);
            values[6 + (5 * i)] = hold.Wanted;
        }

        var askedMs = credits.NowMs;
        var call = RunAsync(keys, values);
        if (await WithinDeadlineAsync(call) is not { } result)
        {
            credits.NotAnswered(reservation);
            _ = AdoptLateAsync(reservation, call, askedMs);
            return null;
        }

        await Task.Yield(); // The client runs what follows on the one thread that completes its answers; a request is too long for that.
        var answer = (long[])result!;
        Settle(credits.Answered(reservation, answer, askedMs));
        var refused = (int)answer[0] - 1;
        return refused < 0 ? Verdict.Granted : Verdict.Of(limits[refused], answer[1]);
    }

    /// <summary>Says what was used differently and which places are free. Nobody waits for it: what is lost lapses with its lease or window.</summary>
    public void Settle(List<Correction>? corrections)
    {
        if (corrections is not null && IsUsable)
        {
            _ = CorrectAsync(corrections);
        }
    }

    /// <summary>The same, whether or not Redis counts as away.</summary>
    public async Task CorrectAsync(List<Correction> corrections) =>
        await Task.WhenAll(ByCall(corrections, correction => correction.Limit).Select(part => WithinDeadlineAsync(RunAsync(
            [.. part.Select(correction => correction.Limit.RedisKey)],
            ["settle", .. part.SelectMany(correction => (RedisValue[])[LetterOf(correction.Limit), correction.Place?.Id ?? (RedisValue)correction.Slice, correction.Difference])])).AsTask()));

    /// <summary>Keeps the places of what is under way, and takes them again where they have lapsed.</summary>
    public async Task<bool> RenewAsync(IReadOnlyCollection<(Limit Limit, Place Place)> places)
    {
        foreach (var part in ByCall(places, place => place.Limit))
        {
            var call = RunAsync([.. part.Select(place => place.Limit.RedisKey)], ["renew", _leaseMs, .. part.Select(place => (RedisValue)place.Place.Id)]);
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
    private async Task AdoptLateAsync(Reservation reservation, Task<RedisResult> call, long askedMs)
    {
        try
        {
            var answer = (long[])(await call)!;
            if (credits.Answered(reservation, answer, askedMs) is { } corrections)
            {
                await CorrectAsync(corrections); // It has just answered, whatever else is known of it.
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

    /// <summary>One call's keys lie in one slot, their namespace's.</summary>
    private static IEnumerable<T[]> ByCall<T>(IReadOnlyCollection<T> all, Func<T, Limit> limitOf) => all.GroupBy(one => limitOf(one).Namespace).SelectMany(group => group.Chunk(500));

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
