using Orrery.Gateway.Routing;

namespace Orrery.Gateway.Sending;

/// <summary>An engine that sends us elsewhere. Nobody goes there: the credential and the rule for connections are for the provider's own URL.</summary>
internal static class Redirection
{
    /// <summary><c>null</c> unless <paramref name="response"/> is one. Of its target only the host is shown: paths and queries hold credentials.</summary>
    public static SendError? Of(Candidate candidate, HttpResponseMessage response)
    {
        if ((int)response.StatusCode is < 300 or >= 400)
        {
            return null;
        }

        var target = response.Headers.Location is { IsAbsoluteUri: true, IdnHost: { Length: > 0 and <= 253 } host } ? $" to '{host}'" : "";
        return SendError.Of(candidate, SendErrorKind.Redirected, "answered with a redirection" + target) with { Status = (int)response.StatusCode };
    }
}
