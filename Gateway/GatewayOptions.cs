using Microsoft.Extensions.Options;
using Orrery.Gateway.Translation;

namespace Orrery.Gateway;

/// <summary>The section <c>Gateway</c>. Checked at start; every fault is reported at once.</summary>
internal sealed class GatewayOptions
{
    public const string Section = "Gateway";

    /// <summary>Where unsent usage and the last good snapshot are kept. Replicas may share it. Default: <c>$ORRERY_DATA/gateway</c>, else <c>.orrery/gateway</c> beside the program.</summary>
    public string DataDirectory { get; set; } = DefaultDataDirectory();

    /// <summary>The longest body taken, in bytes: 1 KiB to 1 GiB. Default 32 MiB.</summary>
    public int MaxBodyBytes { get; set; } = 32 << 20;

    /// <summary>The longest multipart body taken (sound, files), in bytes: 1 KiB to 1 GiB. Above 1 MiB it waits on disk. Default 100 MiB.</summary>
    public int MaxFormBytes { get; set; } = 100 << 20;

    /// <summary>What all multipart bodies may hold on disk together, in bytes; beyond it requests get 503. Not below <see cref="MaxFormBytes"/>. Default 8 GiB.</summary>
    public long MaxSpooledBytes { get; set; } = 8L << 30;

    /// <summary>What all request bodies may hold together, in bytes; beyond it requests get 503. Not below <see cref="MaxBodyBytes"/>. Default 512 MiB.</summary>
    public long MaxBufferedBytes { get; set; } = 512L << 20;

    /// <summary>How deep a body may nest: 8 to 1000. Default 64.</summary>
    public int MaxJsonDepth { get; set; } = 64;

    /// <summary>The longest answer without streaming, and the longest single event of a stream, in bytes: 1 KiB to 1 GiB. Default 128 MiB.</summary>
    public int MaxAnswerBytes { get; set; } = 128 << 20;

    /// <summary>What clients read a model's reasoning under: <c>as-sent</c> (the default), <c>reasoning_content</c> or <c>reasoning</c>.</summary>
    public string ReasoningField { get; set; } = ReasoningName.AsSent;

    /// <summary>Attempts for one request, retries and fallbacks together: 1 to 10. Default 3.</summary>
    public int MaxAttempts { get; set; } = 3;

    /// <summary>How long after the first attempt began another may begin. Default 3 min.</summary>
    public TimeSpan RetryWithin { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>How long a request waits for an endpoint that said <c>Retry-After</c> when nobody else can serve it; 0 to 1 min. Default 2 s.</summary>
    public TimeSpan MaxRetryWait { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Until a connection stands, unless the provider says otherwise. Default 5 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>From the request's last byte to the answer's first, unless the provider says otherwise. Default 120 s.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>Between two reads of a running answer, unless the provider says otherwise. Default 60 s.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>All attempts and the whole answer, unless the provider says otherwise. Default 10 min.</summary>
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Between two postings of usage, so that a busy gateway posts batches. 0 to 1 min. Default 200 ms.</summary>
    public TimeSpan UsageInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Usage events waiting in memory for the disk: 100 to 10 million. Beyond it events are lost and counted. Default 100 000.</summary>
    public int MaxWaitingUsage { get; set; } = 100_000;

    /// <summary>
    /// Requests run on the threads that serve sockets, not on pool threads: less work for each, as long as nothing there waits or computes for long.
    /// Default true; only at start, and of the whole process.
    /// </summary>
    public bool InlineSockets { get; set; } = true;

    private static string DefaultDataDirectory() =>
        Environment.GetEnvironmentVariable("ORRERY_DATA") is { Length: > 0 } data
            ? Path.Combine(data, "gateway")
            : Path.Combine(AppContext.BaseDirectory, ".orrery", "gateway");
}

/// <summary>Names the configuration key, the value and what was expected.</summary>
internal sealed class GatewayOptionsValidator : IValidateOptions<GatewayOptions>
{
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromHours(24);

    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        var faults = new List<string>();
        if (string.IsNullOrWhiteSpace(options.DataDirectory))
        {
            faults.Add("Gateway:DataDirectory is empty; expected a directory that the gateway may write to.");
        }

        if (!ReasoningName.All.Contains(options.ReasoningField))
        {
            faults.Add($"Gateway:ReasoningField is '{options.ReasoningField}'; expected one of {string.Join(", ", ReasoningName.All)}.");
        }

        Within(faults, nameof(options.MaxBodyBytes), options.MaxBodyBytes, 1 << 10, 1 << 30);
        Within(faults, nameof(options.MaxFormBytes), options.MaxFormBytes, 1 << 10, 1 << 30);
        Within(faults, nameof(options.MaxSpooledBytes), options.MaxSpooledBytes, options.MaxFormBytes, long.MaxValue);
        Within(faults, nameof(options.MaxBufferedBytes), options.MaxBufferedBytes, options.MaxBodyBytes, long.MaxValue);
        Within(faults, nameof(options.MaxJsonDepth), options.MaxJsonDepth, 8, 1000);
        Within(faults, nameof(options.MaxAnswerBytes), options.MaxAnswerBytes, 1 << 10, 1 << 30);
        Within(faults, nameof(options.MaxAttempts), options.MaxAttempts, 1, 10);
        Within(faults, nameof(options.MaxWaitingUsage), options.MaxWaitingUsage, 100, 10_000_000);
        AboveZero(faults, nameof(options.RetryWithin), options.RetryWithin);
        if (options.MaxRetryWait < TimeSpan.Zero || options.MaxRetryWait > TimeSpan.FromMinutes(1))
        {
            faults.Add($"Gateway:MaxRetryWait is {options.MaxRetryWait}; expected 00:00:00 to 00:01:00.");
        }

        AboveZero(faults, nameof(options.ConnectTimeout), options.ConnectTimeout);
        AboveZero(faults, nameof(options.RequestTimeout), options.RequestTimeout);
        AboveZero(faults, nameof(options.IdleTimeout), options.IdleTimeout);
        AboveZero(faults, nameof(options.TotalTimeout), options.TotalTimeout);
        if (options.UsageInterval < TimeSpan.Zero || options.UsageInterval > TimeSpan.FromMinutes(1))
        {
            faults.Add($"Gateway:UsageInterval is {options.UsageInterval}; expected 00:00:00 to 00:01:00.");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void Within(List<string> faults, string key, long value, long least, long most)
    {
        if (value < least || value > most)
        {
            faults.Add($"Gateway:{key} is {value}; expected {least} to {most}.");
        }
    }

    private static void AboveZero(List<string> faults, string key, TimeSpan value)
    {
        if (value <= TimeSpan.Zero || value > LongestTimeout)
        {
            faults.Add($"Gateway:{key} is {value}; expected a duration above 00:00:00, at most 1.00:00:00.");
        }
    }
}
