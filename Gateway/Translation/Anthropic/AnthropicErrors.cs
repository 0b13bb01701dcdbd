using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Anthropic;

/// <summary>Anthropic's <c>{"type":"error","error":{"type","message"}}</c>: inside a stream the type alone tells the status.</summary>
internal static class AnthropicErrors
{
    private const int Overloaded = 529;

    /// <param name="status">The answer's status; 200 when the error came inside an answer.</param>
    public static SendError Read(Candidate candidate, int status, ReadOnlySpan<byte> body, TimeSpan? retryAfter)
    {
        var error = UpstreamErrors.Read(candidate, status, body, retryAfter);
        var effective = status == StatusCodes.Status200OK ? StatusOf(error.Type) : status;
        return error with
        {
            Kind = KindOf(effective, error.Kind),
            Status = effective,
            Type = null,
            Code = error.Kind == SendErrorKind.TooLongHere ? error.Code : error.Type is "invalid_request_error" or "error" ? null : error.Type,
        };
    }

    private static int StatusOf(string? type) => type switch
    {
        "invalid_request_error" => StatusCodes.Status400BadRequest,
        "authentication_error" => StatusCodes.Status401Unauthorized,
        "billing_error" => StatusCodes.Status402PaymentRequired,
        "permission_error" => StatusCodes.Status403Forbidden,
        "not_found_error" => StatusCodes.Status404NotFound,
        "request_too_large" => StatusCodes.Status413PayloadTooLarge,
        "rate_limit_error" => StatusCodes.Status429TooManyRequests,
        "timeout_error" => StatusCodes.Status504GatewayTimeout,
        "overloaded_error" => Overloaded,
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <remarks>An unpaid bill is the operator's trouble, as a bad key is, and not the caller's.</remarks>
    private static SendErrorKind KindOf(int status, SendErrorKind otherwise) => status switch
    {
        StatusCodes.Status401Unauthorized or StatusCodes.Status402PaymentRequired or StatusCodes.Status403Forbidden => SendErrorKind.CredentialRefused,
        >= 400 when otherwise != SendErrorKind.TooLongHere => UpstreamErrors.KindOf(status),
        _ => otherwise,
    };
}
