using System.Globalization;
using System.Text;
using System.Text.Json;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation;

/// <summary>
/// Reads the errors that engines answer with: OpenAI's <c>{"error":{…}}</c>, vLLM's <c>{"object":"error",…}</c>,
/// <c>{"error":"…"}</c>, FastAPI's <c>{"detail":…}</c>, and text. Off the hot path, so a DOM is fine.
/// </summary>
internal static class UpstreamErrors
{
    private const int LongestMessage = 500;

    /// <summary>RFC 8470.</summary>
    private const int TooEarly = 425;

    /// <summary>No registered status, but what Anthropic and some proxies say when they have too much to do.</summary>
    private const int Overloaded = 529;

    /// <param name="status">The answer's status; 200 when the error came inside an answer, then the body's own code decides.</param>
    public static SendError Read(Candidate candidate, int status, ReadOnlySpan<byte> body, TimeSpan? retryAfter)
    {
        var said = Parse(body);
        var effective = status == StatusCodes.Status200OK ? said.Status ?? StatusCodes.Status502BadGateway : status;
        return new SendError(KindOf(effective), candidate.Provider.Name, said.Message ?? "gave no reason")
        {
            Status = effective,
            Type = said.Type,
            Code = said.Code,
            Param = said.Param,
            RetryAfter = retryAfter,
        };
    }

    /// <summary>What a status means for the next attempt; docs/retries.md lists them.</summary>
    internal static SendErrorKind KindOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => SendErrorKind.CredentialRefused,
        StatusCodes.Status429TooManyRequests => SendErrorKind.Throttled,
        StatusCodes.Status503ServiceUnavailable or Overloaded => SendErrorKind.Unavailable,
        StatusCodes.Status404NotFound or StatusCodes.Status408RequestTimeout or StatusCodes.Status409Conflict or TooEarly => SendErrorKind.RefusedHere,
        >= 300 and < 400 => SendErrorKind.Redirected,
        >= 400 and < 500 => SendErrorKind.RequestRefused,
        _ => SendErrorKind.ServerError,
    };

    private static Said Parse(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return new Said(Shorten(root.ToString()));
            }

            return root.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object ? FromObject(error)
                : error.ValueKind == JsonValueKind.String ? new Said(Shorten(error.GetString()))
                : root.TryGetProperty("detail", out var detail) ? new Said(Shorten(detail.ToString()))
                : FromObject(root);
        }
        catch (JsonException)
        {
            var text = Encoding.UTF8.GetString(body).Trim();
            return new Said(text.Length == 0 || text.StartsWith('<') ? null : Shorten(text));
        }
    }

    private static Said FromObject(JsonElement error)
    {
        var code = error.TryGetProperty("code", out var value) ? value : default;
        int? status = code.ValueKind switch
        {
            JsonValueKind.Number when code.TryGetInt32(out var number) => number,
            JsonValueKind.String when int.TryParse(code.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
            _ => null,
        };
        return new Said(
            Shorten(Text(error, "message")),
            Text(error, "type"),
            code.ValueKind == JsonValueKind.String ? code.GetString() : null,
            Text(error, "param"),
            status is >= 400 and < 600 ? status : null);
    }

    private static string? Text(JsonElement element, string property) =>
        element.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string? Shorten(string? text) => text is { Length: > LongestMessage } ? string.Concat(text.AsSpan(0, LongestMessage), "...") : text;

    private sealed record Said(string? Message, string? Type = null, string? Code = null, string? Param = null, int? Status = null);
}
