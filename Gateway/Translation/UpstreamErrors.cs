using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Orrery.Contracts;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation;

/// <summary>
/// Reads the errors that engines answer with: OpenAI's <c>{"error":{…}}</c>, vLLM's <c>{"object":"error",…}</c>,
/// Google's <c>[{"error":{…}}]</c>, <c>{"error":"…"}</c>, FastAPI's <c>{"detail":…}</c>, and text. Off the hot path, so a DOM is fine.
/// </summary>
internal static class UpstreamErrors
{
    private const int LongestMessage = 500;

    /// <summary>RFC 8470.</summary>
    private const int TooEarly = 425;

    /// <summary>No registered status, but what Anthropic and some proxies say when they have too much to do.</summary>
    private const int Overloaded = 529;

    /// <summary>What an answer without a reason is taken to say.</summary>
    private const string NoReason = "gave no reason";

    /// <summary>What servers say that do not know a path; one that does not know a model says which.</summary>
    private static readonly FrozenSet<string> NoSuchPath = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, NoReason, "Not Found", "404 Not Found", "404 page not found", "404: Not Found");

    /// <param name="status">The answer's status; 200 when the error came inside an answer, then the body's own code decides.</param>
    public static SendError Read(Candidate candidate, int status, ReadOnlySpan<byte> body, TimeSpan? retryAfter)
    {
        var said = Parse(body, candidate.Provider.Access);
        var effective = status == StatusCodes.Status200OK ? said.Status ?? StatusCodes.Status502BadGateway : status;
        var kind = KindOf(effective);
        var isTooLong = kind == SendErrorKind.RequestRefused && ContextOverflow.Is(said.Code, said.Message);
        return new SendError(isTooLong ? SendErrorKind.TooLongHere : kind, candidate.Provider.Name, said.Message ?? NoReason)
        {
            Status = effective,
            Type = said.Type,
            Code = isTooLong ? ContextOverflow.Code : said.Code,
            Param = said.Param,
            RetryAfter = retryAfter,
        };
    }

    /// <summary>Names provider and path where the server's own words say no more than that something is not there.</summary>
    public static SendError WithPath(SendError error, Candidate candidate, Uri? asked) =>
        error is { Status: StatusCodes.Status404NotFound, Code: null } && asked is not null && NoSuchPath.Contains(error.Detail.TrimEnd('.'))
            ? error with
            {
                Detail = $"The server of the provider '{error.Provider}' (engine {candidate.Provider.Spec.Engine}) has no {candidate.Provider.Access.Mask(asked.AbsolutePath)}: it answers 404. "
                    + "Use a model of a provider whose server has it.",
                Code = "unsupported_operation",
            }
            : error;

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

    private static Said Parse(ReadOnlySpan<byte> body, ProviderAccess access)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0 && root[0].ValueKind == JsonValueKind.Object)
            {
                root = root[0]; // Google's, of which there is always one.
            }

            if (root.ValueKind != JsonValueKind.Object)
            {
                return root.ValueKind is JsonValueKind.String or JsonValueKind.Array ? new Said(Shorten(access.Mask(Words(root)))) : FromText(body, access);
            }

            return root.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object ? FromObject(error, access)
                : error.ValueKind == JsonValueKind.String ? new Said(Shorten(access.Mask(Words(error))))
                : root.TryGetProperty("detail", out var detail) ? new Said(Shorten(access.Mask(Words(detail))))
                : FromObject(root, access);
        }
        catch (Exception error) when (AnswerScan.IsBadJson(error))
        {
            return FromText(body, access);
        }
    }

    /// <remarks>Text may begin as JSON does: <c>404 page not found</c>.</remarks>
    private static Said FromText(ReadOnlySpan<byte> body, ProviderAccess access)
    {
        var text = Encoding.UTF8.GetString(body).Trim();
        return new Said(text.Length == 0 || text.StartsWith('<') ? null : Shorten(access.Mask(text)));
    }

    private static Said FromObject(JsonElement error, ProviderAccess access)
    {
        var code = error.TryGetProperty("code", out var value) ? value : default;
        int? status = code.ValueKind switch
        {
            JsonValueKind.Number when code.TryGetInt32(out var number) => number,
            JsonValueKind.String when int.TryParse(Words(code), NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
            _ => null,
        };
        return new Said(
            Shorten(access.Mask(Text(error, "message"))),
            access.Mask(Text(error, "type")),
            code.ValueKind == JsonValueKind.String && status is null ? access.Mask(Words(code)) : null, // Azure's "429" says nothing more than the status.
            access.Mask(Text(error, "param")),
            status is >= 400 and < 600 ? status : null);
    }

    /// <remarks>Written anew, so that nothing of ours hides from its mask behind another spelling.</remarks>
    private static string? Words(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String)
        {
            return Text(element);
        }

        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Api.OpenAiErrors.Readable))
        {
            element.WriteTo(json);
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>A string's text; <c>null</c> where it holds half a character. As it is written it could hide a secret from its mask.</summary>
    internal static string? Text(JsonElement text)
    {
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement element, string property) =>
        element.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? Text(value) : null;

    private static string? Shorten(string? text) => text?.Cut(LongestMessage, "...");

    private sealed record Said(string? Message, string? Type = null, string? Code = null, string? Param = null, int? Status = null);
}
