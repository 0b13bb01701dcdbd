using Microsoft.Extensions.Options;

namespace Orrery.WebConsole.Stores;

/// <summary>Names the configuration key, the value and what was expected.</summary>
internal sealed class StoreLimitsValidator : IValidateOptions<StoreLimits>
{
    public ValidateOptionsResult Validate(string? name, StoreLimits options)
    {
        var faults = new List<string>();
        Within(nameof(options.MaxSpans), options.MaxSpans, 1_000, 10_000_000);
        Within(nameof(options.MaxSpansPerTrace), options.MaxSpansPerTrace, 10, 100_000);
        Within(nameof(options.MaxLogs), options.MaxLogs, 1_000, 10_000_000);
        Within(nameof(options.MaxSeries), options.MaxSeries, 100, 1_000_000);
        Within(nameof(options.MetricsFor), options.MetricsFor, TimeSpan.FromMinutes(1), TimeSpan.FromDays(1));
        Within(nameof(options.MetricsStep), options.MetricsStep, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        Within(nameof(options.MaxBytes), options.MaxBytes, 16L << 20, 64L << 30);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void Within<T>(string key, T value, T least, T most)
            where T : IComparable<T>
        {
            if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
            {
                faults.Add($"Console:Stores:{key} is {value}; expected {least} to {most}.");
            }
        }
    }
}
