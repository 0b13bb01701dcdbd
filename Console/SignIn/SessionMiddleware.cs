namespace Orrery.WebConsole.SignIn;

/// <summary>Lets those who are signed in see the pages; leads everybody else to where one signs in.</summary>
internal sealed class SessionMiddleware(RequestDelegate next, Sessions sessions)
{
    public const string Cookie = "orrery-console";

    public async Task InvokeAsync(HttpContext http)
    {
        if (IsOpen(http.Request.Path))
        {
            await next(http);
            return;
        }

        if (await sessions.FindAsync(http, http.RequestAborted) is { } session)
        {
            http.Set(session);
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
