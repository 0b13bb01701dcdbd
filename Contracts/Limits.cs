namespace Orrery.Contracts;

/// <summary>How much may be used of the platform: by a key or team, or of a model or provider.</summary>
public sealed record Limits
{
    /// <summary>Requests in any stretch of time of these lengths. Several hold together.</summary>
    public IReadOnlyList<WindowLimit>? Requests { get; init; }

    /// <summary>Tokens of prompts and answers in any stretch of time of these lengths. Several hold together.</summary>
    public IReadOnlyList<WindowLimit>? Tokens { get; init; }

    /// <summary>Requests under way at the same time.</summary>
    public int? Concurrency { get; init; }

    internal void Validate(FieldErrors errors, string path)
    {
        Validate(errors, path + ".requests", Requests);
        Validate(errors, path + ".tokens", Tokens);
        if (Concurrency is < 1)
        {
            errors.Add(path + ".concurrency", $"{Concurrency}", "a number of requests above 0");
        }
    }

    private static void Validate(FieldErrors errors, string path, IReadOnlyList<WindowLimit>? windows)
    {
        var seen = new HashSet<(TimeSpan, bool)>();
        for (var i = 0; i < windows?.Count; i++)
        {
            var (count, per, calendar) = (windows[i].Count, windows[i].Per, windows[i].Calendar);
            if (count is < 1 or > WindowLimit.Most)
            {
                errors.Add($"{path}[{i}].count", $"{count}", $"a whole number from 1 to {WindowLimit.Most}");
            }

            if (per.Value < WindowLimit.Shortest || per.Value > WindowLimit.Longest)
            {
                errors.Add($"{path}[{i}].per", $"{per}", "a duration from 1s to 31d, such as 1m, 1h or 1d");
            }
            else if (calendar && per.Value != WindowLimit.Day)
            {
                errors.Add($"{path}[{i}].per", $"{per}", "1d, where calendar is true", "Leave calendar out: the limit holds for any stretch of that length then.");
            }
            else if (!seen.Add((per.Value, calendar)))
            {
                errors.Add($"{path}[{i}].per", $"{per}", "a window that is limited once");
            }
        }
    }
}

/// <summary>So many in any stretch of time of this length.</summary>
public sealed record WindowLimit
{
    /// <summary>The most that a limit may count: Redis' scripts count in doubles.</summary>
    public const long Most = 1_000_000_000_000;

    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Longest = TimeSpan.FromDays(31);
    public static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>So many from midnight to midnight UTC.</summary>
    public static WindowLimit PerDay(long count) => new() { Count = count, Per = new Duration(Day), Calendar = true };

    public required long Count { get; init; }

    /// <summary>The window's length: <c>1m</c>, <c>1h</c>, <c>1d</c> or any other.</summary>
    public required Duration Per { get; init; }

    /// <summary>With <see cref="Per"/> of <c>1d</c>: the day as the calendar has it, from midnight to midnight UTC, and not any stretch of that length.</summary>
    public bool Calendar { get; init; }
}
