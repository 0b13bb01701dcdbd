using Orrery.Contracts;

namespace Orrery.ServiceDefaults.Egress;

/// <summary>Why a server outside gave no answer that is of use. It holds no credential, and of what the server wrote names and numbers alone.</summary>
/// <param name="Stage">How far it came: <c>connection</c>, or what was asked for then.</param>
/// <param name="Cause">One of <see cref="EgressCauses"/> or <see cref="RemoteCauses"/>.</param>
/// <param name="Message">A sentence without its dot.</param>
/// <param name="RetryAfter">How long the server wants to be left alone, where it says so.</param>
public sealed record RemoteFault(string Stage, string Cause, string Message, string Remedy, TimeSpan? RetryAfter = null)
{
    /// <summary>The stage before anything could be asked.</summary>
    public const string Connection = "connection";

    private static readonly string[] Passing =
    [
        EgressCauses.NameNotFound, EgressCauses.ConnectionRefused, EgressCauses.ConnectTimeout, EgressCauses.Unreachable, EgressCauses.ProxyFailed,
        RemoteCauses.Timeout, RemoteCauses.ConnectionClosed, RemoteCauses.RateLimited, RemoteCauses.ServerError,
    ];

    /// <summary>Whether asking again later may help, without anything being mended.</summary>
    public bool MayPass => Passing.Contains(Cause);

    public static RemoteFault Of(EgressException refusal) => new(Connection, refusal.Cause, refusal.Message, RemedyOf(refusal));

    /// <summary>Those that speak of a provider's settings do not help here.</summary>
    private static string RemedyOf(EgressException refusal) => refusal.Cause switch
    {
        EgressCauses.UnknownIssuer => "Name its authority in Gateway:Egress:CertificateAuthorities. Does the server send its intermediate certificates?",
        EgressCauses.NameMismatch => "Write the host as the certificate names it, or issue one for this name.",
        EgressCauses.UrlInvalid => "Write an absolute URL of a host, without user, password and blanks.",
        _ => refusal.Remedy,
    };
}

/// <summary>What beside <see cref="EgressCauses"/> can be in the way, in a word.</summary>
public static class RemoteCauses
{
    public const string Timeout = "timeout";
    public const string ConnectionClosed = "connection_closed";
    public const string Redirected = "redirected";
    public const string CredentialInvalid = "credential_invalid";
    public const string AccessDenied = "access_denied";
    public const string RateLimited = "rate_limited";
    public const string ServerError = "server_error";
    public const string UnexpectedAnswer = "unexpected_answer";
    public const string NotFound = "not_found";
}

/// <summary>Carries a fault out of the middle of a conversation.</summary>
public sealed class RemoteFailure(RemoteFault fault) : Exception(fault.Message)
{
    public RemoteFault Fault { get; } = fault;
}
