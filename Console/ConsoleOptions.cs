using Microsoft.Extensions.Options;

namespace Orrery.WebConsole;

/// <summary>The section <c>Console</c>.</summary>
internal sealed class ConsoleOptions
{
    public const string Section = "Console";

    /// <summary>The first administrator's key: it opens the Console while the Catalogue does not answer, since that is when one wants to look. Absent: nothing does.</summary>
    public string? FirstKey { get; set; }

    /// <summary>How long one stays signed in: 1 minute to 30 days. Default 12 hours.</summary>
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromHours(12);

    /// <summary>How often the Catalogue is asked whether a session's key still holds: 1 s to 1 hour. Default 10 s.</summary>
    public TimeSpan KeyCheckInterval { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>Names the configuration key, the value and what was expected.</summary>
internal sealed class ConsoleOptionsValidator : IValidateOptions<ConsoleOptions>
{
    public ValidateOptionsResult Validate(string? name, ConsoleOptions options)
    {
        var faults = new List<string>();
        Within(nameof(options.SessionLifetime), options.SessionLifetime, TimeSpan.FromMinutes(1), TimeSpan.FromDays(30));
        Within(nameof(options.KeyCheckInterval), options.KeyCheckInterval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void Within(string key, TimeSpan value, TimeSpan least, TimeSpan most)
        {
            if (value < least || value > most)
            {
                faults.Add($"Console:{key} is {value}; expected {least} to {most}.");
            }
        }
    }
}
