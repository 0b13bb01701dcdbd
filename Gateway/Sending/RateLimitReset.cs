using System.Globalization;
using System.Net.Http.Headers;

namespace Orrery.Gateway.Sending;

/// <summary>When a limit is over, for servers that say it in a header of their own and not in <c>Retry-After</c>.</summary>
/// <remarks>
/// OpenAI and Groq: <c>x-ratelimit-reset-requests: 6m0s</c>; Azure: the same with seconds, and <c>retry-after-ms</c>; Anthropic: <c>anthropic-ratelimit-tokens-reset</c>
/// with a time; OpenRouter: <c>x-ratelimit-reset</c> with milliseconds since 1970. Of several limits the spent ones count (<c>…-remaining…: 0</c>), and of those the last.
/// </remarks>
internal static class RateLimitReset
{
    private const long FirstUnixMilliseconds = 100_000_000_000;
    private const long FirstUnixSeconds = 100_000_000;

    private static readonly (string Reset, string Remaining)[] Limits =
    [
        ("x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"),
        ("x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"),
        ("x-ratelimit-reset", "x-ratelimit-remaining"),
        ("ratelimit-reset", "ratelimit-remaining"),
        ("anthropic-ratelimit-requests-reset", "anthropic-ratelimit-requests-remaining"),
        ("anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining"),
        ("anthropic-ratelimit-input-tokens-reset", "anthropic-ratelimit-input-tokens-remaining"),
        ("anthropic-ratelimit-output-tokens-reset", "anthropic-ratelimit-output-tokens-remaining"),
    ];

    /// <returns><c>null</c> where the server says nothing that can be read.</returns>
    public static TimeSpan? Of(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (Value(headers, "retry-after-ms") is { } milliseconds
            && double.TryParse(milliseconds, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var wait) && wait < TimeSpan.FromDays(1).TotalMilliseconds)
        {
            return TimeSpan.FromMilliseconds(wait);
        }

        TimeSpan? spent = null, least = null;
        foreach (var (reset, remaining) in Limits)
        {
            if (Value(headers, reset) is { } text && Parse(text, now) is { } span && span > TimeSpan.Zero)
            {
                least = least < span ? least : span;
                if (Value(headers, remaining) == "0")
                {
                    spent = spent > span ? spent : span;
                }
            }
        }

        return spent ?? least;
    }

    /// <summary>A span such as <c>1m30.5s</c> or <c>20ms</c>, seconds, a time (RFC 3339), or seconds or milliseconds since 1970.</summary>
    internal static TimeSpan? Parse(string text, DateTimeOffset now)
    {
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return number >= FirstUnixMilliseconds * 100d ? null
                : number >= FirstUnixMilliseconds ? DateTimeOffset.FromUnixTimeMilliseconds((long)number) - now
                : number >= FirstUnixSeconds ? DateTimeOffset.FromUnixTimeSeconds((long)number) - now
                : TimeSpan.FromSeconds(number);
        }

        return text.Contains('T', StringComparison.Ordinal) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at - now
            : ParseSpan(text);
    }

    private static TimeSpan? ParseSpan(ReadOnlySpan<char> text)
    {
        var total = TimeSpan.Zero;
        if (text.IsEmpty)
        {
            return null;
        }

        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExcept("0123456789.");
            if (digits <= 0 || digits > 9 || !double.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            text = text[digits..];
            var unit = text.IndexOfAny("0123456789.") is var next and > 0 ? text[..next] : text;
            if (UnitOf(unit) is not { } one)
            {
                return null;
            }

            total += one * number;
            text = text[unit.Length..];
        }

        return total;
    }

    private static TimeSpan? UnitOf(ReadOnlySpan<char> unit) => unit switch
    {
        "ms" => TimeSpan.FromMilliseconds(1),
        "s" => TimeSpan.FromSeconds(1),
        "m" => TimeSpan.FromMinutes(1),
        "h" => TimeSpan.FromHours(1),
        "d" => TimeSpan.FromDays(1),
        "us" or "µs" or "ns" => TimeSpan.Zero,
        _ => null,
    };

    private static string? Value(HttpResponseHeaders headers, string name) => headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
