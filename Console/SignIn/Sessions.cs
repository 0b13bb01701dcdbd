using Microsoft.Extensions.Options;

namespace Orrery.WebConsole.SignIn;

/// <summary>Finds out who looks: the cookie's session, as long as its key holds.</summary>
internal sealed class Sessions(SessionTokens tokens, AccessKeys keys, IOptions<ConsoleOptions> options)
{
    /// <summary>How often whoever looks on and on is asked for anew.</summary>
    public TimeSpan CheckInterval => options.Value.KeyCheckInterval;

    /// <returns><c>null</c>: nobody who may look.</returns>
    public async Task<Session?> FindAsync(HttpContext http, CancellationToken cancellationToken)
    {
        if (tokens.Read(http.Request.Cookies[SessionMiddleware.Cookie]) is not { } session
            || await keys.IdentifyAsync(session.KeyHash, isSignedIn: true, cancellationToken) is not { Identity: { } identity })
        {
            return null;
        }

        // The role may have changed since; while the Catalogue is away it is what it was.
        return identity.Role.Length > 0 ? session with { Role = identity.Role } : session;
    }
}
