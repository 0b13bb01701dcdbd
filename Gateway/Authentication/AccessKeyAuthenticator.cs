using System.Globalization;
using Orrery.Contracts;
using Orrery.Gateway.Storage;

namespace Orrery.Gateway.Authentication;

/// <summary>Header to hash to caller. A disabled or deleted key is not in the snapshot, so it is unknown here.</summary>
internal sealed class AccessKeyAuthenticator(TimeProvider time)
{
    private const string Scheme = "Bearer ";
    private static readonly TimeSpan SnapshotRetryAfter = TimeSpan.FromSeconds(1);

    public Refusal? Authenticate(Exchange exchange)
    {
        var (caller, refusal) = exchange.Run is { } run ? Find(run, exchange.Snapshot) : Authenticate(exchange.Http, exchange.Snapshot);
        if (caller is not null)
        {
            exchange.Caller = caller;
        }

        return refusal;
    }

    public (Caller? Caller, Refusal? Refusal) Authenticate(HttpContext http, Snapshot? snapshot)
    {
        // Whether a key is good is not known without a snapshot, and a client told 401 throws its key away.
        if (snapshot is null)
        {
            return (null, new Refusal(
                StatusCodes.Status503ServiceUnavailable, RefusalTypes.Unavailable, "no_snapshot",
                "This gateway has just started and knows no keys and models yet. Try again in a moment.", RetryAfter: SnapshotRetryAfter));
        }

        var token = Token(http.Request.Headers);
        if (token.IsEmpty)
        {
            var what = http.Request.Headers.Authorization.Count == 0 ? "No access key was sent." : "The header Authorization holds no access key: it does not begin with 'Bearer '.";
            return (null, Unauthorized("missing_api_key", $"{what} Send it as 'Authorization: Bearer ork_...' (or in x-api-key or api-key)."));
        }

        return token.Length > KeyHash.LongestToken || !snapshot.Callers.TryGetValue(ConnectionKey.HashOf(http, token), out var caller)
            ? (null, Unauthorized("invalid_api_key", Unknown(token)))
            : Check(caller);
    }

    /// <summary>Whose a run is, as the key is now.</summary>
    private (Caller? Caller, Refusal? Refusal) Find(Run run, Snapshot? snapshot) =>
        snapshot?.Callers.Find(run.Namespace, run.KeyName) is { } caller
            ? Check(caller)
            : (null, Unauthorized("invalid_api_key", $"The access key '{run.KeyName}', which sent this, is disabled or deleted."));

    private (Caller? Caller, Refusal? Refusal) Check(Caller caller)
    {
        if (caller.Key.ExpiresAt is { } end && end <= time.GetUtcNow())
        {
            return (null, Unauthorized("expired_api_key", string.Create(
                CultureInfo.InvariantCulture, $"The access key '{caller.Key.Name}' expired at {end.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}. Ask for a new one.")));
        }

        return caller.Key.Role is AccessRoles.Viewer or AccessRoles.Publisher
            ? (null, new Refusal(
                StatusCodes.Status403Forbidden, RefusalTypes.PermissionDenied, "role_not_allowed",
                $"The access key '{caller.Key.Name}' has the role '{caller.Key.Role}', which calls no model. Use a key with the role '{AccessRoles.User}'."))
            : (caller, null);
    }

    private static ReadOnlySpan<char> Token(IHeaderDictionary headers)
    {
        var authorization = headers.Authorization;
        if (authorization.Count > 0 && authorization[0] is { } value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return value.AsSpan(Scheme.Length).Trim();
        }

        return headers.TryGetValue("x-api-key", out var key) || headers.TryGetValue("api-key", out key) ? key.ToString().AsSpan().Trim() : [];
    }

    private static string Unknown(ReadOnlySpan<char> token) => token.StartsWith(AccessToken.Prefix, StringComparison.Ordinal)
        ? $"The access key '{AccessToken.ShownPrefix(token.ToString())}...' is unknown, disabled or deleted."
        : $"The access key is unknown, disabled or deleted. Keys that the catalogue makes begin with '{AccessToken.Prefix}'; a first key that was declared may not.";

    private static Refusal Unauthorized(string code, string message) =>
        new(StatusCodes.Status401Unauthorized, RefusalTypes.Authentication, code, message);
}
