using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Orrery.Contracts;

namespace Orrery.WebConsole.SignIn;

/// <summary>Signing in with an access key, and out. The page is <c>Pages/SignInPage.razor</c>.</summary>
internal static class SignInApi
{
    public static void MapSignInApi(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/sign-in", SignInAsync).DisableAntiforgery();
        routes.MapPost("/sign-out", SignOut).DisableAntiforgery();
    }

    private static async Task<IResult> SignInAsync(
        HttpContext http, AccessKeys keys, SessionTokens tokens, IOptions<ConsoleOptions> options, TimeProvider time, CancellationToken cancellationToken)
    {
        var form = await http.FormAsync();
        var (token, next) = (form["key"].ToString().Trim(), form["next"].ToString());
        if (token.Length is 0 or > 256)
        {
            return Refused(http, next, "Give an access key: ork_ and 40 letters and digits.");
        }

        var hash = AccessToken.Hash(token);
        var (identity, reason) = await keys.IdentifyAsync(hash, isSignedIn: false, cancellationToken);
        if (identity is null)
        {
            return Refused(http, next, reason!);
        }

        var session = new Session(identity.Namespace, identity.Name, identity.Role, hash, time.GetUtcNow() + options.Value.SessionLifetime);
        http.Response.Cookies.Append(SessionMiddleware.Cookie, tokens.Write(session), new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            Secure = http.Request.IsHttps,
            Expires = session.ExpiresAt,
            IsEssential = true,
        });
        return TypedResults.LocalRedirect(LocalPath(next));
    }

    private static RedirectHttpResult SignOut(HttpContext http)
    {
        http.Response.Cookies.Delete(SessionMiddleware.Cookie);
        return TypedResults.LocalRedirect("/sign-in");
    }

    private static RazorComponentResult<Pages.SignInPage> Refused(HttpContext http, string next, string reason)
    {
        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return new(new { Reason = reason, Next = next });
    }

    /// <summary>A path of ours: nobody is led elsewhere by a crafted address. Only what a header may carry.</summary>
    public static string LocalPath(string path) => path.StartsWith('/') && path is not ['/', '/' or '\\', ..] && path.All(character => character is > ' ' and <= '~') ? path : "/";

    /// <summary>The form that was sent; an empty one where what was sent is none, or too much.</summary>
    public static async Task<IFormCollection> FormAsync(this HttpContext http)
    {
        try
        {
            return http.Request.HasFormContentType ? await http.Request.ReadFormAsync(http.RequestAborted) : FormCollection.Empty;
        }
        catch (Exception error) when (error is InvalidDataException or BadHttpRequestException)
        {
            return FormCollection.Empty;
        }
    }
}
