using Orrery.WebConsole.SignIn;

namespace Orrery.WebConsole.Pages;

/// <summary>Dark, light, or what the reader's system prefers; kept in a cookie, since nothing inline could read anything else in time.</summary>
internal static class Themes
{
    private const string Cookie = "orrery-theme";
    private static readonly string[] All = ["auto", "dark", "light"];

    public static string Of(HttpContext? http) => http?.Request.Cookies[Cookie] is { } theme && All.Contains(theme) ? theme : All[0];

    /// <summary>The one that a click leads to.</summary>
    public static string After(string theme) => All[(Array.IndexOf(All, theme) + 1) % All.Length];

    public static void MapThemes(this IEndpointRouteBuilder routes) => routes.MapPost("/theme", async (HttpContext http) =>
    {
        var form = await http.FormAsync();
        var theme = form["theme"].ToString();
        http.Response.Cookies.Append(Cookie, All.Contains(theme) ? theme : All[0], new CookieOptions { SameSite = SameSiteMode.Lax, MaxAge = TimeSpan.FromDays(365), HttpOnly = true });
        return Results.LocalRedirect(SignInApi.LocalPath(form["back"].ToString()));
    }).DisableAntiforgery();
}
