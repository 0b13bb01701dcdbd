using System.Net.Sockets;
using Orrery.Contracts;
using Orrery.Gateway.Routing;
using Orrery.ServiceDefaults.Egress;

namespace Orrery.Gateway.Sending;

/// <summary>Turns what the connection threw into an error that says stage and culprit.</summary>
internal static class AttemptFailure
{
    /// <summary>Whether <paramref name="failure"/> is the network's or a clock's doing; anything else is a bug.</summary>
    public static bool IsExpected(Exception failure) => failure is OperationCanceledException or HttpRequestException or IOException;

    /// <param name="isAnswering">The answer's head had come.</param>
    public static SendError Of(Candidate candidate, Exception failure, IdleTimeout timeout, bool isAnswering)
    {
        if (timeout.ClientLeft)
        {
            return SendError.Of(candidate, SendErrorKind.ClientLeft, "was asked by a client that left");
        }

        return failure is OperationCanceledException
            ? Cancelled(candidate, timeout, isAnswering)
            : Broken(candidate, failure, isAnswering);
    }

    private static SendError Cancelled(Candidate candidate, IdleTimeout timeout, bool isAnswering) =>
        // Neither the client nor our clock: the handler's own limit, which is the connection's.
        !timeout.HasExpired ? SendError.Of(candidate, SendErrorKind.ConnectTimeout, "cannot be reached: no connection in time")
        : timeout.HasReachedEnd ? SendError.Of(candidate, SendErrorKind.TotalTimeout, "took longer than the whole request may take")
        : isAnswering ? SendError.Of(candidate, SendErrorKind.Stalled, "stopped in the middle of its answer for too long")
        : SendError.Of(candidate, SendErrorKind.NoAnswerInTime, "sent no answer in time");

    /// <remarks>The exceptions' own messages name the URL; only the reason is passed on.</remarks>
    private static SendError Broken(Candidate candidate, Exception failure, bool isAnswering)
    {
        if (isAnswering)
        {
            return SendError.Of(candidate, SendErrorKind.Cut, "broke off its answer");
        }

        return failure is HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
        } http
            ? SendError.Of(candidate, SendErrorKind.ConnectFailed, $"cannot be reached: {ReasonOf(http)}") with
            {
                MayBeStarting = candidate.Provider.Spec.Provider == "self_hosted" && http.InnerException is EgressException { Cause: EgressCauses.ConnectionRefused },
            }
            : SendError.Of(candidate, SendErrorKind.Cut, "closed the connection without an answer");
    }

    public static string ReasonOf(HttpRequestException failure) => (failure.HttpRequestError, failure.InnerException) switch
    {
        (_, EgressException egress) => egress.Shown,
        (_, SocketException { SocketErrorCode: SocketError.ConnectionRefused }) => "connection refused",
        (HttpRequestError.NameResolutionError, _) => "its host name is unknown",
        (HttpRequestError.SecureConnectionError, _) => "no TLS connection could be agreed on",
        (_, SocketException socket) => $"{socket.SocketErrorCode}",
        _ => "the connection failed",
    };
}
