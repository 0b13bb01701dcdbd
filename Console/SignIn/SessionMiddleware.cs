namespace Orrery.WebConsole.SignIn;

/// <summary>Lets those who are signed in see the pages; leads everybody else to where one signs in.</summary>
internal sealed class SessionMiddleware(RequestDelegate next, SessionTokens tokens, AccessKeys keys)
{
    public const string Cookie = "orrery-console";

    public async Task InvokeAsync(HttpContext http)
    {
        if (IsOpen(http.Request.Path))
        {
            await next(http);
            return;
        }

        if (tokens.Read(http.Request.Cookies[Cookie]) is { } session
            && await keys.IdentifyAsync(session.KeyHash, isSignedIn: true, http.RequestAborted) is { Identity: { } identity })
        {
            // The role may have changed since; while the Catalogue is away it is what it was.
            http.Set(identity.Role.Length > 0 ? session with { Role = identity.Role } : session);
            await next(http);
            return;
        }

        http.Response.Cookies.Delete(Cookie);
        if (HttpMethods.IsGet(http.Request.Method) && http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal))
        {
            http.Response.Redirect($"/sign-in?next={Uri.EscapeDataString(http.Request.Path + http.Request.QueryString)}");
            return;
        }

        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        await http.Response.WriteAsync("Sign in at /sign-in with an access key of a viewer or an administrator.", http.RequestAborted);
    }

    private static bool IsOpen(PathString path) =>
        path.StartsWithSegments("/sign-in") || path.StartsWithSegments("/assets") || path.StartsWithSegments("/health");
}
