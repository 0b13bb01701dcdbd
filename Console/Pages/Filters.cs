using System.Globalization;
using Microsoft.AspNetCore.Http.Extensions;
using Orrery.WebConsole.Stores;
using Orrery.WebConsole.Telemetry;

namespace Orrery.WebConsole.Pages;

/// <summary>Reads a page's filters from its address, where they can be shared and kept; what cannot be read is said, and left out.</summary>
public sealed class Filters(HttpContext http)
{
    private readonly IQueryCollection _query = http.Request.Query;
    private static readonly (string, string)[] LongWindows = [("7d", "7 days"), ("30d", "30 days")];
    private static readonly string[] Moments = ["yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm:ss.FFFFFFF", "yyyy-MM-dd"];
    private readonly DateTimeOffset _now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();

    private const int Longest = 200;

    /// <summary>What was wrong with the address, for people.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>The spans of time that a page offers, in the order of the menu.</summary>
    public static IEnumerable<(string Value, string Text)> Windows(bool hasHistory) =>
        [("5m", "5 minutes"), ("15m", "15 minutes"), ("1h", "1 hour"), ("6h", "6 hours"), ("1d", "1 day"), .. LongWindows.Where(_ => hasHistory)];

    public string? Text(string name) => _query[name].ToString().Trim() is { Length: > 0 } text ? Cut(text.Replace("\0", "", StringComparison.Ordinal)) : null;

    private static string Cut(string text) => text.Length <= Longest ? text : text[..(char.IsHighSurrogate(text[Longest - 1]) ? Longest - 1 : Longest)];

    public TimeSpan? Duration(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (Contracts.Duration.TryParse(text.Replace(" ", "", StringComparison.Ordinal), out var duration))
        {
            return duration;
        }

        Faults.Add($"{name} is '{text}'; expected {Contracts.Duration.Expectation}.");
        return null;
    }

    /// <summary>A moment in UTC, as a browser's field gives it.</summary>
    public DateTimeOffset? Moment(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParseExact(text, Moments, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) && moment.Year is >= 2000 and < 3000)
        {
            return moment;
        }

        Faults.Add($"{name} is '{text}'; expected a time (UTC) such as 2026-01-31T13:45.");
        return null;
    }

    /// <summary>The value of <see cref="Moment"/>.</summary>
    public static string Text(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture);

    public long Number(string name, long least, long most, long otherwise)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        Faults.Add($"{name} is '{text}'; expected a whole number from {least} to {most}.");
        return otherwise;
    }

    public TraceFilter Traces() => new()
    {
        Service = Text("service"),
        Model = Text("model"),
        Failed = OneOf("status", ("failed", true), ("ok", false)),
        AtLeast = Duration("least"),
        AtMost = Duration("most"),
        From = From(),
        To = Moment("until"),
        Text = Text("text"),
        Scope = OneOf("show", ("requests", TraceScope.Requests), ("models", TraceScope.Models), ("everything", TraceScope.Everything)) ?? TraceScope.Requests,
        Skip = (int)Number("skip", 0, 10_000_000, 0),
    };

    public LogFilter Logs() => new()
    {
        Service = Text("service"),
        AtLeast = OneOf<LogSeverity>("level", [.. Enum.GetValues<LogSeverity>().Select(one => (one.ToString(), one))]) ?? LogSeverity.Unspecified,
        Text = Text("text"),
        TraceId = Trace(),
        From = From(),
        To = Moment("until"),
        After = Number("after", 0, long.MaxValue, 0),
        Before = Number("before", 0, long.MaxValue, 0),
    };

    public BoardFilter Board() => new(Text("model"), Duration("within") is { } within && within >= TimeSpan.FromMinutes(1) ? within : TimeSpan.FromMinutes(15), Moment("until"));

    /// <summary>This address with some of its values changed; <c>null</c> takes one away.</summary>
    public string With(string path, params ReadOnlySpan<(string Name, string? Value)> changes)
    {
        var values = _query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
        foreach (var (name, value) in changes)
        {
            values[name] = value ?? "";
        }

        return path + new QueryBuilder(values.Where(pair => pair.Value.Length > 0)).ToQueryString();
    }

    /// <summary>So long before its end, which is now where none was given.</summary>
    private DateTimeOffset? From() => Duration("within") is { } within ? (Moment("until") ?? _now) - within : null;

    private TraceId? Trace()
    {
        if (Text("trace") is not { } text)
        {
            return null;
        }

        if (TraceId.TryParse(text, out var id))
        {
            return id;
        }

        Faults.Add($"trace is '{text}'; expected 32 hex digits.");
        return null;
    }

    private T? OneOf<T>(string name, params ReadOnlySpan<(string Text, T Value)> choices)
        where T : struct
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        foreach (var choice in choices)
        {
            if (string.Equals(choice.Text, text, StringComparison.OrdinalIgnoreCase))
            {
                return choice.Value;
            }
        }

        Faults.Add($"{name} is '{text}'; expected one of {string.Join(", ", choices.ToArray().Select(choice => choice.Text))}.");
        return null;
    }
}
