using Microsoft.Net.Http.Headers;

namespace Orrery.ServiceDefaults.Prometheus;

internal enum Format
{
    /// <summary>Prometheus' own text, version 0.0.4.</summary>
    Text,

    /// <summary>OpenMetrics 1.0.</summary>
    OpenMetrics,
}

/// <summary>Which format a scraper wants, by its <c>Accept</c>.</summary>
internal static class Formats
{
    public const int Count = 2;

    public static string ContentType(this Format format) => format switch
    {
        Format.OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        _ => "text/plain; version=0.0.4; charset=utf-8",
    };

    /// <summary>The best that it asks for and we have; text where it asks for nothing, or for nothing that we have.</summary>
    public static Format Wanted(IList<string> accept)
    {
        if (!MediaTypeHeaderValue.TryParseList(accept, out var ranges))
        {
            return Format.Text;
        }

        return ranges
            .Where(range => range.Quality is not 0)
            .OrderByDescending(range => range.Quality ?? 1)
            .Select(Of)
            .FirstOrDefault(format => format is not null) ?? Format.Text;
    }

    private static Format? Of(MediaTypeHeaderValue range)
    {
        var version = range.Parameters.FirstOrDefault(parameter => parameter.Name.Equals("version", StringComparison.OrdinalIgnoreCase))?.GetUnescapedValue().Value;
        return range.MediaType.Value?.ToLowerInvariant() switch
        {
            "application/openmetrics-text" when version is null or "1.0.0" or "0.0.1" => Format.OpenMetrics,
            "text/plain" when version is null or "0.0.4" => Format.Text,
            "text/*" or "*/*" => Format.Text,
            _ => null,
        };
    }
}
