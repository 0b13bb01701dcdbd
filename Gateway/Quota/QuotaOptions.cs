using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Quota;

/// <summary>The section <c>Gateway:Quota</c>. Checked at start; every fault is reported at once.</summary>
internal sealed class QuotaOptions
{
    public const string Section = "Gateway:Quota";

    /// <summary>How long a request waits for Redis before this replica decides alone. 1 ms to 1 s. Default 50 ms.</summary>
    public TimeSpan RedisDeadline { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Calls in a row without an answer after which Redis is not asked any more until it answers in the background. 1 to 100. Default 3.</summary>
    public int RedisFailures { get; set; } = 3;

    /// <summary>Gateway replicas there are at least: the divisor of limits while Redis is away and fewer were seen. 1 to 10000. Default 1.</summary>
    public int LeastReplicas { get; set; } = 1;

    /// <summary>After how long a gateway that died gives back what it had under way. 1 s to 10 min. Default 30 s.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Between two heartbeats to Redis. Not above a third of <see cref="Lease"/>. Default 500 ms.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>For how long a busy replica buys of limits in advance, so that not every request asks Redis. 0 to 10 s; 0: every request asks. Default 1 s.</summary>
    public TimeSpan Ahead { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Requests waiting for one saturated model or provider. 0 to 1 million. Default 1000.</summary>
    public int MaxWaiting { get; set; } = 1_000;

    /// <summary>How long a request waits for a saturated model or provider. 0 to 10 min. Default 10 s.</summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Tokens reserved for an answer whose request sets no maximum. 1 to 1 million. Default 1024.</summary>
    public int DefaultMaxTokens { get; set; } = 1_024;

    internal sealed class Validator : IValidateOptions<QuotaOptions>
    {
        public ValidateOptionsResult Validate(string? name, QuotaOptions options)
        {
            var faults = new List<string>();
            Within(faults, nameof(RedisDeadline), options.RedisDeadline, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
            Within(faults, nameof(RedisFailures), options.RedisFailures, 1, 100);
            Within(faults, nameof(LeastReplicas), options.LeastReplicas, 1, 10_000);
            Within(faults, nameof(Lease), options.Lease, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
            Within(faults, nameof(Heartbeat), options.Heartbeat, TimeSpan.FromMilliseconds(10), options.Lease / 3);
            Within(faults, nameof(Ahead), options.Ahead, TimeSpan.Zero, TimeSpan.FromSeconds(10));
            Within(faults, nameof(MaxWaiting), options.MaxWaiting, 0, 1_000_000);
            Within(faults, nameof(MaxWait), options.MaxWait, TimeSpan.Zero, TimeSpan.FromMinutes(10));
            Within(faults, nameof(DefaultMaxTokens), options.DefaultMaxTokens, 1, 1_000_000);
            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }

        private static void Within<T>(List<string> faults, string key, T value, T least, T most)
            where T : IComparable<T>
        {
            if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
            {
                faults.Add($"{Section}:{key} is {value}; expected {least} to {most}.");
            }
        }
    }
}
