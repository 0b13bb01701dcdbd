using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Orrery.ServiceDefaults.Registries;

/// <summary>What a registry's 401 asks for (<c>WWW-Authenticate</c>).</summary>
/// <param name="Realm">Where a token is to be had; <c>null</c>: user and password are wanted as they are (Basic).</param>
internal sealed partial record RegistryChallenge(string? Realm, string? Service, string? Scope)
{
    /// <summary>A token before user and password; <c>null</c> where neither is asked for.</summary>
    public static RegistryChallenge? Of(HttpHeaderValueCollection<AuthenticationHeaderValue> challenges)
    {
        if (challenges.FirstOrDefault(challenge => Is(challenge, "Bearer")) is { Parameter: { } parameter })
        {
            var values = Parameters.Matches(parameter).DistinctBy(match => match.Groups["name"].Value, StringComparer.OrdinalIgnoreCase)
                .ToDictionary(match => match.Groups["name"].Value, match => match.Groups["value"].Value, StringComparer.OrdinalIgnoreCase);
            if (values.TryGetValue("realm", out var realm))
            {
                return new RegistryChallenge(realm, values.GetValueOrDefault("service"), values.GetValueOrDefault("scope"));
            }
        }

        return challenges.Any(challenge => Is(challenge, "Basic")) ? new RegistryChallenge(null, null, null) : null;
    }

    /// <summary>The token server's address with the question: distribution's token specification.</summary>
    /// <param name="scopes">What the token has to be good for; the challenge's own are among them.</param>
    public Uri? Question(IReadOnlyList<string> scopes)
    {
        if (!Uri.TryCreate(Realm, UriKind.Absolute, out var realm))
        {
            return null;
        }

        string[] parts = [realm.Query.TrimStart('?'), Service is null ? "" : "service=" + Uri.EscapeDataString(Service), .. scopes.Select(scope => "scope=" + Uri.EscapeDataString(scope))];
        return new UriBuilder(realm) { Query = string.Join('&', parts.Where(part => part.Length > 0)) }.Uri;
    }

    private static bool Is(AuthenticationHeaderValue challenge, string scheme) => challenge.Scheme.Equals(scheme, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex("""(?<name>[A-Za-z_]{1,32})\s*=\s*(?:"(?<value>[^"\\]{0,2048})"|(?<value>[^\s,"]{1,2048}))""")]
    private static partial Regex Parameters { get; }
}
