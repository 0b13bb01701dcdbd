namespace Orrery.WebConsole.SignIn;

/// <summary>Who looks at the Console: an access key, and since when.</summary>
/// <param name="Namespace">The key's namespace.</param>
/// <param name="Name">The key's name.</param>
/// <param name="Role"><c>administrator</c>, or <c>viewer</c> or <c>publisher</c>, who look.</param>
/// <param name="KeyHash">The token's SHA-256, by which it is asked again whether the key still holds.</param>
/// <param name="ExpiresAt">When one has to sign in again.</param>
internal sealed record Session(string Namespace, string Name, string Role, string KeyHash, DateTimeOffset ExpiresAt)
{
    /// <summary>Whether one may start, stop and change, not only look.</summary>
    public bool MayChange => Role == Contracts.AccessRoles.Administrator;
}

internal static class SessionExtensions
{
    private const string Item = "orrery.console.session";

    /// <summary>Who looks, on every page but the one to sign in on.</summary>
    public static Session Session(this HttpContext http) => http.FindSession() ?? throw new InvalidOperationException("Nobody is signed in here.");

    public static Session? FindSession(this HttpContext http) => http.Items[Item] as Session;

    public static void Set(this HttpContext http, Session session) => http.Items[Item] = session;
}
