using System.Buffers;

namespace Orrery.Contracts;

/// <summary>Which headers an operator may add to the requests to a provider.</summary>
public static class RequestHeaders
{
    /// <summary>In all, plain and secret.</summary>
    public const int Most = 32;

    private const int LongestName = 128;
    private const int LongestValue = 4096;

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>They say how this connection carries this message, so only who sends it can know them.</summary>
    private static readonly HashSet<string> OfTheConnection = new(StringComparer.OrdinalIgnoreCase)
    {
        "Accept-Encoding", "Connection", "Expect", "Host", "HTTP2-Settings", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade",
    };

    private static readonly HashSet<string> OfTheGateway = new(StringComparer.OrdinalIgnoreCase) { OrreryHeaders.RequestId, "traceparent", "tracestate", "baggage" };

    /// <summary>What they hold is a credential, whoever the server is.</summary>
    private static readonly HashSet<string> Credentials = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization", "Cookie", "api-key", "apikey", "Ocp-Apim-Subscription-Key", "x-api-key", "x-auth-token", "x-goog-api-key",
    };

    /// <returns>What is expected instead; <c>null</c> where a header of this name may be added.</returns>
    public static string? CheckName(string? name)
    {
        if (name is not { Length: > 0 and <= LongestName } || name.AsSpan().ContainsAnyExcept(NameCharacters))
        {
            return $"a header's name of at most {LongestName} letters, digits and '-'";
        }

        if (OfTheConnection.Contains(name) || name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase))
        {
            return $"another header; '{name}' says how the message travels";
        }

        return OfTheGateway.Contains(name) || name.StartsWith("X-Orrery-", StringComparison.OrdinalIgnoreCase) ? $"another header; '{name}' is the gateway's" : null;
    }

    /// <returns>What is expected instead; <c>null</c> where a header may hold <paramref name="value"/>.</returns>
    public static string? CheckValue(string? value) =>
        value is not { Length: > 0 and <= LongestValue } || value.Any(c => c is (< ' ' and not '\t') or > '~') || value[0] is ' ' or '\t' || value[^1] is ' ' or '\t'
            ? $"1 to {LongestValue} visible ASCII characters, with blanks between them only"
            : null;

    /// <summary>Whether what a header of this name holds is a credential and belongs into a Secret.</summary>
    public static bool IsCredential(string name) => Credentials.Contains(name);
}
