namespace Orrery.Gateway;

/// <summary>Why a step said no, in the words that the caller reads. Api turns it into the protocol's error object.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Type">OpenAI's <c>type</c>; one of <see cref="RefusalTypes"/> or what an engine said.</param>
/// <param name="Code">OpenAI's <c>code</c>; stable, listed in docs/gateway.md.</param>
/// <param name="Message">What, where, what was expected, what to do.</param>
/// <param name="Param">The field of the body that is wrong.</param>
/// <param name="RetryAfter">When trying again makes sense; rounded up to whole seconds.</param>
internal sealed record Refusal(int Status, string Type, string? Code, string Message, string? Param = null, TimeSpan? RetryAfter = null)
{
    /// <summary>No refusal: the client has its answer, and nothing further is to be done for it.</summary>
    public static readonly Refusal Answered = new(StatusCodes.Status200OK, "", null, "");

    /// <summary>The HTTP methods that would have been right, for the <c>Allow</c> header of a 405.</summary>
    public string? Allow { get; init; }

    public static Refusal BadField(string param, string message, string code = "invalid_value") =>
        new(StatusCodes.Status400BadRequest, RefusalTypes.InvalidRequest, code, message, param);
}

/// <summary>The <c>type</c> of an error object.</summary>
internal static class RefusalTypes
{
    public const string InvalidRequest = "invalid_request_error";
    public const string Authentication = "authentication_error";
    public const string PermissionDenied = "permission_denied";
    public const string RateLimit = "rate_limit_error";
    public const string Unavailable = "service_unavailable";
    public const string Upstream = "upstream_error";
    public const string Server = "server_error";
}
