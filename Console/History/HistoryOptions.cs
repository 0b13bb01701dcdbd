using Microsoft.Extensions.Options;
using Orrery.Contracts;

namespace Orrery.WebConsole.History;

/// <summary>The section <c>Console:History</c>: whether telemetry is also kept in PostgreSQL, for longer than memory holds.</summary>
internal sealed class HistoryOptions
{
    public const string Section = "Console:History";
    public const string Off = "off";

    private static readonly TimeSpan Least = TimeSpan.FromHours(1);
    private static readonly TimeSpan Most = TimeSpan.FromDays(400);

    /// <summary>For how long: <c>12h</c>, <c>7d</c>, 1 hour to 400 days. Absent or <c>off</c>: nothing is kept. Needs <c>ConnectionStrings:orrery</c>.</summary>
    public string? Keep { get; set; }

    /// <summary>Spans and log entries, each, that may wait for the database: 1,000 to 1 million; further ones are not kept, and are counted. Default 50,000.</summary>
    public int MaxWaiting { get; set; } = 50_000;

    /// <summary>What they may take together, in bytes, estimated: 1 MB to 16 GB. Default 64 MB.</summary>
    public long MaxWaitingBytes { get; set; } = 64L << 20;

    /// <summary>How often each series of metrics is noted down: 1 s to 1 hour. Default 1 minute.</summary>
    public TimeSpan MetricsEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary><see cref="Keep"/> as a length of time; <c>null</c> when nothing is kept.</summary>
    public TimeSpan? KeepFor => string.Equals(Keep, Off, StringComparison.OrdinalIgnoreCase) || !Duration.TryParse(Keep, out var keep) ? null : keep;

    /// <summary>Names the configuration key, the value and what was expected.</summary>
    internal sealed class Validator : IValidateOptions<HistoryOptions>
    {
        public ValidateOptionsResult Validate(string? name, HistoryOptions options)
        {
            var faults = new List<string>();
            if (options.Keep is { Length: > 0 } keep && !keep.Equals(Off, StringComparison.OrdinalIgnoreCase) && (options.KeepFor is not { } length || length < Least || length > Most))
            {
                faults.Add($"Console:History:Keep is '{keep}'; expected 'off' or {Duration.Expectation}, from {new Duration(Least)} to {new Duration(Most)}.");
            }

            if (options.MaxWaiting is < 1_000 or > 1_000_000)
            {
                faults.Add($"Console:History:MaxWaiting is {options.MaxWaiting}; expected 1000 to 1000000.");
            }

            if (options.MaxWaitingBytes is < 1L << 20 or > 16L << 30)
            {
                faults.Add($"Console:History:MaxWaitingBytes is {options.MaxWaitingBytes}; expected {1L << 20} to {16L << 30}.");
            }

            if (options.MetricsEvery < TimeSpan.FromSeconds(1) || options.MetricsEvery > TimeSpan.FromHours(1))
            {
                faults.Add($"Console:History:MetricsEvery is {options.MetricsEvery}; expected 00:00:01 to 01:00:00.");
            }

            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
    }
}
