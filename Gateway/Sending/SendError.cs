using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Sending;

/// <summary>At which stage an attempt ended, and who ended it.</summary>
internal enum SendErrorKind
{
    ClientLeft,
    ConnectFailed,
    ConnectTimeout,
    NoAnswerInTime,
    Stalled,
    TotalTimeout,
    Throttled,
    Unavailable,
    ServerError,
    RequestRefused,

    /// <summary>This engine does not take the request, now or at all, and another may: it has no such model, is in a conflict, or waited too long for the body.</summary>
    RefusedHere,

    /// <summary>The request is longer than what this model takes here; one that takes more may answer it.</summary>
    TooLongHere,

    /// <summary>The request says something that this engine's protocol has no words for; nothing was sent.</summary>
    Untranslatable,
    CredentialRefused,
    Redirected,
    Malformed,
    Cut,
    TooLong,

    /// <summary>Our own limit for the provider: it was not asked.</summary>
    Limited,
}

/// <summary>Whom an error speaks against, for passive health.</summary>
internal enum Blame
{
    /// <summary>The caller, its quota or its configuration: the endpoint is as good as before.</summary>
    Nobody,

    /// <summary>The server, perhaps: one such error may be the request's own doing.</summary>
    Server,

    /// <summary>The endpoint: nothing listens there.</summary>
    Endpoint,
}

/// <summary>Why an attempt gave no whole answer. A value: health, retry, log level, HTTP status and usage outcome all derive from it.</summary>
/// <param name="Detail">What happened, as the end of a sentence about the provider; or the engine's own message. Holds no credential and no URL.</param>
internal sealed record SendError(SendErrorKind Kind, string Provider, string Detail)
{
    /// <summary>When a server that may be starting is worth another question.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    /// <summary>The engine's status, where it answered.</summary>
    public int Status { get; init; }

    /// <summary>The engine's own <c>type</c>, <c>code</c> and <c>param</c>.</summary>
    public string? Type { get; init; }

    public string? Code { get; init; }

    public string? Param { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Nothing listens where a server of ours belongs: it may still be loading its weights.</summary>
    public bool MayBeStarting { get; init; }

    /// <summary>The limit of ours that refused it.</summary>
    public Quota.Limit? Limit { get; init; }

    /// <summary>Nothing was sent, so it is no attempt.</summary>
    public bool IsUnasked => Kind is SendErrorKind.Limited or SendErrorKind.Untranslatable;

    public Blame Blame => Kind switch
    {
        SendErrorKind.ConnectFailed or SendErrorKind.ConnectTimeout => Blame.Endpoint,
        SendErrorKind.NoAnswerInTime or SendErrorKind.Stalled or SendErrorKind.Unavailable or SendErrorKind.ServerError
            or SendErrorKind.Redirected or SendErrorKind.Malformed or SendErrorKind.Cut => Blame.Server,
        _ => Blame.Nobody,
    };

    /// <summary>Another endpoint may do better, as long as the client has seen nothing yet.</summary>
    public bool MayTryAnother => Kind is not (SendErrorKind.ClientLeft or SendErrorKind.TotalTimeout or SendErrorKind.RequestRefused or SendErrorKind.TooLong);

    public static SendError Of(Candidate candidate, SendErrorKind kind, string detail) => new(kind, candidate.Provider.Name, detail);

    public Refusal ToRefusal() => Kind switch
    {
        SendErrorKind.ConnectFailed when MayBeStarting => new Refusal(
            StatusCodes.Status503ServiceUnavailable, RefusalTypes.Unavailable, "upstream_unreachable",
            $"The provider '{Provider}' {Detail}. Its server is down, or still starting.", RetryAfter: AskAgain),
        SendErrorKind.ConnectFailed or SendErrorKind.ConnectTimeout => Bad(StatusCodes.Status502BadGateway, "upstream_unreachable"),
        SendErrorKind.NoAnswerInTime or SendErrorKind.Stalled or SendErrorKind.TotalTimeout => Bad(StatusCodes.Status504GatewayTimeout, "upstream_timeout"),
        SendErrorKind.CredentialRefused => new Refusal(
            StatusCodes.Status502BadGateway, RefusalTypes.Upstream, "upstream_credential_refused",
            $"The provider '{Provider}' refused our credential ({Status}). Your access key is fine; an operator must renew the provider's."),
        SendErrorKind.Throttled => new Refusal(
            StatusCodes.Status429TooManyRequests, RefusalTypes.RateLimit, Code ?? "rate_limit_exceeded",
            $"The provider '{Provider}' takes no more requests now: {Detail}", Param, RetryAfter),
        SendErrorKind.Unavailable => new Refusal(
            StatusCodes.Status503ServiceUnavailable, RefusalTypes.Unavailable, "upstream_unavailable",
            $"The provider '{Provider}' is not available: {Detail}", RetryAfter: RetryAfter ?? TimeSpan.FromSeconds(1)),
        SendErrorKind.RequestRefused or SendErrorKind.RefusedHere or SendErrorKind.TooLongHere or SendErrorKind.Untranslatable => new Refusal(Status, Type ?? RefusalTypes.InvalidRequest, Code, Detail, Param),
        SendErrorKind.Limited => new Refusal(Status, Type ?? RefusalTypes.RateLimit, Code, Detail, RetryAfter: RetryAfter),
        SendErrorKind.ServerError => new Refusal(
            StatusCodes.Status502BadGateway, RefusalTypes.Upstream, "upstream_error", $"The provider '{Provider}' failed ({Status}): {Detail}"),
        SendErrorKind.Redirected => new Refusal(
            StatusCodes.Status502BadGateway, RefusalTypes.Upstream, "upstream_error", $"The provider '{Provider}' {Detail} ({Status}), which is not followed."),
        _ => Bad(StatusCodes.Status502BadGateway, "upstream_error"),
    };

    private Refusal Bad(int status, string code) => new(status, RefusalTypes.Upstream, code, $"The provider '{Provider}' {Detail}.");
}
